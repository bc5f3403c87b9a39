//! `GET /v1/items/{kind}/{id}/links/{link}`: one link.

use crate::{
    answer::Versioned,
    extract::{LinkPath, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        item_access::{VisibleItem, load_visible},
        shape::{LinkBody, link_body, shows_secret},
    },
};
use axum::extract::State;
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

register! {
    get_link => RouteAccess::read(ALL),
        "The link";
}

/// One link
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/links/{link}", tag = "links")]
pub async fn get_link(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    meta: RequestMeta,
) -> ApiResult<Versioned<LinkAnswer>> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let open = seen.state.links.get(&link);
    if !open.is_some_and(|open| own(&meta, open)) {
        seen.require(Permission::Share)?;
    }
    let open = open.ok_or_else(|| Problem::not_found("link"))?;
    let body = shown(&app, &meta, &seen, link, open).await?;
    let position = meta.position_of(seen.state.position);
    let answer = LinkAnswer { link: body, position };
    // Uses are counted beside the link, so that a limited one's answer changes without its version.
    if open.terms.max_visits.is_some() {
        let mut fresh = meta.clone();
        fresh.preconditions.none_match = None;
        return Ok(Versioned::new(&app, &fresh, (position, open.version), answer));
    }
    Ok(Versioned::new(&app, &meta, (position, open.version), answer))
}
