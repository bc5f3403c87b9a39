//! Authentication, and the caller classes and scopes of routes. Decided before any handler.

mod authenticate;
mod credentials;

pub(crate) use authenticate::authenticate;
