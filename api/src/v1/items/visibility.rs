//! `PUT /v1/items/{kind}/{id}/visibility`: sets who sees an item without a grant.

use super::{item_after, item_answer, item_reply};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::shape::{AlsoBody, Changed, ItemBody, also, still_open_all, words},
};
use axum::extract::State;
use domain::{
    event::{EventType, Scope, Visibility},
    item::ItemCommand,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The visibility to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutVisibility {
    /// Who sees the item without a grant.
    #[schema(value_type = words::Visibility)]
    visibility: Visibility,
}

/// What a change of visibility answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisibilityResource {
    /// The item.
    pub item: ItemBody,
    /// What else it changed: a narrowed item is unpublished.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlsoBody>,
}

register! {
    put_visibility => RouteAccess::command(ACTORS, Scope::Sharing),
        "The item as it is now, and what still gives access";
}

/// Set who sees an item without a grant
#[utoipa::path(put, path = "/v1/items/{kind}/{id}/visibility", tag = "items")]
pub async fn put_visibility(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    call: CommandRequest<PutVisibility>,
) -> ApiResult<Changed<VisibilityResource>> {
    let CommandRequest { request, body, .. } = call.with_before();
    let command = ItemCommand::SetVisibility(body.visibility);
    let outcome = app.commands.item(&request, &item, command).await?;
    let resource = VisibilityResource {
        item: item_after(&app, &request.caller, &item, &outcome).await?,
        also: also(&outcome.events, EventType::VisibilityChanged),
    };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.still_open = Some(still_open_all(&outcome.after, outcome.at));
    Ok(item_reply(&app, &item, &outcome, answer))
}
