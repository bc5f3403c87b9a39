//! Authentication, and the caller classes of each route. Decided before any handler.

mod credentials;
mod gate;
mod table;

pub(crate) use gate::{admit, enter};
pub(crate) use table::place;
pub use table::{ROUTES, Route, Who, find};
