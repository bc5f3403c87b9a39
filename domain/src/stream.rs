//! Names of streams, and their escaping as NATS subject tokens and back.

use crate::id::{AccountId, GroupId, ItemId, ItemRef, KindName, LinkId, TokenId, WebhookId};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{fmt, str::FromStr};

/// The stream an aggregate's records stand on; written `item/history/8f3a`, `system`.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr,
)]
pub enum StreamName {
    /// One item with its grants, links and publication.
    Item(ItemRef),
    /// One account.
    Account(AccountId),
    /// One group.
    Group(GroupId),
    /// The uses of one limited link.
    Link(LinkId),
    /// One access token.
    Token(TokenId),
    /// One webhook.
    Webhook(WebhookId),
    /// The deployment itself: log identity, rules, kinds, keys.
    System,
}

/// A text that names no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no stream")]
pub struct StreamNameError(String);

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(item) => write!(f, "item/{}/{}", item.kind, item.id),
            Self::Account(id) => write!(f, "account/{id}"),
            Self::Group(id) => write!(f, "group/{id}"),
            Self::Link(id) => write!(f, "link/{id}"),
            Self::Token(id) => write!(f, "token/{id}"),
            Self::Webhook(id) => write!(f, "webhook/{id}"),
            Self::System => f.write_str("system"),
        }
    }
}

impl FromStr for StreamName {
    type Err = StreamNameError;
    fn from_str(text: &str) -> Result<Self, StreamNameError> {
        let mut parts = text.splitn(3, '/');
        let parsed = match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
            ("system", None, None) => Some(Self::System),
            ("item", Some(kind), Some(id)) => match (KindName::parse(kind), ItemId::parse(id)) {
                (Ok(kind), Ok(id)) => Some(Self::Item(ItemRef { kind, id })),
                _ => None,
            },
            ("account", Some(id), None) => id.parse().ok().map(Self::Account),
            ("group", Some(id), None) => id.parse().ok().map(Self::Group),
            ("link", Some(id), None) => id.parse().ok().map(Self::Link),
            ("token", Some(id), None) => id.parse().ok().map(Self::Token),
            ("webhook", Some(id), None) => id.parse().ok().map(Self::Webhook),
            _ => None,
        };
        parsed.ok_or_else(|| StreamNameError(text.chars().take(64).collect()))
    }
}

impl StreamName {
    /// The subject below a prefix, e.g. `sharelog.log.item.history.8f3a`. Dots of an id, which NATS
    /// reserves, become `=2E`; no id holds a `=`, so this is reversible.
    pub fn subject(&self, prefix: &str) -> String {
        let name = self.to_string();
        let mut subject = String::with_capacity(prefix.len() + name.len() + 9);
        subject.push_str(prefix);
        subject.push('.');
        for character in name.chars() {
            match character {
                '.' => subject.push_str("=2E"),
                '/' => subject.push('.'),
                other => subject.push(other),
            }
        }
        subject
    }

    /// The stream of a subject below a prefix; `None` when it is none of ours.
    pub fn from_subject(prefix: &str, subject: &str) -> Option<Self> {
        let tokens = subject.strip_prefix(prefix)?.strip_prefix('.')?;
        let name: Self = tokens.replace('.', "/").replace("=2E", ".").parse().ok()?;
        (name.subject(prefix) == subject).then_some(name)
    }
}
