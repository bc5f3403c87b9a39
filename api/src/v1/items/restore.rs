//! `POST /v1/items/{kind}/{id}/restore`: brings an item back from retirement, shared with nobody.

use super::{ItemResource, item_after, item_answer, item_reply};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    state::AppState,
    v1::shape::Answer,
};
use axum::{extract::State, response::Response};
use domain::item::ItemCommand;

/// Bring an item back from retirement
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/restore", tag = "items",
    responses((status = 200, description = "As it is now", body = Answer<ItemResource>)))]
pub async fn restore_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Response> {
    let outcome = app.commands.item(&request, &item, ItemCommand::Restore).await?;
    let resource = ItemResource { item: item_after(&app, &request.caller, &item, &outcome).await? };
    let answer = item_answer(&item, &outcome, resource);
    Ok(item_reply(&app, &item, &outcome, answer))
}
