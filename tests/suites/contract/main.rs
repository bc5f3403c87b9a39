//! Does the service keep what API.md and README.md promise, seen from outside?

mod documents;
mod problems;
mod routes;
