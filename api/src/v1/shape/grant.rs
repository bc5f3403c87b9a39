//! The body of a grant.

use super::words;
use domain::{
    event::{
        EndCause, Grant, GrantTermsRequested, ItemEvent, Provenance, ProvenanceKind, Recorded,
    },
    id::GrantId,
    item::OpenGrant,
    position::Position,
    principal::Grantee,
    role::{Role, Withheld},
    time::Time,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a grant came from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProvenanceBody {
    /// What kind of act.
    #[schema(value_type = words::ProvenanceKind)]
    pub kind: ProvenanceKind,
    /// The link, invitation, transfer or request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl From<Provenance> for ProvenanceBody {
    fn from(provenance: Provenance) -> Self {
        Self { kind: provenance.kind, id: provenance.id }
    }
}

/// What was asked for, where policy changed it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedBody {
    /// The end.
    #[schema(value_type = Option<words::Instant>)]
    pub ends_at: Option<Time>,
}

impl From<&GrantTermsRequested> for AskedBody {
    fn from(asked: &GrantTermsRequested) -> Self {
        Self { ends_at: asked.ends_at }
    }
}

/// A grant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GrantBody {
    /// Its id.
    #[schema(value_type = String, example = "gr_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d")]
    pub id: GrantId,
    /// Whom it is for.
    #[schema(value_type = super::principal::PrincipalBody)]
    pub grantee: Grantee,
    /// What it permits.
    #[schema(value_type = words::Role)]
    pub role: Role,
    /// What it holds back of the role.
    #[schema(value_type = Vec<words::Withheld>)]
    pub withhold: Vec<Withheld>,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    pub ends_at: Option<Time>,
    /// What was asked for, where policy changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedBody>,
    /// Where it came from.
    pub provenance: ProvenanceBody,
    /// When it was given.
    #[schema(value_type = words::Instant)]
    pub given_at: Time,
    /// Position of its last change.
    #[schema(value_type = u64)]
    pub version: Position,
}

/// A grant as it is in a state.
pub fn grant_body(open: &OpenGrant) -> GrantBody {
    let Grant { grant, grantee, role, withhold, starts_at, ends_at, provenance } = &open.grant;
    GrantBody {
        id: *grant,
        grantee: grantee.clone(),
        role: *role,
        withhold: withhold.clone(),
        starts_at: *starts_at,
        ends_at: *ends_at,
        asked: open.asked.as_ref().map(Into::into),
        provenance: provenance.clone().into(),
        given_at: open.given_at,
        version: open.version,
    }
}

/// A grant that a command ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EndedGrant {
    /// Which.
    #[schema(value_type = String)]
    pub grant: GrantId,
    /// Whom it was for.
    #[schema(value_type = super::principal::PrincipalBody)]
    pub grantee: Grantee,
    /// What it permitted.
    #[schema(value_type = words::Role)]
    pub role: Role,
    /// Why it ended.
    #[schema(value_type = String, example = "unshared")]
    pub cause: EndCause,
}

/// The grants that events ended one by one.
pub fn grants_ended(events: &[Recorded<ItemEvent>]) -> Vec<EndedGrant> {
    let ended = |recorded: &Recorded<ItemEvent>| {
        if let ItemEvent::GrantEnded(ended) = &recorded.event {
            Some(EndedGrant {
                grant: ended.grant,
                grantee: ended.grantee.clone(),
                role: ended.before.role,
                cause: ended.cause,
            })
        } else {
            None
        }
    };
    events.iter().filter_map(ended).collect()
}
