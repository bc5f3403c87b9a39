//! The vault engine of the embedded default: one SQLite file with a writer thread.

use super::VaultError;
use std::path::Path;

/// The vault in a file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteVault {}

impl SqliteVault {
    /// Opens or creates the file.
    pub async fn open(path: &Path) -> Result<Self, VaultError> {
        let _ = path;
        Err(VaultError("not yet".to_owned()))
    }
}
