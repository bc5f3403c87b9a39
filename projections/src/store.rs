//! Where do the tables live? The one port of both engines.

pub mod postgres;
pub mod sqlite;

use std::{fmt, sync::Arc};

/// Why the database did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or broke off; worth another try.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// It answers, but will refuse the same again.
    #[error("the database refuses: {0}")]
    Refused(String),
}

/// A database that holds read models.
pub trait Store: Send + Sync + fmt::Debug {}

/// The database chosen at start: [`postgres::open`] or [`sqlite::open`].
pub type Database = Arc<dyn Store>;
