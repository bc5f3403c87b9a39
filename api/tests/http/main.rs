//! The HTTP side in one process: a router over a log and a vault in memory and read models in a
//! file.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says so")]

mod access;
mod answers;
mod bodies;
mod conventions;
mod document;
mod effective_access;
mod failures;
mod filters;
mod flows;
mod freshness;
mod plain;
mod previews;
mod problems;
mod rig;
mod rights;
mod routes;
mod world;
