//! The vault: versioned keys and values that must not stand on the log. Private, erasable, backed
//! up.
//!
//! The port is [`Vault`]; engines store opaque entries and know nothing of keys or formats. What
//! the entries mean is written once above them: data keys, secret keys, codes and checkpoints in
//! `vault::records`, rows that events point at in `vault::rows`. What is in them is sealed in
//! `vault::key_ring`. RECIPE for another engine: implement [`Vault`], then add a module to
//! `commands/tests/vault` that calls every function of the suite. Differences between engines are
//! bugs.

mod crypto;
pub(crate) mod key_ring;
pub mod memory;
pub mod postgres;
mod records;
mod rows;
pub mod sqlite;
mod text_decryptor;

pub use crypto::ServerKey;
pub use records::DataKeyRow;
pub use rows::{Row, RowKind};
pub use text_decryptor::VaultTextDecryptor;

use async_trait::async_trait;
use std::fmt;

/// The vault did not answer, or answered what cannot be. Never holds contents.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the vault does not answer: {0}")]
pub struct VaultError(pub String);

impl VaultError {
    /// A schema from before the vault had entries is refused: nothing of it is read.
    fn foreign_schema() -> Self {
        Self(
            "it has the tables of an earlier format (data_keys), which this release does not read; \
             begin with an empty vault, or use the release that wrote it"
                .to_owned(),
        )
    }
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key; `/` divides its levels.
    pub key: String,
    /// Raised by one with every change, from 1 on; 0 = not stored.
    pub version: u64,
    /// The key owner that it is forgotten with, e.g. `account/a-17`.
    pub key_owner: Option<String>,
    /// Digests by which it is found, ascending.
    pub lookups: Vec<Vec<u8>>,
    /// The value; `None` = a tombstone: destroyed permanently.
    pub value: Option<Vec<u8>>,
}

impl Entry {
    /// One that is not stored yet, has no owner, and is found by its key only.
    pub fn new(key: impl Into<String>, value: Vec<u8>) -> Self {
        let (key_owner, lookups) = (None, Vec::new());
        Self { key: key.into(), version: 0, key_owner, lookups, value: Some(value) }
    }

    /// The value; a tombstone has none, and where none can be, it is an error.
    pub(crate) fn into_value(self) -> Result<Vec<u8>, VaultError> {
        self.value.ok_or_else(|| VaultError(format!("unexpected tombstone at {}", self.key)))
    }
}

/// What sorts behind every key that begins so.
fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

/// Private storage. Everything that cannot be found fails closed.
#[async_trait]
pub trait Vault: Send + Sync + fmt::Debug {
    /// An entry by key.
    async fn get(&self, key: &str) -> Result<Option<Entry>, VaultError>;

    /// Stores an entry if the one that is stored has still the version that it names (0: if none
    /// is), with the next version. `false` = it has not, or is a tombstone, and nothing changed.
    async fn put(&self, entry: Entry) -> Result<bool, VaultError>;

    /// Entries whose keys begin so, after a key, in the order of keys (bytes).
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Entry>, VaultError>;

    /// Entries with a digest among their look-ups whose keys begin so, in the order of keys.
    async fn find(&self, prefix: &str, digest: &[u8]) -> Result<Vec<Entry>, VaultError>;

    /// Removes an entry and all below it (`key/…`). Tombstones stay.
    async fn remove(&self, key: &str) -> Result<(), VaultError>;

    /// Removes all entries of a key owner, in one step, and leaves a tombstone at a key, which
    /// keeps the look-ups of the entry there. Doing it again changes nothing. Afterwards nothing
    /// of the values is left in the engine's files.
    async fn forget(&self, key_owner: &str, tombstone: &str) -> Result<(), VaultError>;
}
