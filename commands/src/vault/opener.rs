//! Decrypts the private texts of records for readers that may see them.

use super::{ServerKey, Vault, keeper::Keeper};
use async_trait::async_trait;
use domain::{private_text::PrivateField, stream::StreamName};
use eventlog::{LogError, TextOpener};
use std::sync::Arc;

/// Opens private texts with the data keys in the vault. Keys are kept unwrapped in memory for 5 s,
/// so that an erasure elsewhere is seen after that at the latest.
#[derive(Debug, Clone)]
pub struct VaultOpener {
    keeper: Arc<Keeper>,
}

impl VaultOpener {
    /// Over a vault whose keys are wrapped by this server key.
    pub fn new(vault: Arc<dyn Vault>, server_key: ServerKey) -> Self {
        Self { keeper: Arc::new(Keeper::new(vault, server_key)) }
    }

    pub(crate) fn over(keeper: Arc<Keeper>) -> Self {
        Self { keeper }
    }
}

#[async_trait]
impl TextOpener for VaultOpener {
    async fn open(
        &self,
        stream: &StreamName,
        texts: Vec<PrivateField<'_>>,
    ) -> Result<(), LogError> {
        self.keeper
            .open_texts(stream, texts)
            .await
            .map_err(|error| LogError::Unavailable(error.to_string()))
    }
}
