//! `GET /v1/tokens/{token}`: one access token.

use super::{TokenBody, token_body};
use crate::{
    extract::{RequestMeta, TokenPath},
    problem::{ApiResult, Problem},
    state::AppState,
    v1::{consistency, shape::Page},
};
use axum::{extract::State, response::Response};
use domain::position::Position;
use serde::Serialize;
use utoipa::ToSchema;

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The token.
    #[serde(flatten)]
    pub token: TokenBody,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// One access token, without what is secret of it; also one that was revoked
#[utoipa::path(get, path = "/v1/tokens/{token}", tag = "administration", responses(
    (status = 200, description = "The token", body = TokenAnswer),
    (status = 304, description = "The caller holds this version"),
))]
pub async fn get_token(
    State(app): State<AppState>,
    TokenPath { token }: TokenPath,
    meta: RequestMeta,
) -> ApiResult<Response> {
    consistency::require_known(&app, &meta).await?;
    let state = app.commands.load_token(token).await?;
    if state.issued.is_none() {
        return Err(Problem::not_found("token"));
    }
    let page = Page::current(&app, &meta, state.position, Some(state.position));
    let answer = TokenAnswer { token: token_body(token, &state), position: page.position };
    Ok(page.json(&meta, answer))
}
