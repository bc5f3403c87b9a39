//! The keys that sign links and visits, by purpose and number; several are valid at once.

use crate::{CommandError, core::Core, core::purpose_name, handler::vault_error};
use domain::{event::KeyPurpose, system::SystemState};
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc};
use zeroize::Zeroizing;

/// A signing key.
pub(crate) type SecretKey = Arc<Zeroizing<[u8; 32]>>;

/// The signing keys of this node.
#[derive(Default)]
pub(crate) struct SecretKeys {
    known: RwLock<HashMap<(String, u8), SecretKey>>,
}

impl SecretKeys {
    /// Takes keys from the vault.
    pub(crate) fn learn(&self, purpose: &str, keys: Vec<(u8, Zeroizing<[u8; 32]>)>) {
        let mut known = self.known.write();
        for (number, key) in keys {
            known.insert((purpose.to_owned(), number), Arc::new(key));
        }
    }

    fn get(&self, purpose: &str, number: u8) -> Option<SecretKey> {
        self.known.read().get(&(purpose.to_owned(), number)).cloned()
    }
}

fn in_use(state: &SystemState, purpose: &str) -> Option<u8> {
    state.keys.get(purpose).map(|(current, _)| *current)
}

impl Core {
    /// The key that signs now.
    pub(crate) fn signing_key(
        &self,
        state: &SystemState,
        purpose: KeyPurpose,
    ) -> Result<(u8, SecretKey), CommandError> {
        let name = purpose_name(purpose);
        in_use(state, name)
            .and_then(|number| Some((number, self.secrets.get(name, number)?)))
            .ok_or_else(|| CommandError::VaultUnavailable(format!("the {name} key is missing")))
    }

    /// The key of a number, if what it signed is still valid. Numbers that were never in use are
    /// refused without asking the vault; the next one may be in use at another node already.
    pub(crate) async fn checking_key(
        &self,
        purpose: KeyPurpose,
        number: u8,
    ) -> Result<Option<SecretKey>, CommandError> {
        let name = purpose_name(purpose);
        let mut state = self.in_force().await?;
        if in_use(&state, name).and_then(|current| current.checked_add(1)) == Some(number) {
            state = self.refresh_in_force().await?;
        }
        let Some((current, retired)) = state.keys.get(name) else { return Ok(None) };
        if number > *current || retired.contains(&number) {
            return Ok(None);
        }
        if let Some(key) = self.secrets.get(name, number) {
            return Ok(Some(key));
        }
        self.learn_keys(name).await?;
        Ok(self.secrets.get(name, number))
    }

    /// Reads the keys of a purpose from the vault again.
    pub(crate) async fn learn_keys(&self, purpose: &str) -> Result<(), CommandError> {
        let keys = self.key_ring.secret_keys(purpose).await.map_err(vault_error)?;
        self.secrets.learn(purpose, keys);
        Ok(())
    }
}
