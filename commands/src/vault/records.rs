//! What stands in the vault beside rows: data keys, secret keys, used codes, checkpoints. One
//! layer over keys and values, the same on every engine.

use super::{Entry, Vault, VaultError};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{position::Position, time::Time};
use uuid::Uuid;

/// Used codes that are looked at for removal whenever one is used.
const MAX_CODES_REMOVED: u32 = 16;
/// No purpose has more secret keys: their numbers are bytes.
const MAX_SECRET_KEYS: u32 = 256;

/// A data key: seals the private texts that were written for one key owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyRow {
    /// Its id; stands in every sealed text. Nil where an owner was forgotten that never had one.
    pub id: Uuid,
    /// For whom: `account/a-17`, or `system`.
    pub key_owner: String,
    /// The key, wrapped by the server key; `None` = destroyed permanently.
    pub wrapped: Option<Vec<u8>>,
}

const DATA_KEYS: &str = "data-key/";

fn data_key_name(key_owner: &str) -> String {
    format!("{DATA_KEYS}{key_owner}")
}

fn data_key(entry: Entry) -> Result<DataKeyRow, VaultError> {
    let id = entry.lookups.first().map_or(Ok(Uuid::nil()), |id| Uuid::from_slice(id));
    let id = id.map_err(|_| unreadable(&entry.key))?;
    let key_owner = entry.key_owner.ok_or_else(|| unreadable(&entry.key))?;
    Ok(DataKeyRow { id, key_owner, wrapped: entry.value })
}

fn secret_key_prefix(purpose: &str) -> String {
    format!("secret-key/{purpose}/")
}

fn secret_key_name(purpose: &str, number: u8) -> String {
    format!("{}{number:03}", secret_key_prefix(purpose))
}

const CODES: &str = "code/";

/// Sorts by the end, so that those whose end has passed come first.
fn code_name(until: Time, digest: &[u8]) -> String {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(digest);
    format!("{CODES}{:020}/{digest}", until.as_micros().max(0))
}

fn checkpoint_name(follower: &str) -> String {
    format!("checkpoint/{follower}")
}

pub(super) fn unreadable(key: &str) -> VaultError {
    VaultError(format!("the entry {key} cannot be read"))
}

impl dyn Vault + '_ {
    /// The data key of an owner, or its tombstone; `None` = it never had one.
    pub async fn data_key_of(&self, key_owner: &str) -> Result<Option<DataKeyRow>, VaultError> {
        self.get(&data_key_name(key_owner)).await?.map(data_key).transpose()
    }

    /// A data key by id.
    pub async fn data_key(&self, id: Uuid) -> Result<Option<DataKeyRow>, VaultError> {
        self.find(DATA_KEYS, id.as_bytes()).await?.into_iter().next().map(data_key).transpose()
    }

    /// Adds the owner's data key unless it has one; answers the one that it has then.
    pub async fn add_data_key(&self, row: DataKeyRow) -> Result<DataKeyRow, VaultError> {
        let added = Entry {
            key: data_key_name(&row.key_owner),
            version: 0,
            key_owner: Some(row.key_owner.clone()),
            lookups: vec![row.id.as_bytes().to_vec()],
            value: row.wrapped.clone(),
        };
        if self.put(added).await? {
            return Ok(row);
        }
        let kept = self.data_key_of(&row.key_owner).await?;
        kept.ok_or_else(|| VaultError("a data key was not kept".to_owned()))
    }

    /// Destroys an owner's data key, of which a tombstone stays (also when it never had one), and
    /// removes everything else that is the owner's.
    pub async fn forget_owner(&self, key_owner: &str) -> Result<(), VaultError> {
        self.forget(key_owner, &data_key_name(key_owner)).await
    }

    /// The wrapped secret keys of a purpose with their numbers, ascending.
    pub async fn secret_keys(&self, purpose: &str) -> Result<Vec<(u8, Vec<u8>)>, VaultError> {
        let prefix = secret_key_prefix(purpose);
        let entries = self.list(&prefix, None, MAX_SECRET_KEYS).await?;
        let read = |entry: Entry| {
            let number = entry.key.strip_prefix(&prefix).and_then(|number| number.parse().ok());
            Ok((number.ok_or_else(|| unreadable(&entry.key))?, entry.into_value()?))
        };
        entries.into_iter().map(read).collect()
    }

    /// Adds a wrapped secret key unless the number is taken; answers the one that has it then.
    pub async fn add_secret_key(
        &self,
        purpose: &str,
        number: u8,
        wrapped: Vec<u8>,
    ) -> Result<Vec<u8>, VaultError> {
        let name = secret_key_name(purpose, number);
        if self.put(Entry::new(name.as_str(), wrapped.clone())).await? {
            return Ok(wrapped);
        }
        let kept = self.get(&name).await?;
        kept.ok_or_else(|| VaultError("a secret key was not kept".to_owned()))?.into_value()
    }

    /// Records a code as used until an instant, which belongs to the code, and removes some whose
    /// instant has passed at `now`; `false` = it was used before.
    pub async fn use_code(
        &self,
        digest: &[u8],
        until: Time,
        now: Time,
    ) -> Result<bool, VaultError> {
        let passed = code_name(now.plus_micros(1), &[]);
        for code in self.list(CODES, None, MAX_CODES_REMOVED).await? {
            if code.key >= passed {
                break;
            }
            self.remove(&code.key).await?;
        }
        self.put(Entry::new(code_name(until, digest), Vec::new())).await
    }

    /// How far a follower inside the vault has come; 0 = it has not begun.
    pub async fn checkpoint(&self, follower: &str) -> Result<Position, VaultError> {
        Ok(self.checkpoint_entry(follower).await?.1)
    }

    async fn checkpoint_entry(&self, follower: &str) -> Result<(Entry, Position), VaultError> {
        let name = checkpoint_name(follower);
        let Some(entry) = self.get(&name).await? else {
            return Ok((Entry::new(name, Vec::new()), Position::START));
        };
        let value = entry.value.as_deref().and_then(|value| std::str::from_utf8(value).ok());
        let position = value.and_then(|value| value.parse().ok());
        let position = position.ok_or_else(|| unreadable(&name))?;
        Ok((entry, Position(position)))
    }

    /// Advances a follower; never back.
    pub async fn advance(&self, follower: &str, position: Position) -> Result<(), VaultError> {
        loop {
            let (entry, at) = self.checkpoint_entry(follower).await?;
            let value = Some(position.0.to_string().into_bytes());
            if at >= position || self.put(Entry { value, ..entry }).await? {
                return Ok(());
            }
        }
    }
}
