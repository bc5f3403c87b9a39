//! The routes of an item's whole sharing state: visibility and direct grants as one.

pub mod get;
pub mod put;

use super::shape::{GrantBody, grant_body, words};
use crate::routing::Routes;
use domain::{
    event::{ProvenanceKind, Visibility},
    item::ItemState,
    position::Position,
    time::Time,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The routes.
pub fn routes() -> Routes {
    Routes::default().merge(get::routes()).merge(put::routes())
}

/// Visibility and direct grants.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharingBody {
    /// Who sees the item without a grant.
    #[schema(value_type = words::Visibility)]
    pub visibility: Visibility,
    /// All open direct grants.
    pub grants: Vec<GrantBody>,
    /// Position of the last change of either; the `ETag`.
    #[schema(value_type = u64)]
    pub version: Position,
}

fn sharing_body(state: &ItemState, now: Time) -> SharingBody {
    let mut open: Vec<_> = state
        .grants
        .values()
        .filter(|open| open.grant.provenance.kind == ProvenanceKind::Direct)
        .filter(|open| open.grant.ends_at.is_none_or(|end| end > now))
        .collect();
    open.sort_by_key(|open| open.events.first());
    SharingBody {
        visibility: state.visibility,
        grants: open.into_iter().map(grant_body).collect(),
        version: state.sharing_version,
    }
}
