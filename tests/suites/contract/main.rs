//! The service keeps what API.md and README.md promise, seen from outside.

mod documents;
mod problems;
mod routes;
