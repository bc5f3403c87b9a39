//! Private text: sealed in the log, open in memory, gone after erasure.

use crate::id::CommitId;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// The stored form of a private text: ciphertext and what is needed to open it.
///
/// The additional data of the encryption are the stream, `commit` and `field`; with the last two in
/// here a sealed text can be carried unchanged into the `before` of a later record of its stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed {
    /// The vault's data key that sealed it.
    #[serde(rename = "k")]
    pub key: Uuid,
    /// The commit it was sealed for.
    #[serde(rename = "c")]
    pub commit: CommitId,
    /// The field it was sealed for, e.g. `title`.
    #[serde(rename = "f")]
    pub field: String,
    /// Nonce and ciphertext, base64url without padding.
    #[serde(rename = "t")]
    pub text: String,
}

/// A private text: titles, descriptions, tags, labels, reasons, stored content, view state.
///
/// Serialises to its sealed form only; serialising one that was never sealed is an error, so plain
/// text cannot reach the log by mistake. `Debug` does not print it.
#[derive(Clone, Default)]
pub struct PrivateText {
    plain: Option<String>,
    /// Apart, as every event has the size of the one with the most texts.
    sealed: Option<Box<Sealed>>,
}

impl PrivateText {
    /// A text as a caller gave it, not yet sealed.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { plain: Some(text.into()), sealed: None }
    }
    /// A text as read from the log, not yet opened (or erased, when it cannot be).
    pub fn sealed(sealed: Sealed) -> Self {
        Self { plain: None, sealed: Some(Box::new(sealed)) }
    }
    /// The text; `None` = erased, or not opened.
    pub fn as_plain(&self) -> Option<&str> {
        self.plain.as_deref()
    }
    /// The sealed form, when it has one.
    pub fn as_sealed(&self) -> Option<&Sealed> {
        self.sealed.as_deref()
    }
    /// Sets the sealed form (after sealing).
    pub fn set_sealed(&mut self, sealed: Sealed) {
        self.sealed = Some(Box::new(sealed));
    }
    /// Sets the text (after opening); `None` = its key is destroyed.
    pub fn set_plain(&mut self, plain: Option<String>) {
        self.plain = plain;
    }
    /// Is there something that must still be sealed before it can be recorded?
    pub fn needs_sealing(&self) -> bool {
        self.sealed.is_none()
    }
}

impl fmt::Debug for PrivateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (&self.plain, &self.sealed) {
            (Some(_), _) => "PrivateText(open)",
            (None, Some(_)) => "PrivateText(sealed)",
            (None, None) => "PrivateText(empty)",
        })
    }
}

/// Equal texts are equal, however they are sealed; unopened ones by their sealed form.
impl PartialEq for PrivateText {
    fn eq(&self, other: &Self) -> bool {
        match (&self.plain, &other.plain) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.sealed == other.sealed,
            _ => false,
        }
    }
}
impl Eq for PrivateText {}

impl Serialize for PrivateText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.sealed {
            Some(sealed) => sealed.serialize(serializer),
            None => {
                Err(serde::ser::Error::custom("a private text must be sealed before it is stored"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for PrivateText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Sealed::deserialize(deserializer).map(Self::sealed)
    }
}

/// One private text of an event or a state, with the name of its field.
#[derive(Debug)]
pub struct PrivateField<'a> {
    /// The field's name; part of what the encryption binds.
    pub field: &'static str,
    /// The text.
    pub text: &'a mut PrivateText,
}

/// Something that may hold private texts; it holds none unless it says so.
pub trait HoldsPrivateText {
    /// All of them, to be sealed before an append or opened after a read.
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        Vec::new()
    }
}
