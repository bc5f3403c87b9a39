//! `POST /v1/items/{kind}/{id}/reopen`: compensate a closing.

use super::{EndedCounts, item_after, item_answer, item_reply};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::shape::{Changed, ItemBody, still_open_all, words},
};
use axum::extract::State;
use domain::{
    event::{ItemEvent, Restore, Scope},
    item::ItemCommand,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is brought back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenItem {
    /// Nothing, or all that the closing ended and whose end has not passed.
    #[schema(value_type = words::Restore)]
    restore: Restore,
}

/// What a reopening answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReopenedResource {
    /// The item.
    pub item: ItemBody,
    /// How much is brought back; restored links have new secrets.
    pub restored: EndedCounts,
}

register! {
    reopen_item => RouteAccess::command(ACTORS, Scope::Items),
        "The item as it is now";
}

/// Reopen a closed item
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/reopen", tag = "items")]
pub async fn reopen_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, body, .. }: CommandRequest<ReopenItem>,
) -> ApiResult<Changed<ReopenedResource>> {
    let outcome = app.commands.item(&request, &item, ItemCommand::Reopen(body.restore)).await?;
    let restored = outcome.events.iter().find_map(|recorded| {
        if let ItemEvent::Reopened(reopened) = &recorded.event {
            Some(reopened.restored.into())
        } else {
            None
        }
    });
    let resource = ReopenedResource {
        item: item_after(&app, &request.caller, &item, &outcome).await?,
        restored: restored.unwrap_or_default(),
    };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.still_open = Some(still_open_all(&outcome.after, outcome.at));
    Ok(item_reply(&app, &item, &outcome, answer))
}
