//! What the service user of `deploy/` may and may not do.
