//! The access that remains after something was ended or narrowed.

use super::{PrincipalBody, words};
use domain::{
    access::AccessPath,
    event::Visibility,
    id::{GrantId, LinkId},
    item::{self, ItemState},
    principal::Principal,
    role::Role,
    time::Time,
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

/// A path as the answer shows it; whom a grant is for is shown when the list is not about that
/// one.
fn entry(path: &AccessPath, of_everybody: bool) -> StillOpen {
    let grantee = path.source.granted().filter(|_| of_everybody);
    StillOpen {
        via: path.source.name(),
        role: Some(path.role),
        grant: path.source.grant(),
        grantee: grantee.map(|(grantee, _)| (&grantee.principal()).into()),
        group: None,
        link: path.source.link(),
        visibility: path.source.open_to(),
    }
}

/// What still gives access to one principal by its name, as far as the item alone tells. Links are
/// left out: who holds one is not known.
pub fn still_open(state: &ItemState, principal: &Principal, now: Time) -> Vec<StillOpen> {
    let paths = item::remaining_paths(state, principal, now).into_iter();
    let named = paths.filter(|path| path.source.link().is_none());
    named.take(LIMIT).map(|path| entry(&path, false)).collect()
}

/// Everything that still gives access, now or later, to anybody but the owner, at most 200.
pub fn still_open_all(state: &ItemState, now: Time) -> Vec<StillOpen> {
    let paths = item::remaining_paths_of_all(state, now).into_iter();
    paths.take(LIMIT).map(|path| entry(&path, true)).collect()
}
