//! `POST /v1/links/open`: opens a link.

use super::{OpenedBody, answer};
use crate::{
    answer::Read,
    extract::QueryRequest,
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{consistency, input::SecretInput},
};
use axum::extract::State;
use domain::event::Scope;
use serde::Deserialize;
use utoipa::ToSchema;

/// A link to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenLink {
    /// The secret part of its address.
    token: SecretInput,
    /// Its password.
    password: Option<SecretInput>,
}

register! {
    open_link => RouteAccess::query(ACTORS, Scope::Visits),
        "The visit", NotFound, LinkPasswordRequired, LinkPasswordWrong, SignInRequired,
        TooManyAttempts, Contended, OutcomeUnknown, ClockSkew;
}

/// Open a link
///
/// A link with a limit loses a use. Unknown, expired and revoked links look alike.
#[utoipa::path(post, path = "/v1/links/open", tag = "visits")]
pub async fn open_link(
    State(app): State<AppState>,
    QueryRequest { meta, body }: QueryRequest<OpenLink>,
) -> ApiResult<Read<OpenedBody>> {
    let OpenLink { token, password } = body;
    consistency::require_known(&app, &meta).await?;
    let password = password.map(|password| password.password("/password")).transpose()?;
    let token = token.0.expose();
    let opened = app.commands.open_link(&meta.caller, token, password.as_ref()).await?;
    Ok(answer(&app, &meta, opened))
}
