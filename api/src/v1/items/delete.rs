//! `DELETE /v1/items/{kind}/{id}`: the application deleted the item; it is retired.

use super::{
    close::{EndedResource, by_rule},
    item_after, item_answer, item_reply,
};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    state::AppState,
    v1::shape::Answer,
};
use axum::{extract::State, response::Response};
use domain::item::ItemCommand;

/// Retire an item: the application deleted it
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}", tag = "items",
    responses((status = 200, description = "Retired; what it \
        ended", body = Answer<EndedResource>)))]
pub async fn delete_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    call: CommandRequest,
) -> ApiResult<Response> {
    let CommandRequest { request, .. } = call.with_before();
    let outcome = app.commands.item(&request, &item, ItemCommand::Retire).await?;
    let body = item_after(&app, &request.caller, &item, &outcome).await?;
    let (ended_counts, ended) = by_rule(&outcome);
    let resource = EndedResource { item: body, ended_counts };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.ended = Some(ended);
    Ok(item_reply(&app, &item, &outcome, answer))
}
