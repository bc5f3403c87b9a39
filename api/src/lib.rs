//! HTTP, pages and command line of Sharelog: everything that faces people and programs.

pub mod auth;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod extract;
pub mod health;
pub mod metrics;
pub mod pages;
pub mod problem;
pub mod settings;
pub mod shutdown;
pub mod state;
pub mod telemetry;
pub mod terminal;
pub mod wiring;

pub use state::{AppParts, AppState, Limits};
