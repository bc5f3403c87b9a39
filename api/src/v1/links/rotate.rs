//! `POST /v1/items/{kind}/{id}/links/{link}/rotate`: a new secret for the same link.

use super::{LinkResource, link_reply};
use crate::{
    extract::{CommandRequest, LinkPath},
    problem::ApiResult,
    state::AppState,
    v1::shape::Answer,
};
use axum::{extract::State, response::Response};
use domain::item::ItemCommand;

/// Give a link a new secret; the old one stops at once
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/links/{link}/rotate", tag = "links",
    responses((status = 200, description = "With its new address", body = Answer<LinkResource>)))]
pub async fn rotate_link(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Response> {
    let outcome = app.commands.item(&request, &item, ItemCommand::RotateLink(link)).await?;
    link_reply(&app, &request.caller, &item, &outcome, link).await
}
