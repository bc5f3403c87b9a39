//! Decrypts the private texts of records for readers that may see them.

use super::{ServerKey, Vault, key_ring::KeyRing};
use async_trait::async_trait;
use domain::{private_text::PrivateField, stream::StreamName};
use eventlog::{LogError, TextOpener};
use std::sync::Arc;

/// Opens private texts with the data keys in the vault. Keys are kept unwrapped in memory for 5 s,
/// so that an erasure elsewhere is seen after that at the latest.
#[derive(Debug, Clone)]
pub struct VaultTextDecryptor {
    key_ring: Arc<KeyRing>,
}

impl VaultTextDecryptor {
    /// Over a vault whose keys are wrapped by this server key.
    pub fn new(vault: Arc<dyn Vault>, server_key: ServerKey) -> Self {
        Self { key_ring: Arc::new(KeyRing::new(vault, server_key)) }
    }

    pub(crate) fn over(key_ring: Arc<KeyRing>) -> Self {
        Self { key_ring }
    }
}

#[async_trait]
impl TextOpener for VaultTextDecryptor {
    async fn open(
        &self,
        stream: &StreamName,
        texts: Vec<PrivateField<'_>>,
    ) -> Result<(), LogError> {
        self.key_ring
            .open_texts(stream, texts)
            .await
            .map_err(|error| LogError::Unavailable(error.to_string()))
    }
}
