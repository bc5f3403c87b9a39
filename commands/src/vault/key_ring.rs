//! The key ring: unwraps, caches and creates data keys; seals and opens texts with them.
//!
//! INVARIANT (erasure): a destroyed key is used here for at most [`KEY_TTL_SECONDS`] on nodes that
//! did not destroy it, and not at all on the one that did. What was sealed with it in that time
//! cannot be opened.

use super::{DataKeyRow, ServerKey, Vault, VaultError, crypto};
use crate::random;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    id::CommitId,
    private_text::{PrivateField, Sealed},
    stream::StreamName,
};
use moka::future::Cache;
use std::{
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How long an unwrapped key is used without asking the vault again, in seconds.
pub(crate) const KEY_TTL_SECONDS: u64 = 5;

/// How many unwrapped keys are kept in memory.
const MAX_CACHED_KEYS: u64 = 20_000;

/// A data key, unwrapped.
pub(crate) struct DataKey {
    id: Uuid,
    key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

impl DataKey {
    /// A key that nothing keeps; what it seals has the right size and cannot be opened. For dry
    /// runs.
    pub(crate) fn throwaway() -> Self {
        Self { id: random::id(), key: Zeroizing::new(random::bytes()) }
    }

    /// Seals one text for its place.
    pub(crate) fn seal(
        &self,
        stream: &StreamName,
        commit: CommitId,
        field: &str,
        text: &str,
    ) -> Option<Sealed> {
        let additional = crypto::additional(stream, commit, field);
        let sealed = crypto::seal_bytes(&self.key, text.as_bytes(), additional.as_bytes())?;
        Some(Sealed {
            key: self.id,
            commit,
            field: field.to_owned(),
            text: BASE64_URL_SAFE_NO_PAD.encode(sealed),
        })
    }

    fn open(&self, stream: &StreamName, sealed: &Sealed) -> Option<String> {
        let additional = crypto::additional(stream, sealed.commit, &sealed.field);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&sealed.text).ok()?;
        let plain = crypto::open_bytes(&self.key, &bytes, additional.as_bytes())?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// Seals bytes that stay in the vault.
    pub(crate) fn seal_row(&self, place: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let mut out = self.id.as_bytes().to_vec();
        out.extend(crypto::seal_bytes(&self.key, plain, place.as_bytes())?);
        Some(out)
    }
}

/// Keys of a vault.
pub(crate) struct KeyRing {
    vault: Arc<dyn Vault>,
    server_key: ServerKey,
    by_owner: Cache<String, Option<Arc<DataKey>>>,
    by_id: Cache<Uuid, Option<Arc<DataKey>>>,
    /// How often all keys were wiped; one that was read before is not kept after.
    era: AtomicU64,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("vault", &self.vault).finish_non_exhaustive()
    }
}

fn place(id: Uuid) -> String {
    format!("data key {id}")
}

fn cache<K: Eq + Hash + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder()
        .max_capacity(MAX_CACHED_KEYS)
        .time_to_live(Duration::from_secs(KEY_TTL_SECONDS))
        .build()
}

impl KeyRing {
    pub(crate) fn new(vault: Arc<dyn Vault>, server_key: ServerKey) -> Self {
        let era = AtomicU64::new(0);
        Self { vault, server_key, by_owner: cache(), by_id: cache(), era }
    }

    /// The key that seals for a key owner, made when there is none; `None` = the owner is erased.
    pub(crate) async fn sealing_key(
        &self,
        key_owner: &str,
    ) -> Result<Option<Arc<DataKey>>, VaultError> {
        if let Some(key) = self.by_owner.get(key_owner).await {
            return Ok(key);
        }
        let era = self.era.load(Ordering::SeqCst);
        let row = match self.vault.data_key_of(key_owner).await? {
            Some(row) => row,
            None => self.make_key(key_owner).await?,
        };
        let key = self.unwrap(&row)?;
        self.keep(&self.by_owner, key_owner.to_owned(), key.clone(), era).await;
        Ok(key)
    }

    async fn make_key(&self, key_owner: &str) -> Result<DataKeyRow, VaultError> {
        let id = random::id();
        let key = Zeroizing::new(random::bytes::<32>());
        let wrapped = self.server_key.wrap(key.as_slice(), &place(id));
        if wrapped.is_none() {
            return Err(VaultError("a data key cannot be wrapped".to_owned()));
        }
        self.vault.add_data_key(DataKeyRow { id, key_owner: key_owner.to_owned(), wrapped }).await
    }

    fn unwrap(&self, row: &DataKeyRow) -> Result<Option<Arc<DataKey>>, VaultError> {
        let Some(wrapped) = &row.wrapped else { return Ok(None) };
        let key = self.server_key.unwrap(wrapped, &place(row.id)).ok_or_else(|| {
            VaultError(format!("the server key does not open data key {}", row.id))
        })?;
        Ok(Some(Arc::new(DataKey { id: row.id, key })))
    }

