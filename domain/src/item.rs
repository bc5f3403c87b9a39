//! The item aggregate: what may happen to an item and its sharing, and what follows from it.
//!
//! Stream `item/{kind}/{id}`. See `decide` for the order of the checks.

mod access_diff;
mod access_facts;
mod aggregate;
mod command;
mod decide;
mod evolve;
mod link_status;
mod state;

pub use access_diff::*;
pub use command::*;
pub use decide::limits;
pub use link_status::*;
pub use state::*;
