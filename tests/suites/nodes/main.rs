//! Two nodes on one NATS and one PostgreSQL lose nothing and double nothing.

mod production;
