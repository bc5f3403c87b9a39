//! Test support for all packages: names, given / when / then, generated histories.
//!
//! Behind the feature `testing`; nothing here is used by the service.

#![expect(clippy::missing_panics_doc, reason = "a failing test panics, everywhere in here")]

use crate::{aggregate::Aggregate, event::Recorded};

mod generate;
mod names;
pub mod soak;
mod spec;
mod strategies;

pub use generate::{Generator, History, Step, histories, history};
pub use names::*;
pub use spec::{Asking, Given, When, asking, given};
pub use strategies::{accounts, items, streams};

/// Applies an event of a history to a state.
///
/// # Panics
///
/// When it is an event of another aggregate.
#[track_caller]
#[expect(clippy::expect_used, reason = "a test that fails")]
pub fn replay<A: Aggregate>(state: &mut A, recorded: &Recorded) {
    state.replay(recorded.clone()).expect("an event of this aggregate");
}
