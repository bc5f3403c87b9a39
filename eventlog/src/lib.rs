//! The event log: what a record looks like, and how records are appended, read and followed.
//!
//! The port is [`EventLog`]; engines live in modules of their own and nothing outside them names a
//! driver. Writers append through [`append()`], which resolves every doubt by reading.

pub mod activity;
mod append;
mod chain;
#[cfg(feature = "conformance")]
pub mod conformance;
mod decorator;
pub mod envelope;
pub mod faulty;
pub mod jetstream;
mod local;
pub mod log;
pub mod memory;
mod once;
pub mod skew;
pub mod sqlite;

pub use activity::{Activity, ActivityEntry, ActivityFilter, ActivityKind, ActivityRow};
pub use append::{AppendFailed, append};
pub use decorator::Decorator;
pub use envelope::*;
pub use log::*;
pub use once::ReadOnce;
