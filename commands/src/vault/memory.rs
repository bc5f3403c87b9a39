//! The vault engine that keeps everything in memory: for tests, and the model of what an engine
//! does.

use super::{Entry, Vault, VaultError};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// A vault in memory.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<BTreeMap<String, Entry>>);

#[async_trait]
impl Vault for MemoryVault {
    async fn get(&self, key: &str) -> Result<Option<Entry>, VaultError> {
        Ok(self.0.lock().get(key).cloned())
    }

    async fn put(&self, mut entry: Entry) -> Result<bool, VaultError> {
        let mut entries = self.0.lock();
        let stored = entries.get(&entry.key);
        let destroyed = stored.is_some_and(|stored| stored.value.is_none());
        if destroyed || stored.map_or(0, |stored| stored.version) != entry.version {
            return Ok(false);
        }
        entry.version += 1;
        entries.insert(entry.key.clone(), entry);
        Ok(true)
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Entry>, VaultError> {
        let entries = self.0.lock();
        let named = entries.values().filter(|entry| entry.key.starts_with(prefix));
        let behind = named.filter(|entry| after.is_none_or(|after| entry.key.as_str() > after));
        Ok(behind.take(limit as usize).cloned().collect())
    }

    async fn find(&self, prefix: &str, digest: &[u8]) -> Result<Vec<Entry>, VaultError> {
        let entries = self.0.lock();
        let named = entries.values().filter(|entry| entry.key.starts_with(prefix));
        Ok(named.filter(|entry| entry.lookups.iter().any(|l| l == digest)).cloned().collect())
    }

    async fn remove(&self, key: &str) -> Result<(), VaultError> {
        let below = format!("{key}/");
        let named = |entry: &Entry| entry.key == key || entry.key.starts_with(&below);
        self.0.lock().retain(|_, entry| entry.value.is_none() || !named(entry));
        Ok(())
    }

    async fn forget(&self, key_owner: &str, tombstone: &str) -> Result<(), VaultError> {
        let mut entries = self.0.lock();
        entries
            .retain(|key, entry| key == tombstone || entry.key_owner.as_deref() != Some(key_owner));
        let entry = entries.entry(tombstone.to_owned()).or_insert_with(|| Entry {
            key_owner: Some(key_owner.to_owned()),
            ..Entry::new(tombstone, Vec::new())
        });
        if entry.value.take().is_some() {
            entry.version += 1;
        }
        Ok(())
    }
}
