//! The routes of visits.

pub mod open;
pub mod swap;

use super::shape::ItemName;
use crate::{answer::Read, extract::RequestMeta, routing::Routes, state::AppState};
use commands::LinkVisit;
use domain::{id::LinkId, role::Permissions, time::Time};
use serde::Serialize;
use utoipa::ToSchema;

/// The routes.
pub fn routes() -> Routes {
    Routes::default().merge(open::routes()).merge(swap::routes())
}

/// Which link was opened.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedLink {
    /// Its id.
    #[schema(value_type = String)]
    pub id: LinkId,
}

/// An opened link.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedBody {
    /// The visit; send it as `Sharelog-Visit` with requests of the visitor.
    pub visit: String,
    /// First instant at which the visit is over.
    #[schema(value_type = super::shape::words::Instant)]
    pub ends_at: Time,
    /// The item.
    pub item: ItemName,
    /// What the visitor may do now.
    #[schema(value_type = Vec<super::shape::words::Permission>)]
    pub permissions: Permissions,
    /// The link.
    pub link: OpenedLink,
    /// The application's own text in the link.
    pub state: Option<String>,
    /// Would accepting give the visitor a grant?
    pub can_join: bool,
}

fn answer(app: &AppState, meta: &RequestMeta, opened: LinkVisit) -> Read<OpenedBody> {
    let body = OpenedBody {
        visit: opened.visit.expose().to_owned(),
        ends_at: opened.ends_at,
        item: ItemName::new(&opened.item, &opened.state),
        permissions: opened.permissions,
        link: OpenedLink { id: opened.link },
        state: opened.view_state,
        can_join: opened.can_join,
    };
    Read::new(app, meta.position_of(opened.position), body)
}
