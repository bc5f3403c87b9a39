//! The lifecycle of an item.

use serde::{Deserialize, Serialize};

/// Where in its life an item is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Never registered.
    #[default]
    Unknown,
    /// Shared as its grants say.
    Open,
    /// Nobody but its owner.
    Closed,
    /// Nobody.
    Retired,
}
