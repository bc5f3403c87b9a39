//! Payloads of the events on the `system` stream. A storage format: see the catalogue.

use super::no_private_text;
use crate::{id::LogId, kind::Kinds, position::Position, time::Time};
use serde::{Deserialize, Serialize};

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

/// `log.level_raised`: an operator allows the event types of a newer release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LevelRaised {
    /// Before.
    pub before: u32,
    /// After.
    pub after: u32,
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

no_private_text!(LogStarted, LevelRaised, KindsChanged, RulesChanged, KeyRotated, ExportMade);
