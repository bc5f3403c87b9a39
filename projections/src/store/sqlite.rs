//! Read models in a SQLite file.

use super::{Database, Store, StoreError};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// How the file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By the service: one writer, a pool of readers; creates or migrates the tables.
    ReadWrite,
    /// By a reading command line beside it; fails when the file is missing.
    ReadOnly,
}

#[derive(Debug)]
struct SqliteStore {
    _path: PathBuf,
    _access: Access,
}

impl Store for SqliteStore {}

/// Opens the file, e.g. `data/views.db`.
pub async fn open(path: &Path, access: Access) -> Result<Database, StoreError> {
    Ok(Arc::new(SqliteStore { _path: path.to_owned(), _access: access }))
}
