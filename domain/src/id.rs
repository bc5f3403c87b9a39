//! The registry of typed ids, and what a well-formed one looks like.

use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use smol_str::SmolStr;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A text that is not a well-formed id; says which rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {what}: {rule}")]
pub struct IdError {
    /// What was expected, e.g. `account id`.
    pub what: &'static str,
    /// The text as given, cut to 64 characters.
    pub text: String,
    /// The broken rule in words.
    pub rule: &'static str,
}

impl IdError {
    fn new(what: &'static str, text: &str, rule: &'static str) -> Self {
        Self { what, text: text.chars().take(64).collect(), rule }
    }
}

/// Longest id of an application, in characters.
pub const MAX_ID_CHARS: usize = 128;

const NAME_RULE: &str = "1 to 128 characters of A-Z a-z 0-9 . _ ~ : -, not `.` or `..`";

fn is_name(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.len())
        && text != "."
        && text != ".."
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~:-".contains(&b))
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr, $rule:expr) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord,
            SerializeDisplay, DeserializeFromStr,
        )]
        pub struct $name(SmolStr);

        impl $name {
            /// Parses an id; refuses what breaks the rule of this kind of id.
            pub fn parse(text: impl AsRef<str>) -> Result<Self, IdError> {
                let text = text.as_ref();
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(SmolStr::new(text)))
                } else {
                    Err(IdError::new($what, text, $rule))
                }
            }
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }
    };
}

name_id!(
    /// An account of the application, e.g. `a-17`.
    AccountId, "account id", |t| is_name(t) && t != "me",
    "1 to 128 characters of A-Z a-z 0-9 . _ ~ : -, not `.`, `..` or `me`"
);
name_id!(
    /// A group of accounts.
    GroupId, "group id", is_name, NAME_RULE
);
name_id!(
    /// The application's own id of an item, unique within its kind.
    ItemId, "item id", is_name, NAME_RULE
);
name_id!(
    /// The kind of an item, e.g. `history`.
    KindName, "kind",
    |t| (1..=32).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
    "1 to 32 characters of a-z 0-9 _"
);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            SerializeDisplay, DeserializeFromStr,
        )]
        pub struct $name(pub Uuid);

        impl $name {
            /// What stands before the uuid.
            pub const PREFIX: &str = $prefix;
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                let rule = concat!("`", $prefix, "` and 32 lower-case hexadecimal digits");
                text.strip_prefix($prefix)
                    .filter(|hex| hex.len() == 32 && hex.bytes().all(digit))
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| IdError::new($what, text, rule))
            }
        }
    };
}

uuid_id!(
    /// A grant on an item.
    GrantId, "gr_", "grant id"
);
uuid_id!(
    /// A link to an item.
    LinkId, "ln_", "link id"
);
uuid_id!(
    /// An access token of a caller.
    TokenId, "tk_", "token id"
);
uuid_id!(
    /// A webhook: where events are delivered to.
    WebhookId, "wh_", "webhook id"
);
uuid_id!(
    /// An opening of a link.
    VisitId, "vs_", "visit id"
);
uuid_id!(
    /// A row in the vault that an event points at (profile, password, token digest).
    VaultId, "va_", "vault row id"
);

/// What one command appended to one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub Uuid);

/// One command as its caller issued it; equal to the commit id for one-stream commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub Uuid);

/// The identity of a log, made when its first record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogId(pub Uuid);

macro_rules! display_uuid {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
display_uuid!(CommitId, CommandId, LogId);

/// An item: kind and id, both the application's own; written `kind:id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ItemRef {
    /// The kind, e.g. `history`.
    pub kind: KindName,
    /// The id within the kind.
    pub id: ItemId,
}

impl fmt::Display for ItemRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

impl FromStr for ItemRef {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let (kind, id) = text
            .split_once(':')
            .ok_or_else(|| IdError::new("item", text, "kind:id, e.g. history:8f3a"))?;
        Ok(Self { kind: KindName::parse(kind)?, id: ItemId::parse(id)? })
    }
}