    async fn opening_key(&self, id: Uuid) -> Result<Option<Arc<DataKey>>, VaultError> {
        if let Some(key) = self.by_id.get(&id).await {
            return Ok(key);
        }
        let era = self.era.load(Ordering::SeqCst);
        let key = match self.vault.data_key(id).await? {
            Some(row) => self.unwrap(&row)?,
            None => None,
        };
        self.keep(&self.by_id, id, key.clone(), era).await;
        Ok(key)
    }

    /// Keeps a key, unless all were wiped since it was read: it may be one that is destroyed.
    async fn keep<K: Eq + Hash + Send + Sync + Clone + 'static>(
        &self,
        cache: &Cache<K, Option<Arc<DataKey>>>,
        name: K,
        key: Option<Arc<DataKey>>,
        era: u64,
    ) {
        let current = || self.era.load(Ordering::SeqCst) == era;
        if current() {
            cache.insert(name.clone(), key).await;
            if !current() {
                cache.invalidate(&name).await;
            }
        }
    }

    /// Opens texts in place; those whose key is destroyed or missing stay closed.
    pub(crate) async fn open_texts(
        &self,
        stream: &StreamName,
        texts: Vec<PrivateField<'_>>,
    ) -> Result<(), VaultError> {
        for field in texts {
            let Some(sealed) = field.text.as_sealed() else { continue };
            if field.text.as_plain().is_some() {
                continue;
            }
            let plain =
                self.opening_key(sealed.key).await?.and_then(|key| key.open(stream, sealed));
            field.text.set_plain(plain);
        }
        Ok(())
    }

    /// Opens bytes that [`DataKey::seal_row`] sealed; `None` = destroyed.
    pub(crate) async fn open_row(
        &self,
        place: &str,
        body: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let Some((id, sealed)) = body.split_at_checked(16) else { return Ok(None) };
        let Ok(id) = Uuid::from_slice(id) else { return Ok(None) };
        let key = self.opening_key(id).await?;
        Ok(key.and_then(|key| crypto::open_bytes(&key.key, sealed, place.as_bytes())))
    }

    /// Destroys a key owner's key and rows, here and in the vault.
    pub(crate) async fn forget(&self, key_owner: &str) -> Result<(), VaultError> {
        self.vault.forget_owner(key_owner).await?;
        self.drop_cached();
        Ok(())
    }

    /// Wipes all unwrapped keys from memory.
    pub(crate) fn drop_cached(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
        self.by_owner.invalidate_all();
        self.by_id.invalidate_all();
    }

    /// The secret keys of a purpose by number, unwrapped.
    pub(crate) async fn secret_keys(
        &self,
        purpose: &str,
    ) -> Result<Vec<(u8, Zeroizing<[u8; 32]>)>, VaultError> {
        let rows = self.vault.secret_keys(purpose).await?;
        rows.into_iter()
            .map(|(number, wrapped)| Ok((number, self.unwrap_secret(purpose, number, &wrapped)?)))
            .collect()
    }

    /// The secret key of a purpose and number, made when it is missing.
    pub(crate) async fn make_secret_key(
        &self,
        purpose: &str,
        number: u8,
    ) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let fresh = Zeroizing::new(random::bytes::<32>());
        let wrapped = self
            .server_key
            .wrap(fresh.as_slice(), &format!("{purpose} key {number}"))
            .ok_or_else(|| VaultError("a secret key cannot be wrapped".to_owned()))?;
        let kept = self.vault.add_secret_key(purpose, number, wrapped).await?;
        self.unwrap_secret(purpose, number, &kept)
    }

    /// Is what the vault holds wrapped by this server key? True of an empty vault.
    pub(crate) async fn server_key_fits(&self) -> Result<bool, VaultError> {
        const PURPOSE: &str = "fingerprint";
        let rows = self.vault.secret_keys(PURPOSE).await?;
        Ok(rows
            .iter()
            .all(|(number, wrapped)| self.unwrap_secret(PURPOSE, *number, wrapped).is_ok()))
    }

    fn unwrap_secret(
        &self,
        purpose: &str,
        number: u8,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        self.server_key.unwrap(wrapped, &format!("{purpose} key {number}")).ok_or_else(|| {
            VaultError(format!("the server key does not open {purpose} key {number}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::memory::MemoryVault;

    #[tokio::test]
    async fn a_key_that_was_read_before_all_were_wiped_is_not_kept_after() {
        let vault = Arc::new(MemoryVault::default());
        let key_ring = KeyRing::new(vault, ServerKey::from_bytes([7; 32]));
        let key = key_ring.sealing_key("account/a-1").await.unwrap();
        let id = key.as_ref().unwrap().id;
        let era = key_ring.era.load(Ordering::SeqCst);
        key_ring.drop_cached();
        key_ring.keep(&key_ring.by_id, id, key.clone(), era).await;
        assert!(key_ring.by_id.get(&id).await.is_none());
        key_ring.keep(&key_ring.by_id, id, key, era + 1).await;
        assert!(key_ring.by_id.get(&id).await.is_some());
    }
}
