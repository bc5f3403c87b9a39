//! Payloads of an item's life: visibility, closing, retirement. A storage format: see the
//! catalogue.

use crate::{
    event::{AuditPayload, Payload, summary},
    position::Position,
    private_text::HoldsPrivateText,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Who sees an item without any grant. Ordered from the narrowest on.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Nobody.
    #[default]
    Restricted,
    /// Any account.
    Internal,
    /// Anyone.
    Public,
}

impl Visibility {
    /// All, from the narrowest on.
    pub const ALL: [Self; 3] = [Self::Restricted, Self::Internal, Self::Public];
}

/// `item.visibility_changed`: who sees it without a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct VisibilityChanged {
    /// Before.
    pub before: Visibility,
    /// After.
    pub after: Visibility,
}
impl HoldsPrivateText for VisibilityChanged {}

impl Payload for VisibilityChanged {
    fn summary(&self, target: &str) -> String {
        let (before, after) = (summary::visibility(self.before), summary::visibility(self.after));
        format!("changed who sees {target} without a grant from {before} to {after}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(self.before, self.after)
    }
}

/// How much a by-rule ending ended; what had passed its end before is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct Ended {
    /// Open grants.
    pub grants: u32,
    /// Open links.
    pub links: u32,
    /// Publications, 0 or 1.
    pub publications: u32,
}

/// `item.closed`: ends every grant and link, the publication and the visibility, and cuts inherited
/// paths. One event, whatever the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ItemClosed {
    /// How much it ended.
    pub ended: Ended,
    /// Visibility before; restricted after.
    pub visibility: Visibility,
}
impl HoldsPrivateText for ItemClosed {}

impl Payload for ItemClosed {
    fn summary(&self, target: &str) -> String {
        format!("closed {target}, {}", summary::ending(&self.ended))
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(
            json!({ "state": "open", "visibility": self.visibility }),
            json!({ "state": "closed", "ended": self.ended }),
        )
    }
}

/// What a reopening brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// Nothing: the item is open and shared with nobody.
    Nothing,
    /// All that the closing ended and whose end has not passed; links with a new secret.
    All,
}

/// `item.reopened`: the compensating commit of a closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ItemReopened {
    /// What is brought back.
    pub restore: Restore,
    /// The position of the `item.closed` it compensates.
    pub closed_at: Position,
    /// How much is brought back. Restored links have their generation raised by one.
    pub restored: Ended,
    /// Visibility after.
    pub visibility: Visibility,
}
impl HoldsPrivateText for ItemReopened {}

impl Payload for ItemReopened {
    fn summary(&self, target: &str) -> String {
        match self.restore {
            Restore::Nothing => format!("reopened {target}, restoring nothing"),
            Restore::All => {
                format!("reopened {target}, restoring {}", summary::numbers(&self.restored))
            }
        }
    }
    fn audit(&self) -> AuditPayload {
        let after = json!({
            "state": "open", "visibility": self.visibility, "restore": self.restore,
            "restored": self.restored, "closed_at": self.closed_at,
        });
        AuditPayload::change(json!({ "state": "closed" }), after)
    }
}

/// `item.retired`: the application deleted it; ends everything, nobody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ItemRetired {
    /// How much it ended.
    pub ended: Ended,
    /// Visibility before.
    pub visibility: Visibility,
}
impl HoldsPrivateText for ItemRetired {}

impl Payload for ItemRetired {
    fn summary(&self, target: &str) -> String {
        format!("retired {target}, {}", summary::ending(&self.ended))
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(
            json!({ "visibility": self.visibility }),
            json!({ "state": "retired", "ended": self.ended }),
        )
    }
}

/// `item.restored`: back from retirement, open and shared with nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ItemRestored {
    /// The position of the `item.retired` it compensates.
    pub retired_at: Position,
}
impl HoldsPrivateText for ItemRestored {}

impl Payload for ItemRestored {
    fn summary(&self, target: &str) -> String {
        format!("restored {target} from retirement, shared with nobody")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(
            json!({ "state": "retired" }),
            json!({ "state": "open", "retired_at": self.retired_at }),
        )
    }
}
