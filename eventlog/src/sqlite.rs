//! The engine of the embedded default: one SQLite file, appended by one writer with grouped commits.

use crate::LogError;
use std::path::Path;

/// How the file is used.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Records in one transaction at most.
    pub group: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { group: 512 }
    }
}

/// The log in a file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteLog {}

impl SqliteLog {
    /// Opens or creates the file for reading and appending.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, LogError> {
        let _ = (path, options);
        Err(LogError::Unavailable("unfinished".to_owned()))
    }

    /// Opens an existing file for reading only, beside a running service.
    pub async fn open_read_only(path: &Path) -> Result<Self, LogError> {
        let _ = path;
        Err(LogError::Unavailable("unfinished".to_owned()))
    }
}
