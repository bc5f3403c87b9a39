//! Does the write side keep its promises, on every engine?

mod erasure;
mod idempotency;
mod items;
mod jetstream;
mod links;
mod start;
mod sweeping;
mod tokens;
mod world;
