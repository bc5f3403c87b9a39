//! Rows of the vault: what an event points at. Inserted under a fresh id before the event is
//! appended, never changed, removed when nothing has referred to them for a while.

use super::{Entry, Vault, VaultError, records::unreadable};
use domain::{id::VaultId, time::Time};
use serde::{Deserialize, Serialize};

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
    const ALL: [Self; 4] = [Self::Profile, Self::Password, Self::Token, Self::Link];

    /// As it stands in keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Password => "password",
            Self::Token => "token",
            Self::Link => "link",
        }
    }

    fn prefix(self) -> String {
        format!("{ROWS}{}/", self.name())
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: VaultId,
    /// What it is.
    pub kind: RowKind,
    /// The stream whose events point at it, e.g. `account/a-17`.
    pub stream: String,
    /// The key owner that it is forgotten with, when it has one.
    pub key_owner: Option<String>,
    /// Digests by which it is found.
    pub lookups: Vec<Vec<u8>>,
    /// The contents.
    pub body: Vec<u8>,
    /// When it was written.
    pub written_at: Time,
}

const ROWS: &str = "row/";
/// Since when rows are not referred to; a key as the row's behind it.
const UNREFERENCED: &str = "unreferenced/";
/// How far the round over all rows has come.
const ROUND: &str = "round";

fn name(kind: RowKind, id: VaultId) -> String {
    format!("{}{}", kind.prefix(), id.0)
}

fn unreferenced_name(row: &Row) -> String {
    format!("{UNREFERENCED}{}", name(row.kind, row.id))
}

/// Time, stream and contents, the first of fixed length, the second ended by a line feed.
fn encode(row: &Row) -> Vec<u8> {
    let written_at = row.written_at.as_micros().to_be_bytes();
    [&written_at, row.stream.as_bytes(), b"\n", &row.body].concat()
}

fn decode(entry: Entry) -> Result<Row, VaultError> {
    let Entry { key, key_owner, lookups, value, .. } = entry;
    let failed = unreadable(&key);
    let name = key.strip_prefix(ROWS).and_then(|name| name.split_once('/'));
    let (kind, id) = name.ok_or_else(|| failed.clone())?;
    let kind = RowKind::ALL.into_iter().find(|known| known.name() == kind);
    let id = id.parse().ok().map(VaultId);
    let parts = value.as_deref().and_then(|value| {
        let (written_at, rest) = value.split_first_chunk::<8>()?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (stream, body) = (rest.get(..end)?, rest.get(end + 1..)?);
        let written_at = Time::from_micros(i64::from_be_bytes(*written_at)).ok()?;
        Some((written_at, String::from_utf8(stream.to_vec()).ok()?, body.to_vec()))
    });
    let (Some(kind), Some(id), Some((written_at, stream, body))) = (kind, id, parts) else {
        return Err(failed);
    };
    Ok(Row { id, kind, stream, key_owner, lookups, body, written_at })
}

/// A round over all rows; nodes share it.
#[derive(Debug, Serialize, Deserialize)]
struct CleanupRound {
    began_at: Time,
    /// The last key that was looked at; `None` = it is done.
    after: Option<String>,
}

impl dyn Vault + '_ {
    /// Adds a row; an existing row of this kind and id is an error.
    pub async fn add_row(&self, row: Row) -> Result<(), VaultError> {
        let value = Some(encode(&row));
        let (key, mut lookups) = (name(row.kind, row.id), row.lookups);
        lookups.sort();
        let entry = Entry { key, version: 0, key_owner: row.key_owner, lookups, value };
        if self.put(entry).await? {
            return Ok(());
        }
        Err(VaultError("a row with this id exists".to_owned()))
    }

    /// A row by kind and id.
    pub async fn row(&self, kind: RowKind, id: VaultId) -> Result<Option<Row>, VaultError> {
        self.get(&name(kind, id)).await?.map(decode).transpose()
    }

    /// Rows of a kind by digest, the oldest first.
    pub async fn find_rows(&self, kind: RowKind, digest: &[u8]) -> Result<Vec<Row>, VaultError> {
        let found = self.find(&kind.prefix(), digest).await?.into_iter();
        let mut rows = found.map(decode).collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| (row.written_at, row.id));
        Ok(rows)
    }

    /// Rows of a kind after an id, in the order of ids.
    pub async fn list_rows(
        &self,
        kind: RowKind,
        after: Option<VaultId>,
        limit: u32,
    ) -> Result<Vec<Row>, VaultError> {
        let after = after.map(|id| name(kind, id));
        let entries = self.list(&kind.prefix(), after.as_deref(), limit).await?;
        entries.into_iter().map(decode).collect()
    }

    /// Removes a row.
    pub async fn remove_row(&self, row: &Row) -> Result<(), VaultError> {
        self.remove(&name(row.kind, row.id)).await?;
        self.remove(&unreferenced_name(row)).await
    }

    /// The next rows of a round over all that were written before an instant. A round begins when
    /// the last one began before that instant; in between there are none. Of several nodes one
    /// gets them.
    pub async fn rows_to_check(
        &self,
        before: Time,
        now: Time,
        limit: u32,
    ) -> Result<Vec<Row>, VaultError> {
        let known = self.get(ROUND).await?;
        let version = known.as_ref().map_or(0, |entry| entry.version);
        let round = known.map(Entry::into_value).transpose()?;
        let round = round.map(|value| serde_json::from_slice::<CleanupRound>(&value)).transpose();
        let round = round.map_err(|_| unreadable(ROUND))?;
        let CleanupRound { began_at, after } = match round {
            Some(round) if round.after.is_some() => round,
            Some(round) if round.began_at > before => return Ok(Vec::new()),
            Some(_) | None => CleanupRound { began_at: now, after: None },
        };
        let entries = self.list(ROWS, after.as_deref(), limit).await?;
        let full = entries.len() == limit as usize;
        let after = entries.last().filter(|_| full).map(|entry| entry.key.clone());
        let value = serde_json::to_vec(&CleanupRound { began_at, after });
        let value = Some(value.map_err(|_| unreadable(ROUND))?);
        if !self.put(Entry { version, value, ..Entry::new(ROUND, Vec::new()) }).await? {
            return Ok(Vec::new());
        }
        let rows = entries.into_iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().filter(|row| row.written_at < before).collect())
    }

    /// Since when a row is not referred to, as was recorded.
    pub async fn unreferenced_since(&self, row: &Row) -> Result<Option<Time>, VaultError> {
        let name = unreferenced_name(row);
        let Some(entry) = self.get(&name).await? else { return Ok(None) };
        let value = entry.into_value()?;
        serde_json::from_slice(&value).map(Some).map_err(|_| unreadable(&name))
    }

    /// Records since when a row is not referred to; `None` = it is referred to.
    pub async fn set_unreferenced(&self, row: &Row, since: Option<Time>) -> Result<(), VaultError> {
        let name = unreferenced_name(row);
        let Some(since) = since else { return self.remove(&name).await };
        let value = serde_json::to_vec(&since).map_err(|_| unreadable(&name))?;
        let key_owner = row.key_owner.clone();
        // Where another node was faster, its instant stays.
        self.put(Entry { key_owner, ..Entry::new(name, value) }).await.map(drop)
    }
}
