//! Names of streams, and their escaping as NATS subject tokens and back.

use crate::id::{AccountId, GroupId, ItemId, ItemRef, KindName, LinkId, TokenId, WebhookId};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{fmt, str::FromStr};

/// A text that is not the name of a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a stream")]
pub struct StreamNameError(String);

/// The form of an id within the name of a stream.
trait StreamId: Sized {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn read(text: &str) -> Option<Self>;
}

macro_rules! streams {
    ($($(#[$doc:meta])* $kind:ident($id:ty) = $prefix:literal;)*) => {
        /// What a stream is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum StreamKind {
            $($(#[$doc])* $kind,)*
            /// The deployment itself: log identity, rules, kinds, keys.
            System,
        }

        impl StreamKind {
            /// What names of such streams begin with.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $prefix,)*
                    Self::System => "system",
                }
            }
        }

        /// The stream an aggregate's records are stored in; written `item/history/8f3a`, `system`.
        #[derive(
            Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, SerializeDisplay,
            DeserializeFromStr,
        )]
        pub enum StreamName {
            $($(#[$doc])* $kind($id),)*
            /// The deployment itself: log identity, rules, kinds, keys.
            System,
        }

        impl StreamName {
            /// What it is about.
            pub const fn kind(&self) -> StreamKind {
                match self {
                    $(Self::$kind(_) => StreamKind::$kind,)*
                    Self::System => StreamKind::System,
                }
            }

            /// The id of what it is about; `None` = there is only one.
            pub fn id(&self) -> Option<String> {
                match self {
                    $(Self::$kind(id) => Some(id.to_string()),)*
                    Self::System => None,
                }
            }
        }

        impl fmt::Display for StreamName {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.kind().name())?;
                match self {
                    $(Self::$kind(id) => {
                        f.write_str("/")?;
                        id.write(f)
                    })*
                    Self::System => Ok(()),
                }
            }
        }

        impl FromStr for StreamName {
            type Err = StreamNameError;
            fn from_str(text: &str) -> Result<Self, StreamNameError> {
                let parsed = match text.split_once('/') {
                    $(Some(($prefix, id)) => StreamId::read(id).map(Self::$kind),)*
                    None if text == StreamKind::System.name() => Some(Self::System),
                    Some(_) | None => None,
                };
                parsed.ok_or_else(|| StreamNameError(text.chars().take(64).collect()))
            }
        }
    };
}

streams! {
    /// One item with its grants, links and publication.
    Item(ItemRef) = "item";
    /// One account.
    Account(AccountId) = "account";
    /// One group.
    Group(GroupId) = "group";
    /// The uses of one limited link.
    Link(LinkId) = "link";
    /// One access token.
    Token(TokenId) = "token";
    /// One webhook.
    Webhook(WebhookId) = "webhook";
}

macro_rules! plain_ids {
    ($($id:ty),*) => {$(
        impl StreamId for $id {
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}
plain_ids!(AccountId, GroupId, LinkId, TokenId, WebhookId);

/// Written with a slash, as no kind and no id holds one.
impl StreamId for ItemRef {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
    fn read(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once('/')?;
        Some(Self { kind: KindName::parse(kind).ok()?, id: ItemId::parse(id).ok()? })
    }
}
