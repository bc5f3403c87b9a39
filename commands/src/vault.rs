//! The vault: private, erasable, backed-up storage for what must not be in the log.
//!
//! The port is [`Vault`]; engines store opaque rows and know nothing of keys or formats. What is in
//! the rows is sealed above it, in `vault::key_ring`. RECIPE for another engine: implement [`Vault`],
//! then add a module to `commands/tests/vault` that calls every function of the suite. Differences
//! between engines are bugs.

mod crypto;
pub(crate) mod key_ring;
pub mod memory;
pub mod postgres;
pub mod sqlite;
mod text_decryptor;

pub use crypto::ServerKey;
pub use text_decryptor::VaultTextDecryptor;

use async_trait::async_trait;
use domain::{id::VaultId, position::Position, time::Time};
use std::fmt;
use uuid::Uuid;

/// The vault did not answer, or answered what cannot be. Never holds contents.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the vault does not answer: {0}")]
pub struct VaultError(pub String);

/// A data key: seals the private texts that were written for one key owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyRow {
    /// Its id; stands in every sealed text.
    pub id: Uuid,
    /// For whom: `account/a-17`, or `system`.
    pub key_owner: String,
    /// The key, wrapped by the server key; `None` = destroyed, for ever.
    pub wrapped: Option<Vec<u8>>,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKind {
    /// Name and addresses of a person.
    Profile,
    /// Digest of a link's password.
    Password,
    /// Digest of an access token.
    Token,
    /// Which item a link belongs to. Its id is the link's.
    Link,
}

impl RowKind {
    /// As it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Password => "password",
            Self::Token => "token",
            Self::Link => "link",
        }
    }

    /// From the stored name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Profile, Self::Password, Self::Token, Self::Link]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// What stands behind every name that begins so.
fn beyond(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

/// A row that an event points at. Inserted under a fresh id before the event is appended, never
/// changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: VaultId,
    /// What it is.
    pub kind: RowKind,
    /// The stream whose events point at it, e.g. `account/a-17`.
    pub stream: String,
    /// The account it is forgotten with, when it has one.
    pub key_owner: Option<String>,
    /// Digests by which it is found.
    pub lookups: Vec<Vec<u8>>,
    /// The contents.
    pub body: Vec<u8>,
    /// When it was written.
    pub written_at: Time,
    /// Since when no state refers to it; `None` = it is referred to, or was never looked at.
    pub unreferenced_since: Option<Time>,
}

/// A small row that changes, unlike those that events point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its name.
    pub name: String,
    /// Raised by one with every change, from 1 on.
    pub version: u64,
    /// The contents.
    pub body: Vec<u8>,
}

/// Private storage. Everything that cannot be found fails closed.
#[async_trait]
pub trait Vault: Send + Sync + fmt::Debug {
    /// The data key of a key owner, or its tombstone; `None` = it never had one.
    async fn data_key_of(&self, key_owner: &str) -> Result<Option<DataKeyRow>, VaultError>;
    /// A data key by id.
    async fn data_key(&self, id: Uuid) -> Result<Option<DataKeyRow>, VaultError>;
    /// Adds the key owner's data key unless it has one; answers the one that it has then.
    async fn add_data_key(&self, row: DataKeyRow) -> Result<DataKeyRow, VaultError>;
    /// Destroys the key owner's data key (a tombstone stays, also when it never had one) and removes
    /// its rows. Doing it again changes nothing.
    async fn forget(&self, key_owner: &str) -> Result<(), VaultError>;

    /// Adds a row; an existing row of this id is an error.
    async fn put(&self, row: Row) -> Result<(), VaultError>;
    /// A row by id.
    async fn get(&self, id: VaultId) -> Result<Option<Row>, VaultError>;
    /// Rows of a kind by digest, oldest first.
    async fn find(&self, kind: RowKind, lookup: &[u8]) -> Result<Vec<Row>, VaultError>;
    /// Rows of a kind after an id, in the order of ids; for lists.
    async fn list(
        &self,
        kind: RowKind,
        after: Option<VaultId>,
        limit: u32,
    ) -> Result<Vec<Row>, VaultError>;
    /// Rows last looked at (never looked at: written) before an instant, the longest ago first.
    async fn unchecked(&self, before: Time, limit: u32) -> Result<Vec<Row>, VaultError>;
    /// Notes that a row was looked at, and since when nothing refers to it.
    async fn mark(
        &self,
        id: VaultId,
        checked_at: Time,
        unreferenced_since: Option<Time>,
    ) -> Result<(), VaultError>;
    /// Removes a row.
    async fn remove(&self, id: VaultId) -> Result<(), VaultError>;

    /// The wrapped secret keys of a purpose with their numbers, ascending.
    async fn secret_keys(&self, purpose: &str) -> Result<Vec<(u8, Vec<u8>)>, VaultError>;
    /// Adds a wrapped secret key unless the number is taken; answers the one that has it then.
    async fn add_secret_key(
        &self,
        purpose: &str,
        number: u8,
        wrapped: Vec<u8>,
    ) -> Result<Vec<u8>, VaultError>;

    /// Notes a code as used until an instant, and forgets those whose instant has passed at `now`;
    /// false = it was used before.
    async fn use_code(&self, digest: &[u8], until: Time, now: Time) -> Result<bool, VaultError>;

    /// How far a follower inside the vault has come; 0 = it has not begun.
    async fn checkpoint(&self, follower: &str) -> Result<Position, VaultError>;
    /// Advances a follower; never back.
    async fn advance(&self, follower: &str, position: Position) -> Result<(), VaultError>;

    /// A note by name.
    async fn note(&self, name: &str) -> Result<Option<Note>, VaultError>;
    /// Notes whose names begin so, after a name, in the order of names.
    async fn notes(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Note>, VaultError>;
    /// Writes a note if it is still at this version (0 = it is not there); false = it is not.
    async fn put_note(&self, name: &str, known: u64, body: Vec<u8>) -> Result<bool, VaultError>;
    /// Removes the notes whose names begin so.
    async fn drop_notes(&self, prefix: &str) -> Result<(), VaultError>;
}
