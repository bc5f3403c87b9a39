//! The item aggregate: what may happen to an item and its sharing, and what follows from it.
//!
//! Stream `item/{kind}/{id}`. [`decide`] and [`evolve`] are pure; see `decide` for the rules.

mod command;
mod decide;
mod effect;
mod evolve;
mod link_status;
mod state;

pub use command::*;
pub use decide::*;
pub use effect::*;
pub use evolve::*;
pub use link_status::*;
pub use state::*;
