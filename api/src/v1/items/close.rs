//! `POST /v1/items/{kind}/{id}/close`: end all sharing of an item at once.

use super::{EndedCounts, item_after, item_answer, item_reply};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::shape::{Changed, EndedGrant, ItemBody},
};
use axum::extract::State;
use commands::Outcome;
use domain::{
    event::{EndCause, ItemEvent, Scope},
    item::{ItemCommand, ItemState},
};
use serde::Serialize;
use utoipa::ToSchema;

/// At most so many of the ended grants are listed.
const MAX_ENDED_LISTED: usize = 200;

/// What a closing or retiring answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedResource {
    /// The item.
    pub item: ItemBody,
    /// How much was ended in all; `ended` lists the first 200 grants.
    pub ended_counts: EndedCounts,
}

/// What the one event of a closing or retiring ended.
pub(super) fn by_rule(outcome: &Outcome<ItemState>) -> (EndedCounts, Vec<EndedGrant>) {
    let counts = outcome.events.iter().find_map(|recorded| {
        if let ItemEvent::Closed(closed) = &recorded.event {
            Some(closed.ended.into())
        } else if let ItemEvent::Retired(retired) = &recorded.event {
            Some(retired.ended.into())
        } else {
            None
        }
    });
    let Some(counts) = counts else { return (EndedCounts::default(), Vec::new()) };
    let before = outcome.before.iter().flat_map(|before| before.grants.values());
    let ended = before
        .map(|open| &open.grant)
        .filter(|grant| grant.ends_at.is_none_or(|end| end > outcome.at))
        .map(|grant| EndedGrant {
            grant: grant.grant,
            grantee: grant.grantee.clone(),
            role: grant.role,
            cause: EndCause::Closed,
        });
    (counts, ended.take(MAX_ENDED_LISTED).collect())
}

register! {
    close_item => RouteAccess::command(ACTORS, Scope::Items),
        "Closed; what it ended";
}

/// End all sharing of an item at once
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/close", tag = "items")]
pub async fn close_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    call: CommandRequest,
) -> ApiResult<Changed<EndedResource>> {
    let CommandRequest { request, .. } = call.with_before();
    let outcome = app.commands.item(&request, &item, ItemCommand::Close).await?;
    let body = item_after(&app, &request.caller, &item, &outcome).await?;
    let (ended_counts, ended) = by_rule(&outcome);
    let resource = EndedResource { item: body, ended_counts };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.ended = Some(ended);
    answer.still_open = Some(Vec::new());
    Ok(item_reply(&app, &item, &outcome, answer))
}
