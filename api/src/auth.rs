//! Who calls, and may that caller use this route at all? Decided before any handler.

mod credentials;
mod gate;
mod table;

pub(crate) use gate::{admit, enter};
pub(crate) use table::place;
pub use table::{ROUTES, Route, Who, find};
