//! `GET /v1/items/{kind}/{id}/publication`: an item's catalog entry.

use crate::{
    extract::{ItemPath, RequestMeta},
    problem::{ApiResult, Problem},
    state::AppState,
    v1::{
        item_access::load_visible,
        shape::{Page, PublicationBody, publication_body},
    },
};
use axum::{extract::State, response::Response};
use domain::position::Position;
use serde::Serialize;
use utoipa::ToSchema;

/// A catalog entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicationAnswer {
    /// The entry.
    #[serde(flatten)]
    pub publication: PublicationBody,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// An item's catalog entry
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/publication", tag = "publication", responses(
    (status = 200, description = "The entry", body = PublicationAnswer),
    (status = 304, description = "The caller holds this version"),
))]
pub async fn get_publication(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    meta: RequestMeta,
) -> ApiResult<Response> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let open = seen.state.publication.as_ref().ok_or_else(|| Problem::not_found("publication"))?;
    let publication = publication_body(&app.public_url, &item, open);
    let page = Page::current(&app, &meta, seen.state.position, Some(open.version));
    let answer = PublicationAnswer { publication, position: page.position };
    Ok(page.json(&meta, answer))
}
