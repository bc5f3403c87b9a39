//! `GET /v1/items/{kind}/{id}/links`: the links of an item.

use super::get::{own, shown};
use crate::{
    extract::{ItemPath, ListQuery, Params, RequestMeta, RowPage, paginate},
    problem::ApiResult,
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        grants::made_by,
        item_access::load_visible,
        shape::{LinkBody, List, Listed},
    },
};
use axum::extract::State;
use domain::role::Permission;

register! {
    list_links => RouteAccess::read(ALL),
        "A page of links", CursorMismatch;
}

/// The links of an item, oldest first
///
/// Callers who may not share see those that they made. Revoked ones are gone.
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/links", tag = "links")]
pub async fn list_links(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<ListQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<LinkBody>> {
    let page = query.page()?;
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let sharer = seen.access.see(Permission::Share);
    if !sharer {
        seen.require(Permission::View)?;
    }
    let rows: Vec<_> =
        seen.state.links.iter().filter(|(_, open)| sharer || own(&meta, open)).collect();
    let RowPage { rows, next, total } =
        paginate(&format!("links {item}"), &page, rows, |(_, open)| made_by(&open.events))?;
    let mut bodies = Vec::with_capacity(rows.len());
    for (link, open) in rows {
        bodies.push(shown(&app, &meta, &seen, *link, open).await?);
    }
    let position = meta.position_of(seen.state.position);
    let list = List::from_rows(RowPage { rows: bodies, next, total }, position);
    Ok(Listed::new(&app, position, list))
}
