//! The rules of sharing, pure: no I/O, no clock, no randomness, no async.
//!
//! [`Aggregate`](aggregate::Aggregate) is the contract of every aggregate: `decide` and `evolve`;
//! beside it the one definition of [`permissions`](access::permissions), and the catalogue of
//! stored event names. Everything that can change between two runs (time, ids, secrets,
//! permissions of the actor) is passed in.

pub mod access;
pub mod account;
pub mod actor;
pub mod aggregate;
#[cfg(feature = "docs")]
pub mod docs;
pub mod event;
pub mod event_ids;
pub mod field;
pub mod id;
pub mod item;
pub mod kind;
pub mod lifecycle;
pub mod link_use;
pub mod position;
pub mod principal;
pub mod private_text;
pub mod rejection;
pub mod role;
pub mod stream;
pub mod system;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod token;
pub mod webhook;
