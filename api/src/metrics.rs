//! What does this node count, as Prometheus reads it?
