//! `GET /v1/items/{kind}/{id}/grants`: the open grants of an item.

use crate::{
    extract::{ItemPath, ListQuery, Params, RequestMeta, RowPage, paginate},
    problem::ApiResult,
    state::AppState,
    v1::{
        item_access::load_visible,
        shape::{GrantBody, List, Page, grant_body},
    },
};
use axum::{extract::State, response::Response};
use domain::{event_ids::EventIds, role::Permission};

/// The place of an entity in lists: the event that made it.
pub fn made_by(events: &EventIds) -> String {
    let first = events.first().map_or((0, 0), |id| (id.position.0, id.index));
    format!("{:020}-{:010}", first.0, first.1)
}

/// The open grants of an item, oldest first
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/grants", tag = "grants", params(ListQuery),
    responses((status = 200, description = "A page", body = List<GrantBody>)))]
pub async fn list_grants(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<ListQuery>,
    meta: RequestMeta,
) -> ApiResult<Response> {
    let page = query.page()?;
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    seen.require(Permission::Share)?;
    let open = seen.state.grants.values();
    let rows = open.filter(|open| open.grant.ends_at.is_none_or(|end| end > seen.now)).collect();
    let RowPage { rows, next, total } =
        paginate(&format!("grants {item}"), &page, rows, |open| made_by(&open.events))?;
    let rows = RowPage { rows: rows.into_iter().map(grant_body).collect(), next, total };
    let answer = Page::current(&app, &meta, seen.state.position, None);
    Ok(answer.json(&meta, List::from_rows(rows, answer.position)))
}
