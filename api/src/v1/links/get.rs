//! `GET /v1/items/{kind}/{id}/links/{link}`: one link.

use crate::{
    extract::{LinkPath, RequestMeta},
    problem::{ApiResult, Problem},
    state::AppState,
    v1::{
        item_access::{VisibleItem, load_visible},
        shape::{LinkBody, Page, link_body, shows_secret},
    },
};
use axum::{extract::State, response::Response};
use domain::{id::LinkId, item::OpenLink, position::Position, role::Permission};
use serde::Serialize;
use utoipa::ToSchema;

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkAnswer {
    /// The link.
    #[serde(flatten)]
    pub link: LinkBody,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// Did the caller make this link? Those who may not share see their own ones only.
pub(super) fn own(meta: &RequestMeta, open: &OpenLink) -> bool {
    meta.caller.account.is_some() && open.created_by.account == meta.caller.account
}

/// A link as the caller sees it now.
pub(super) async fn shown(
    app: &AppState,
    meta: &RequestMeta,
    seen: &VisibleItem,
    link: LinkId,
    open: &OpenLink,
) -> ApiResult<LinkBody> {
    let limited = open.terms.max_visits.is_some();
    let used = if limited { app.commands.link_uses(link).await? } else { 0 };
    let body = link_body(link, open, used, seen.now);
    if shows_secret(&meta.caller, seen.access.rights, open) {
        body.with_secret(app, open.generation)
    } else {
        Ok(body)
    }
}

/// One link
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/links/{link}", tag = "links", responses(
    (status = 200, description = "The link", body = LinkAnswer),
    (status = 304, description = "The caller holds this version"),
))]
pub async fn get_link(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    meta: RequestMeta,
) -> ApiResult<Response> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let open = seen.state.links.get(&link);
    if !open.is_some_and(|open| own(&meta, open)) {
        seen.require(Permission::Share)?;
    }
    let open = open.ok_or_else(|| Problem::not_found("link"))?;
    let body = shown(&app, &meta, &seen, link, open).await?;
    let page = Page::current(&app, &meta, seen.state.position, Some(open.version));
    let answer = LinkAnswer { link: body, position: page.position };
    // Uses are counted beside the link, so that a limited one's answer changes without its version.
    if open.terms.max_visits.is_some() {
        let mut fresh = meta.clone();
        fresh.preconditions.none_match = None;
        return Ok(page.json(&fresh, answer));
    }
    Ok(page.json(&meta, answer))
}
