//! Test support for all packages: names, given / when / then, generated histories.
//!
//! Behind the feature `testing`; nothing here is used by the service.

#![expect(clippy::missing_panics_doc, reason = "a failing test panics, everywhere in here")]

mod generate;
mod names;
pub mod soak;
mod spec;

pub use generate::{Generator, History, Step, histories, history};
pub use names::*;
pub use spec::{Asking, Given, When, asking, given};
