//! `PUT` and `DELETE /v1/items/{kind}/{id}/links/{link}/password`.

use super::{LinkResource, link_reply};
use crate::{
    extract::{CommandRequest, LinkPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{input::SecretInput, shape::Changed},
};
use axum::extract::State;
use domain::{event::Scope, item::ItemCommand};
use serde::Deserialize;
use utoipa::ToSchema;

/// The password to ask for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutPassword {
    /// 1 to 1,024 bytes.
    password: SecretInput,
}

register! {
    put_link_password => RouteAccess::command(ACTORS, Scope::Sharing),
        "The link as it is now";
    delete_link_password => RouteAccess::command(ACTORS, Scope::Sharing),
        "The link as it is now";
}

/// Set the password of a link
#[utoipa::path(put, path = "/v1/items/{kind}/{id}/links/{link}/password", tag = "links")]
pub async fn put_link_password(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    CommandRequest { request, body, .. }: CommandRequest<PutPassword>,
) -> ApiResult<Changed<LinkResource>> {
    let password = body.password.password("/password")?;
    let outcome = app.commands.set_link_password(&request, &item, link, password).await?;
    link_reply(&app, &request.caller, &item, &outcome, link).await
}

/// Take the password of a link away
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/links/{link}/password", tag = "links")]
pub async fn delete_link_password(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<LinkResource>> {
    let outcome = app.commands.item(&request, &item, ItemCommand::ClearLinkPassword(link)).await?;
    link_reply(&app, &request.caller, &item, &outcome, link).await
}
