//! `POST /v1/items/{kind}/{id}/restore`: brings an item back from retirement, shared with nobody.

use super::{ItemResource, item_after, item_answer, item_reply};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::shape::Changed,
};
use axum::extract::State;
use domain::{event::Scope, item::ItemCommand};

register! {
    restore_item => RouteAccess::command(ACTORS, Scope::Items),
        "The item as it is now";
}

/// Bring an item back from retirement
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/restore", tag = "items")]
pub async fn restore_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<ItemResource>> {
    let outcome = app.commands.item(&request, &item, ItemCommand::Restore).await?;
    let resource = ItemResource { item: item_after(&app, &request.caller, &item, &outcome).await? };
    let answer = item_answer(&item, &outcome, resource);
    Ok(item_reply(&app, &item, &outcome, answer))
}
