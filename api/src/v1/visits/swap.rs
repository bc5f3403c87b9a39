//! `POST /v1/visits`: an application exchanges the code of a redirect for the visit.

use super::{OpenedBody, answer};
use crate::{
    answer::Read,
    extract::QueryRequest,
    problem::{ApiResult, Problem, ProblemType},
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{consistency, input::SecretInput},
};
use axum::extract::State;
use commands::OpenError;
use domain::event::Scope;
use serde::Deserialize;
use utoipa::ToSchema;

/// A code to swap.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwapCode {
    /// The value of `sharelog_code` in the address of the redirect.
    code: SecretInput,
}

/// Unknown, used and old codes look alike, and so do those of links that have ended since.
const NO_CODE: &str = "there is no such code: a code works once, for 60 seconds, while its link is \
    in force; open the link again for another";

register! {
    swap_code => RouteAccess::query(ACTORS, Scope::Visits),
        "The visit", NotFound, SignInRequired, TooManyAttempts;
}

/// Swap the code of a redirect for the visit
///
/// A code works once, for 60 seconds.
#[utoipa::path(post, path = "/v1/visits", tag = "visits")]
pub async fn swap_code(
    State(app): State<AppState>,
    QueryRequest { meta, body }: QueryRequest<SwapCode>,
) -> ApiResult<Read<OpenedBody>> {
    consistency::require_known(&app, &meta).await?;
    let opened = app.commands.swap_code(&meta.caller, body.code.0.expose()).await;
    let opened = opened.map_err(|error| {
        if matches!(error, OpenError::NotFound) {
            return Problem::new(ProblemType::NotFound, NO_CODE);
        }
        error.into()
    })?;
    Ok(answer(&app, &meta, opened))
}
