//! Seals private texts and wraps keys, with XChaCha20-Poly1305 throughout.

use crate::random;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce, aead::AeadInOut as _};
use domain::{id::CommitId, stream::StreamName};
use std::{
    fmt,
    io::{self, Write as _},
    path::Path,
};
use zeroize::Zeroizing;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// The server key: wraps everything secret in the vault. A file, the same on all nodes, never in a
/// database.
#[derive(Clone)]
pub struct ServerKey(Zeroizing<[u8; 32]>);

impl ServerKey {
    /// From 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the key file; makes it, readable by its owner only, when it is missing. It holds 32
    /// bytes in base64url.
    pub fn load_or_create(path: &Path) -> io::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&Zeroizing::new(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str) -> io::Result<Self> {
        BASE64_URL_SAFE_NO_PAD
            .decode(text.trim())
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(Zeroizing::new(bytes).as_slice()).ok())
            .map(Self::from_bytes)
            .ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a key file holds 32 bytes in base64url and nothing else",
                )
            })
    }

    fn create(path: &Path) -> io::Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let key = Self::from_bytes(random::bytes());
        let mut file = options.open(path)?;
        let text = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(key.0.as_slice()));
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(key)
    }

    /// Wraps a secret; `what` binds it to its place.
    pub(crate) fn wrap(&self, secret: &[u8], what: &str) -> Option<Vec<u8>> {
        seal_bytes(&self.0, secret, what.as_bytes())
    }

    /// The wrapped secret; `None` = not wrapped by this key for this place.
    pub(crate) fn unwrap(&self, wrapped: &[u8], what: &str) -> Option<Zeroizing<[u8; 32]>> {
        let plain = open_bytes(&self.0, wrapped, what.as_bytes())?;
        <[u8; 32]>::try_from(plain.as_slice()).ok().map(Zeroizing::new)
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(…)")
    }
}

/// Nonce and ciphertext; `None` = the cipher refused (longer than it can seal).
pub(crate) fn seal_bytes(key: &[u8; 32], plain: &[u8], additional: &[u8]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(key.into());
    let nonce: [u8; NONCE_BYTES] = random::bytes();
    let mut out = Vec::with_capacity(NONCE_BYTES + plain.len() + 16);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let (_, text) = out.split_at_mut(NONCE_BYTES);
    let tag = cipher.encrypt_inout_detached(&XNonce::from(nonce), additional, text.into()).ok()?;
    out.extend_from_slice(&tag);
    Some(out)
}

/// The plain bytes; `None` = not sealed with this key and additional data.
pub(crate) fn open_bytes(
    key: &[u8; 32],
    sealed: &[u8],
    additional: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES)?;
    let (text, tag) = rest.split_at_checked(rest.len().checked_sub(16)?)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
    let tag: [u8; 16] = tag.try_into().ok()?;
    let mut plain = Zeroizing::new(text.to_vec());
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(
            &XNonce::from(nonce),
            additional,
            plain.as_mut_slice().into(),
            &tag.into(),
        )
        .ok()?;
    Some(plain)
}

/// The additional data of a private text: stream, commit and field.
pub(crate) fn additional(stream: &StreamName, commit: CommitId, field: &str) -> String {
    format!("{stream}\n{commit}\n{field}")
}
