//! Payload of the events on a limited link's stream. A storage format: see the catalogue.

use super::no_private_text;
use crate::id::{ItemRef, VisitId};
use serde::{Deserialize, Serialize};

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

no_private_text!(LinkUsed);
