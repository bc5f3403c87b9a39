//! `DELETE /v1/items/{kind}/{id}/publication`: take an item out of the catalog.

use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        items::item_answer,
        shape::{PublicationBody, Removed, Reply, still_open_all},
    },
};
use axum::extract::State;
use domain::{event::Scope, item::ItemCommand};
use serde::Serialize;
use utoipa::ToSchema;

/// What unpublishing answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnpublishedResource {
    /// Null: there is none any more.
    pub publication: Option<PublicationBody>,
}

register! {
    delete_publication => RouteAccess::command(ACTORS, Scope::Sharing),
        "What still gives access";
}

/// Take an item out of the catalog
///
/// Visibility, grants and links stay; `still_open` lists them.
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/publication", tag = "publication")]
pub async fn delete_publication(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Removed<UnpublishedResource>> {
    let outcome = app.commands.item(&request, &item, ItemCommand::Unpublish).await?;
    let resource = UnpublishedResource { publication: None };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.still_open = Some(still_open_all(&outcome.after, outcome.at));
    Ok(Reply::new(&app, &outcome).with(answer))
}
