//! `GET /v1/items/{kind}/{id}/publication`: an item's catalog entry.

use crate::{
    answer::Versioned,
    extract::{ItemPath, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        item_access::load_visible,
        shape::{PublicationBody, publication_body},
    },
};
use axum::extract::State;
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

register! {
    get_publication => RouteAccess::read(ALL),
        "The catalog entry";
}

/// An item's catalog entry
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/publication", tag = "publication")]
pub async fn get_publication(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    meta: RequestMeta,
) -> ApiResult<Versioned<PublicationAnswer>> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let open = seen.state.publication.as_ref().ok_or_else(|| Problem::not_found("publication"))?;
    let publication = publication_body(&app.public_url, &item, open);
    let position = meta.position_of(seen.state.position);
    let answer = PublicationAnswer { publication, position };
    Ok(Versioned::new(&app, &meta, (position, open.version), answer))
}
