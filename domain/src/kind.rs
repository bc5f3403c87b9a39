//! What may be done with items of a kind? Kinds are data.

use crate::id::KindName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All kinds of a deployment, by name.
pub type Kinds = BTreeMap<KindName, Kind>;

/// Does access to a container flow to its parts?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartsAccess {
    /// Who has access to the container has it to the parts.
    Follow,
    /// Parts are shared separately.
    #[default]
    Separate,
}

/// One kind of items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// May links be made?
    #[serde(default = "yes")]
    pub linkable: bool,
    /// May it be listed in the catalog?
    #[serde(default = "yes")]
    pub publishable: bool,
    /// May it be copied?
    #[serde(default = "yes")]
    pub copyable: bool,
    /// Kinds that its parts may have; empty = it holds no parts.
    #[serde(default)]
    pub parts: Vec<KindName>,
    /// Does access flow to parts?
    #[serde(default)]
    pub access: PartsAccess,
    /// Does it store `content` (16 KiB)?
    #[serde(default)]
    pub content: bool,
    /// Where a person is sent: an address with `{kind}` and `{id}` in it; none = our own page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

const fn yes() -> bool {
    true
}
