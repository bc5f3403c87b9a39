//! `GET /v1/tokens/{token}`: one access token.

use super::{TokenBody, token_body};
use crate::{
    answer::Versioned,
    extract::{RequestMeta, TokenPath},
    problem::{ApiResult, Problem},
    routing::{OVERSEERS, RouteAccess, register},
    state::AppState,
    v1::consistency,
};
use axum::extract::State;
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

register! {
    get_token => RouteAccess::read(OVERSEERS),
        "The token";
}

/// One access token, without what is secret of it; also one that was revoked
#[utoipa::path(get, path = "/v1/tokens/{token}", tag = "administration")]
pub async fn get_token(
    State(app): State<AppState>,
    TokenPath { token }: TokenPath,
    meta: RequestMeta,
) -> ApiResult<Versioned<TokenAnswer>> {
    consistency::require_known(&app, &meta).await?;
    let state = app.commands.tokens.load(token).await?;
    if state.issued.is_none() {
        return Err(Problem::not_found("token"));
    }
    let position = meta.position_of(state.position);
    let answer = TokenAnswer { token: token_body(token, &state), position };
    Ok(Versioned::new(&app, &meta, (position, state.position), answer))
}
