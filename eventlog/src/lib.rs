//! The event log: what a record looks like, and how records are appended, read and followed.
//!
//! The port is [`EventLog`]; engines live in modules of their own and nothing outside them names a driver.

pub mod envelope;
pub mod log;

pub use envelope::*;
pub use log::*;
