//! `GET /v1/items/{kind}/{id}/grants`: the open grants of an item.

use crate::{
    extract::{ItemPath, ListQuery, Params, RequestMeta, RowPage, paginate},
    problem::ApiResult,
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        item_access::load_visible,
        shape::{GrantBody, List, Listed, grant_body},
    },
};
use axum::extract::State;
use domain::{event_ids::EventIds, role::Permission};

/// The place of an entity in lists: the event that made it.
pub fn made_by(events: &EventIds) -> String {
    let first = events.first().map_or((0, 0), |id| (id.position.0, id.index));
    format!("{:020}-{:010}", first.0, first.1)
}

register! {
    list_grants => RouteAccess::read(ALL),
        "A page of grants", CursorMismatch;
}

/// The open grants of an item, oldest first
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/grants", tag = "grants")]
pub async fn list_grants(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<ListQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<GrantBody>> {
    let page = query.page()?;
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    seen.require(Permission::Share)?;
    let open = seen.state.grants.values();
    let rows = open.filter(|open| open.grant.ends_at.is_none_or(|end| end > seen.now)).collect();
    let RowPage { rows, next, total } =
        paginate(&format!("grants {item}"), &page, rows, |open| made_by(&open.events))?;
    let rows = RowPage { rows: rows.into_iter().map(grant_body).collect(), next, total };
    let position = meta.position_of(seen.state.position);
    Ok(Listed::new(&app, position, List::from_rows(rows, position)))
}
