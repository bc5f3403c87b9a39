//! What still gives access after something was ended or narrowed?

use super::{PrincipalBody, words};
use domain::{
    event::Visibility,
    id::{GrantId, LinkId},
    item::ItemState,
    principal::Principal,
    role::Role,
    time::{Time, Window},
};
use serde::Serialize;
use utoipa::ToSchema;

/// At most so many are listed.
const LIMIT: usize = 200;

/// Something that still gives access.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct StillOpen {
    /// By which way.
    #[schema(example = "grant")]
    pub via: &'static str,
    /// What it permits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// The grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub grant: Option<GrantId>,
    /// Whom the grant is for, when the list is not about one principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grantee: Option<PrincipalBody>,
    /// The group through which it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<PrincipalBody>,
    /// The link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub link: Option<LinkId>,
    /// The visibility.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Visibility>)]
    pub visibility: Option<Visibility>,
}

fn by_visibility(state: &ItemState) -> Option<StillOpen> {
    (state.visibility != Visibility::Restricted).then(|| StillOpen {
        via: "visibility",
        role: Some(Role::Viewer),
        visibility: Some(state.visibility),
        ..StillOpen::default()
    })
}

/// What still gives access to one principal, as far as it can be known from the item alone.
pub fn still_open(state: &ItemState, principal: &Principal, now: Time) -> Vec<StillOpen> {
    let is_owner = matches!(principal, Principal::Account(id) if state.owner.as_ref() == Some(id));
    let owned = is_owner.then(|| StillOpen {
        via: "owner",
        role: Some(Role::Owner),
        ..StillOpen::default()
    });
    let grants = state.grants.values().filter(|open| {
        let window = Window { starts_at: open.grant.starts_at, ends_at: open.grant.ends_at };
        open.grant.grantee.principal() == *principal && !window.ended(now)
    });
    let granted = grants.map(|open| StillOpen {
        via: "grant",
        role: Some(open.grant.role),
        grant: Some(open.grant.grant),
        ..StillOpen::default()
    });
    owned.into_iter().chain(granted).chain(by_visibility(state)).take(LIMIT).collect()
}

/// Everything that still gives access to anybody but the owner, at most 200.
pub fn still_open_all(state: &ItemState, now: Time) -> Vec<StillOpen> {
    let grants =
        state.grants.values().filter(|open| open.grant.ends_at.is_none_or(|end| end > now)).map(
            |open| StillOpen {
                via: "grant",
                role: Some(open.grant.role),
                grant: Some(open.grant.grant),
                grantee: Some((&open.grant.grantee.principal()).into()),
                ..StillOpen::default()
            },
        );
    let links =
        state.links.iter().filter(|(_, open)| open.terms.ends_at.is_none_or(|end| end > now)).map(
            |(link, open)| StillOpen {
                via: "link",
                role: Some(open.terms.role),
                link: Some(*link),
                ..StillOpen::default()
            },
        );
    by_visibility(state).into_iter().chain(links).chain(grants).take(LIMIT).collect()
}
