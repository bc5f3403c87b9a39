//! The lock of the data folder: one process may write.

use super::at;
use crate::exit::{Exit, Failure};
use std::{
    fs::{self, File, TryLockError},
    io::{Seek as _, Write as _},
    path::Path,
};

/// The data folder, locked; released when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    file: File,
}

impl DataLock {
    /// Records the address of the service that holds the folder, for messages of other processes.
    /// Failures are ignored.
    pub fn record_holder(&mut self, address: &str) {
        let text = format!("process {}, {address}\n", std::process::id());
        let written = self
            .file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(text.as_bytes()));
        if let Err(error) = written {
            tracing::debug!(%error, "cannot write to the lock file");
        }
    }
}

/// Takes the folder; refused when another process holds it.
pub(super) fn take(data: &Path) -> Result<DataLock, Failure> {
    let path = data.join("lock");
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| at(&path, "cannot open", &error))?;
    match file.try_lock() {
        Ok(()) => {
            let mut lock = DataLock { file };
            lock.record_holder("a command");
            Ok(lock)
        }
        Err(TryLockError::WouldBlock) => Err(in_use(data, &path)),
        Err(TryLockError::Error(error)) => Err(at(&path, "cannot lock", &error)),
    }
}

fn in_use(data: &Path, path: &Path) -> Failure {
    let holder = fs::read_to_string(path).unwrap_or_default();
    let holder = match holder.trim() {
        "" => "another process".to_owned(),
        known => known.to_owned(),
    };
    let hint = match holder.split_once(", ") {
        Some((_, address)) if address.starts_with("http") => {
            format!("; ask it with --url {address}, or stop it first")
        }
        _ => "; wait for it, stop it, or choose another folder with --data".to_owned(),
    };
    let message = format!("the data folder {} is in use by {holder}{hint}", data.display());
    Failure::new(Exit::Locked, message)
}
