//! Payload of the events on a limited link's stream. A storage format: see the catalogue.

use super::{AuditPayload, Payload};
use crate::{
    id::{ItemRef, VisitId},
    private_text::HoldsPrivateText,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `link.used`: one of a limited number of openings was consumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkUsed {
    /// The link's item.
    pub item: ItemRef,
    /// The generation that was opened.
    pub generation: u32,
    /// The visit it became.
    pub visit: VisitId,
    /// How many uses there are with this one.
    pub used: u32,
}
impl HoldsPrivateText for LinkUsed {}

impl Payload for LinkUsed {
    fn summary(&self, target: &str) -> String {
        let ItemRef { kind, id } = &self.item;
        format!("opened {target} to {kind} {id} (use {})", self.used)
    }
    fn audit(&self) -> AuditPayload {
        let after = json!({
            "generation": self.generation, "visit": self.visit, "used": self.used
        });
        AuditPayload { item: Some(self.item.clone()), ..AuditPayload::start(after) }
    }
}
