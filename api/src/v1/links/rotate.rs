//! `POST /v1/items/{kind}/{id}/links/{link}/rotate`: a new secret for the same link.

use super::{LinkResource, link_reply};
use crate::{
    extract::{CommandRequest, LinkPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::shape::Changed,
};
use axum::extract::State;
use domain::{event::Scope, item::ItemCommand};

register! {
    rotate_link => RouteAccess::command(ACTORS, Scope::Sharing),
        "The link with its new address";
}

/// Give a link a new secret; the old one stops at once
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/links/{link}/rotate", tag = "links")]
pub async fn rotate_link(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<LinkResource>> {
    let outcome = app.commands.item(&request, &item, ItemCommand::RotateLink(link)).await?;
    link_reply(&app, &request.caller, &item, &outcome, link).await
}
