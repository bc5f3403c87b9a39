//! The vault engine that keeps everything in memory: for tests, and the model of what an engine
//! does.

use super::{DataKeyRow, Note, Row, RowKind, Vault, VaultError};
use async_trait::async_trait;
use domain::{id::VaultId, position::Position, time::Time};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A vault in memory.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    keys: BTreeMap<Uuid, DataKeyRow>,
    rows: BTreeMap<VaultId, (Row, Option<Time>)>,
    secrets: BTreeMap<(String, u8), Vec<u8>>,
    codes: BTreeMap<Vec<u8>, Time>,
    checkpoints: BTreeMap<String, Position>,
    notes: BTreeMap<String, Note>,
}

impl Contents {
    fn key_of(&self, key_owner: &str) -> Option<&DataKeyRow> {
        self.keys.values().find(|row| row.key_owner == key_owner)
    }
}

fn taken() -> VaultError {
    VaultError("a row with this id exists".to_owned())
}

#[async_trait]
impl Vault for MemoryVault {
    async fn data_key_of(&self, key_owner: &str) -> Result<Option<DataKeyRow>, VaultError> {
        Ok(self.0.lock().key_of(key_owner).cloned())
    }

    async fn data_key(&self, id: Uuid) -> Result<Option<DataKeyRow>, VaultError> {
        Ok(self.0.lock().keys.get(&id).cloned())
    }

    async fn add_data_key(&self, row: DataKeyRow) -> Result<DataKeyRow, VaultError> {
        let mut contents = self.0.lock();
        if let Some(there) = contents.key_of(&row.key_owner) {
            return Ok(there.clone());
        }
        contents.keys.insert(row.id, row.clone());
        Ok(row)
    }

    async fn forget(&self, key_owner: &str) -> Result<(), VaultError> {
        let mut contents = self.0.lock();
        contents.rows.retain(|_, (row, _)| row.key_owner.as_deref() != Some(key_owner));
        if contents.key_of(key_owner).is_none() {
            let id = crate::random::id();
            let row = DataKeyRow { id, key_owner: key_owner.to_owned(), wrapped: None };
            contents.keys.insert(id, row);
        }
        for row in contents.keys.values_mut().filter(|row| row.key_owner == key_owner) {
            row.wrapped = None;
        }
        Ok(())
    }

    async fn put(&self, row: Row) -> Result<(), VaultError> {
        let mut contents = self.0.lock();
        if contents.rows.contains_key(&row.id) {
            return Err(taken());
        }
        contents.rows.insert(row.id, (row, None));
        Ok(())
    }

    async fn get(&self, id: VaultId) -> Result<Option<Row>, VaultError> {
        Ok(self.0.lock().rows.get(&id).map(|(row, _)| row.clone()))
    }

    async fn find(&self, kind: RowKind, lookup: &[u8]) -> Result<Vec<Row>, VaultError> {
        let contents = self.0.lock();
        let rows = contents.rows.values().map(|(row, _)| row);
        let mut found: Vec<Row> = rows
            .filter(|row| row.kind == kind && row.lookups.iter().any(|l| l == lookup))
            .cloned()
            .collect();
        found.sort_by_key(|row| (row.written_at, row.id));
        Ok(found)
    }

    async fn list(
        &self,
        kind: RowKind,
        after: Option<VaultId>,
        limit: u32,
    ) -> Result<Vec<Row>, VaultError> {
        let contents = self.0.lock();
        let rows = contents.rows.values().map(|(row, _)| row);
        Ok(rows
            .filter(|row| row.kind == kind && after.is_none_or(|after| row.id > after))
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn unchecked(&self, before: Time, limit: u32) -> Result<Vec<Row>, VaultError> {
        let contents = self.0.lock();
        let mut found: Vec<(Time, &Row)> = contents
            .rows
            .values()
            .map(|(row, checked)| (checked.unwrap_or(row.written_at), row))
            .filter(|(looked_at, _)| *looked_at < before)
            .collect();
        found.sort_by_key(|(looked_at, _)| *looked_at);
        Ok(found.into_iter().take(limit as usize).map(|(_, row)| row.clone()).collect())
    }

    async fn mark(
        &self,
        id: VaultId,
        checked_at: Time,
        unreferenced_since: Option<Time>,
    ) -> Result<(), VaultError> {
        if let Some((row, checked)) = self.0.lock().rows.get_mut(&id) {
            *checked = Some(checked_at);
            row.unreferenced_since = unreferenced_since;
        }
        Ok(())
    }

    async fn remove(&self, id: VaultId) -> Result<(), VaultError> {
        self.0.lock().rows.remove(&id);
        Ok(())
    }

    async fn secret_keys(&self, purpose: &str) -> Result<Vec<(u8, Vec<u8>)>, VaultError> {
        let contents = self.0.lock();
        let of_purpose = contents.secrets.iter().filter(|((p, _), _)| p == purpose);
        Ok(of_purpose.map(|((_, number), wrapped)| (*number, wrapped.clone())).collect())
    }

    async fn add_secret_key(
        &self,
        purpose: &str,
        number: u8,
        wrapped: Vec<u8>,
    ) -> Result<Vec<u8>, VaultError> {
        let mut contents = self.0.lock();
        Ok(contents.secrets.entry((purpose.to_owned(), number)).or_insert(wrapped).clone())
    }

    async fn use_code(&self, digest: &[u8], until: Time, now: Time) -> Result<bool, VaultError> {
        let mut contents = self.0.lock();
        contents.codes.retain(|_, until| *until > now);
        Ok(contents.codes.insert(digest.to_vec(), until).is_none())
    }

    async fn checkpoint(&self, follower: &str) -> Result<Position, VaultError> {
        Ok(self.0.lock().checkpoints.get(follower).copied().unwrap_or_default())
    }

    async fn advance(&self, follower: &str, position: Position) -> Result<(), VaultError> {
        let mut contents = self.0.lock();
        let at = contents.checkpoints.entry(follower.to_owned()).or_default();
        *at = (*at).max(position);
        Ok(())
    }

    async fn note(&self, name: &str) -> Result<Option<Note>, VaultError> {
        Ok(self.0.lock().notes.get(name).cloned())
    }

    async fn notes(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Note>, VaultError> {
        let contents = self.0.lock();
        let named = contents.notes.values().filter(|note| note.name.starts_with(prefix));
        let behind = named.filter(|note| after.is_none_or(|after| note.name.as_str() > after));
        Ok(behind.take(limit as usize).cloned().collect())
    }

    async fn put_note(&self, name: &str, known: u64, body: Vec<u8>) -> Result<bool, VaultError> {
        let mut contents = self.0.lock();
        if contents.notes.get(name).map_or(0, |note| note.version) != known {
            return Ok(false);
        }
        let note = Note { name: name.to_owned(), version: known + 1, body };
        contents.notes.insert(name.to_owned(), note);
        Ok(true)
    }

    async fn drop_notes(&self, prefix: &str) -> Result<(), VaultError> {
        self.0.lock().notes.retain(|name, _| !name.starts_with(prefix));
        Ok(())
    }
}
