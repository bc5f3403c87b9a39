//! Authentication, and the caller classes of each route. Decided before any handler.

mod authorize;
mod credentials;
mod routes;

pub(crate) use authorize::{authenticate, authorize};
pub(crate) use routes::place;
pub use routes::{ROUTES, Route, RouteAccess, find};
