//! The body of an explanation.

use super::{path_body::WayBody, refusal::RefusalBody};
use crate::v1::{
    access::AsOfBody,
    shape::{EventItem, PrincipalBody, words},
};
use domain::{
    id::ItemRef,
    position::Position,
    role::{Permission, Permissions, Role},
    time::Time,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Why somebody may do something with an item, or why not.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Explanation {
    /// About whom.
    pub subject: PrincipalBody,
    /// With what.
    pub item: EventItem,
    /// What.
    pub action: &'static str,
    /// May it?
    pub decision: bool,
    /// The moment.
    pub as_of: AsOfBody,
    /// When the item was registered: before, access is unknown, not nobody.
    #[schema(value_type = Option<words::Instant>)]
    pub known_from: Option<Time>,
    /// Version of the role table in force then.
    pub rules: u32,
    /// The strongest role within all that it may do.
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// All that it may do.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// First instant at which that could change by the clock alone; null = none, or in the past.
    #[schema(value_type = Option<words::Instant>)]
    pub valid_until: Option<Time>,
    /// The ways that permit it.
    pub paths: Vec<WayBody>,
    /// Why not; null = it may.
    pub refusal: Option<RefusalBody>,
    /// Why openings of links that were presented gave nothing, and what cannot be told now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The last position known.
    #[schema(value_type = u64)]
    pub position: Position,
}

impl Explanation {
    pub(super) fn empty(
        subject: PrincipalBody,
        item: &ItemRef,
        action: Permission,
        time: Time,
        position: Position,
    ) -> Self {
        Self {
            subject,
            item: item.clone().into(),
            action: action.name(),
            decision: false,
            as_of: AsOfBody { time, position },
            known_from: None,
            rules: 0,
            role: None,
            permissions: Permissions::NONE,
            valid_until: None,
            paths: Vec::new(),
            refusal: None,
            warnings: Vec::new(),
            position,
        }
    }
}
