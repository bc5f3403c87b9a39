//! Who calls, and may that caller use this route at all? Decided before any handler.

mod credentials;
mod gate;
mod table;

pub(crate) use gate::admit;
pub use gate::gate;
pub use table::{ROUTES, Route, Who, find};
