//! HTTP, pages and command line of Sharelog: everything that faces people and programs.

pub mod auth;
pub mod extract;
pub mod problem;
pub mod state;

pub use state::{AppParts, AppState, Limits};
