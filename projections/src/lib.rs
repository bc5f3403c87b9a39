//! The read side: records become tables, and the tables answer questions.
//!
//! A [`projection::Projection`] is a pure function from an event to row changes; [`runner::Runner`]
//! alone applies them; [`Views`] answers questions. Engines live in `store` and nothing outside
//! them names a driver. How to add a projection: `projections/README.md`.

pub mod access;
pub mod audit;
pub mod catalog;
pub mod cursor;
pub mod feed;
pub mod fold;
pub mod generations;
pub mod index;
pub mod projection;
pub mod runner;
pub mod store;
pub mod table;
pub mod tokenizer;
pub mod value;
pub mod views;

pub use cursor::{CursorKey, CursorMismatch, CursorScope};
pub use generations::{
    Build, BuildState, Comparison, Difference, Generations, Purpose, RequestError, TableRows,
};
pub use index::{AccessIndex, IndexError, IndexOptions, Snapshot};
pub use runner::{Runner, RunnerOptions};
pub use store::{Database, StoreError};
pub use table::RowState;
pub use views::*;

use eventlog::SharedLog;
use std::sync::Arc;

/// The questions, answered from a database. The log is asked for its head only (lag in
/// [`Views::statuses`]); `None` = the lag is not known, as for a command line beside a running
/// service.
pub fn views(database: Database, log: Option<SharedLog>) -> Arc<dyn Views> {
    Arc::new(sql::SqlViews::new(database, log))
}

/// The list of projections: runner, stores, statuses and the conformance suite iterate it.
pub const PROJECTIONS: &[&dyn projection::Projection] =
    &[&access::Access, &catalog::Catalog, &audit::Audit];
