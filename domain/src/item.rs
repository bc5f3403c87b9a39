//! The item aggregate: what may happen to an item and its sharing, and what follows from it.
//!
//! Stream `item/{kind}/{id}`. [`decide`] and [`evolve`] are pure; see `decide` for the rules.

mod access_diff;
mod command;
mod decide;
mod evolve;
mod link_status;
mod state;

pub use access_diff::*;
pub use command::*;
pub use decide::*;
pub use evolve::*;
pub use link_status::*;
pub use state::*;
