//! `DELETE /v1/items/{kind}/{id}`: the application deleted the item; it is retired.

use super::{
    close::{EndedResource, by_rule},
    item_after, item_answer, item_reply,
};
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
    delete_item => RouteAccess::command(ACTORS, Scope::Items),
        "Retired; what it ended";
}

/// Retire an item: the application deleted it
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}", tag = "items")]
pub async fn delete_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    call: CommandRequest,
) -> ApiResult<Changed<EndedResource>> {
    let CommandRequest { request, .. } = call.with_before();
    let outcome = app.commands.item(&request, &item, ItemCommand::Retire).await?;
    let body = item_after(&app, &request.caller, &item, &outcome).await?;
    let (ended_counts, ended) = by_rule(&outcome);
    let resource = EndedResource { item: body, ended_counts };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.ended = Some(ended);
    Ok(item_reply(&app, &item, &outcome, answer))
}
