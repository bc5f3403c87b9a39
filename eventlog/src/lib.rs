//! The event log: what a record looks like, and how records are appended, read and followed.
//!
//! The port is [`EventLog`]; engines live in modules of their own and nothing outside them names a
//! driver. Writers append through [`append()`], which resolves every doubt by reading.

pub mod activity;
mod append;
mod backoff;
mod chain_verifier;
pub mod clock_skew;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod consumer;
mod decorator;
pub mod envelope;
pub mod fault_injection;
mod in_process_follower;
pub mod jetstream;
pub mod log;
pub mod memory;
mod shared_tail;
pub mod sqlite;
pub mod sqlite_file;

pub use activity::{Activity, ActivityEntry, ActivityKind};
pub use append::{AppendFailed, append};
pub use backoff::Backoff;
pub use decorator::Decorator;
pub use envelope::*;
pub use log::*;
pub use shared_tail::SharedTailLog;
