//! `DELETE /v1/items/{kind}/{id}/publication`: take an item out of the catalog.

use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    state::AppState,
    v1::{
        items::item_answer,
        shape::{Answer, PublicationBody, Reply, still_open_all},
    },
};
use axum::{extract::State, response::Response};
use domain::item::ItemCommand;
use serde::Serialize;
use utoipa::ToSchema;

/// What unpublishing answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnpublishedResource {
    /// Null: there is none any more.
    pub publication: Option<PublicationBody>,
}

/// Take an item out of the catalog
///
/// Visibility, grants and links stay; `still_open` lists them.
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/publication", tag = "publication",
    responses((status = 200, description = "What is still \
        open", body = Answer<UnpublishedResource>)))]
pub async fn delete_publication(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Response> {
    let outcome = app.commands.item(&request, &item, ItemCommand::Unpublish).await?;
    let resource = UnpublishedResource { publication: None };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.still_open = Some(still_open_all(&outcome.after, outcome.at));
    Ok(Reply::new(&app, &outcome).json(answer))
}
