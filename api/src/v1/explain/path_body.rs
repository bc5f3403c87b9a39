//! The body of an access path, and of the events that made it.

use crate::v1::shape::{ActorBody, EventItem, EventVia, PrincipalBody, ProvenanceBody, words};
use domain::{
    access::{AccessPath, PathSource},
    event::Visibility,
    id::{AccountId, GrantId, LinkId},
    position::EventId,
    role::{Permissions, Role, Withheld},
    time::Time,
};
use serde::Serialize;
use utoipa::ToSchema;

/// An act that made a way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActBody {
    /// Position and index of its event.
    #[schema(value_type = String, example = "42-0")]
    pub id: EventId,
    /// When it took effect.
    #[schema(value_type = words::Instant)]
    pub time: Time,
    /// Stored name of the event.
    #[serde(rename = "type")]
    #[schema(example = "grant.given")]
    pub name: &'static str,
    #[serde(skip)]
    pub(super) by: Option<AccountId>,
    /// Who did it.
    pub actor: ActorBody,
    /// Through what.
    pub via: EventVia,
    /// The ticket.
    pub ticket: Option<String>,
    /// In plain words, without private text.
    #[schema(example = "a-17 granted a-22 the role viewer on history 8f3a until 1 January 2027")]
    pub text: String,
}

/// A way that permits it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WayBody {
    /// `owner`, `grant`, `group`, `library`, `container`, `visibility` or `link`.
    #[schema(example = "grant")]
    pub via: &'static str,
    /// The container that it lies on; absent = the item itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<EventItem>,
    /// The grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub grant: Option<GrantId>,
    /// To whom the grant was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PrincipalBody>,
    /// The link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub link: Option<LinkId>,
    /// Whose library is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library_of: Option<PrincipalBody>,
    /// To whom the item is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Visibility>)]
    pub open_to: Option<Visibility>,
    /// The role it gives.
    #[schema(value_type = words::Role)]
    pub role: Role,
    /// What it holds back of the role.
    #[schema(value_type = Vec<words::Withheld>)]
    pub withhold: Vec<Withheld>,
    /// What it permits.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    pub ends_at: Option<Time>,
    /// Where a grant came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceBody>,
    /// Who gave it; null = the service itself, or an application for nobody.
    pub given_by: Option<PrincipalBody>,
    /// The events that made it what it is, in order.
    #[schema(value_type = Vec<String>, example = json!(["42-0", "44-0"]))]
    pub events: Vec<EventId>,
    /// The same as acts.
    pub acts: Vec<ActBody>,
}

impl WayBody {
    /// A path, with the acts that made it.
    pub(super) fn new(path: &AccessPath, acts: Vec<ActBody>) -> Self {
        let granted = path.source.granted();
        let library_of = match &path.source {
            PathSource::Library { owner } => Some(PrincipalBody::account(owner)),
            PathSource::Owner
            | PathSource::Grant { .. }
            | PathSource::Visibility { .. }
            | PathSource::Link { .. } => None,
        };
        Self {
            via: path.kind().name(),
            container: path.container.clone().map(Into::into),
            grant: path.source.grant(),
            to: granted.map(|(grantee, _)| PrincipalBody::from(&grantee.principal())),
            link: path.source.link(),
            library_of,
            open_to: path.source.open_to(),
            role: path.role,
            withhold: path.withhold.clone(),
            permissions: path.permissions,
            starts_at: path.window.starts_at,
            ends_at: path.window.ends_at,
            provenance: granted.map(|(_, provenance)| provenance.clone().into()),
            given_by: acts.first().and_then(|act| act.by.as_ref()).map(PrincipalBody::account),
            events: acts.iter().map(|act| act.id).collect(),
            acts,
        }
    }
}
