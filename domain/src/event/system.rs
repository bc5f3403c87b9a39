//! Payloads of the events on the `system` stream. A storage format: see the catalogue.

use super::{AuditPayload, Payload, summary::plural};
use crate::{
    id::LogId, kind::Kinds, position::Position, private_text::HoldsPrivateText, time::Time,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `log.started`: position 1 of every log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LogStarted {
    /// The log's identity.
    pub log: LogId,
    /// The release that started it.
    pub release: String,
    /// The highest level of event types that may be written.
    pub level: u32,
}
impl HoldsPrivateText for LogStarted {}

impl Payload for LogStarted {
    fn summary(&self, _target: &str) -> String {
        format!("started log {} with release {}", self.log, self.release)
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(self)
    }
}

/// `log.level_raised`: an operator allows the event types of a newer release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LevelRaised {
    /// Before.
    pub before: u32,
    /// After.
    pub after: u32,
}
impl HoldsPrivateText for LevelRaised {}

impl Payload for LevelRaised {
    fn summary(&self, _target: &str) -> String {
        format!("raised the level of events from {} to {}", self.before, self.after)
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(json!({ "level": self.before }), json!({ "level": self.after }))
    }
}

/// `kinds.changed`: the kinds of items in force from here on, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct KindsChanged {
    /// Before; none at the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Kinds>,
    /// After.
    pub after: Kinds,
}
impl HoldsPrivateText for KindsChanged {}

impl Payload for KindsChanged {
    fn summary(&self, _target: &str) -> String {
        let names: Vec<_> = self.after.keys().map(ToString::to_string).collect();
        format!("set the kinds of items: {}", names.join(", "))
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(&self.before, &self.after)
    }
}

/// `rules.changed`: the version of the role and permission table in force from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct RulesChanged {
    /// Before; none at the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
    /// After.
    pub after: u32,
}
impl HoldsPrivateText for RulesChanged {}

impl Payload for RulesChanged {
    fn summary(&self, _target: &str) -> String {
        format!("put version {} of the role table in force", self.after)
    }
    fn audit(&self) -> AuditPayload {
        let before = self.before.map(|rules| json!({ "rules": rules }));
        AuditPayload::change(before, json!({ "rules": self.after }))
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Secrets of links.
    Link,
    /// Visits and page codes.
    Visit,
}

/// `key.rotated`: new secrets are made with this key from here on; older keys stay valid until
/// retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct KeyRotated {
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The key before; none at the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u8>,
    /// The key from here on.
    pub after: u8,
    /// Keys that stop being valid with this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<u8>,
}
impl HoldsPrivateText for KeyRotated {}

impl Payload for KeyRotated {
    fn summary(&self, _target: &str) -> String {
        let purpose = match self.purpose {
            KeyPurpose::Link => "links",
            KeyPurpose::Visit => "visits",
        };
        format!("put key {} for {purpose} in use", self.after)
    }
    fn audit(&self) -> AuditPayload {
        let before = self.before.map(|key| json!({ "key": key }));
        let after = json!({ "purpose": self.purpose, "key": self.after, "retired": self.retired });
        AuditPayload::change(before, after)
    }
}

/// `export.made`: somebody took the audit trail away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ExportMade {
    /// The format, e.g. `jsonl`.
    pub format: String,
    /// First position.
    pub from: Position,
    /// Last position.
    pub to: Position,
    /// How many events.
    pub events: u64,
    /// When it began.
    pub at: Time,
}
impl HoldsPrivateText for ExportMade {}

impl Payload for ExportMade {
    fn summary(&self, _target: &str) -> String {
        let events = plural(u32::try_from(self.events).unwrap_or(u32::MAX), "event");
        let Self { from, to, format, .. } = self;
        format!("exported {events} of positions {from} to {to} as {format}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(self)
    }
}
