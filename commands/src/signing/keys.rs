//! The keys that sign links and visits, by purpose and number; several are valid at once.

use super::tokens::{self, TokenKind};
use crate::{
    CommandError, StartError,
    handler::vault_error,
    system::{SystemService, purpose_name},
    vault::key_ring::KeyRing,
};
use domain::{event::KeyPurpose, system::SystemState};
use parking_lot::RwLock;
use std::{collections::HashMap, fmt, sync::Arc};
use zeroize::Zeroizing;

/// A signing key.
pub(crate) type SecretKey = Arc<Zeroizing<[u8; 32]>>;

/// The signing keys of this node.
pub(crate) struct SigningKeys {
    system: Arc<SystemService>,
    key_ring: Arc<KeyRing>,
    known: RwLock<HashMap<(String, u8), SecretKey>>,
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKeys")
    }
}

fn in_use(state: &SystemState, purpose: &str) -> Option<u8> {
    state.keys.get(purpose).map(|(current, _)| *current)
}

fn unsigned() -> CommandError {
    CommandError::Internal("a text could not be signed".to_owned())
}

impl SigningKeys {
    /// With the keys that are in use; an error where the vault lacks one.
    pub(crate) async fn open(
        system: Arc<SystemService>,
        key_ring: Arc<KeyRing>,
    ) -> Result<Self, StartError> {
        let keys = Self { system, key_ring, known: RwLock::default() };
        let state = keys.system.current();
        for (purpose, (current, _)) in &state.keys {
            keys.learn(purpose).await?;
            if keys.get(purpose, *current).is_none() {
                return Err(StartError::KeyMissing(format!("{purpose} key {current}")));
            }
        }
        Ok(keys)
    }

    fn get(&self, purpose: &str, number: u8) -> Option<SecretKey> {
        self.known.read().get(&(purpose.to_owned(), number)).cloned()
    }

    /// Reads the keys of a purpose from the vault again.
    pub(crate) async fn learn(&self, purpose: &str) -> Result<(), CommandError> {
        let keys = self.key_ring.secret_keys(purpose).await.map_err(vault_error)?;
        let mut known = self.known.write();
        for (number, key) in keys {
            known.insert((purpose.to_owned(), number), Arc::new(key));
        }
        Ok(())
    }

    /// The key that signs now.
    fn signing_key(
        &self,
        state: &SystemState,
        purpose: KeyPurpose,
    ) -> Result<(u8, SecretKey), CommandError> {
        let name = purpose_name(purpose);
        in_use(state, name)
            .and_then(|number| Some((number, self.get(name, number)?)))
            .ok_or_else(|| CommandError::VaultUnavailable(format!("the {name} key is missing")))
    }

    /// Signs with the key that is in use.
    pub(crate) async fn sign(
        &self,
        purpose: KeyPurpose,
        kind: TokenKind,
        contents: &[u8],
    ) -> Result<String, CommandError> {
        let state = self.system.in_force().await?;
        if self.signing_key(&state, purpose).is_err() {
            // Another node rotated the key.
            self.learn(purpose_name(purpose)).await?;
        }
        let (number, key) = self.signing_key(&state, purpose)?;
        tokens::sign(kind, number, &key, contents).ok_or_else(unsigned)
    }

    /// Signs with the key that this node last saw in use.
    pub(crate) fn sign_at_once(
        &self,
        purpose: KeyPurpose,
        kind: TokenKind,
        contents: &[u8],
    ) -> Result<String, CommandError> {
        let (number, key) = self.signing_key(&self.system.current(), purpose)?;
        tokens::sign(kind, number, &key, contents).ok_or_else(unsigned)
    }

    /// The key of a number, if what it signed is still valid. Numbers that were never in use are
    /// refused without asking the vault; the next one may be in use at another node already.
    pub(crate) async fn checking_key(
        &self,
        purpose: KeyPurpose,
        number: u8,
    ) -> Result<Option<SecretKey>, CommandError> {
        let name = purpose_name(purpose);
        let mut state = self.system.in_force().await?;
        if in_use(&state, name).and_then(|current| current.checked_add(1)) == Some(number) {
            state = self.system.refresh().await?;
        }
        let Some((current, retired)) = state.keys.get(name) else { return Ok(None) };
        if number > *current || retired.contains(&number) {
            return Ok(None);
        }
        if let Some(key) = self.get(name, number) {
            return Ok(Some(key));
        }
        self.learn(name).await?;
        Ok(self.get(name, number))
    }
}
