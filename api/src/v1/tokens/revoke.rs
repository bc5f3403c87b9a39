//! `DELETE /v1/tokens/{token}`: revokes an access token permanently.

use super::{TokenResource, token_body};
use crate::{
    extract::{CommandRequest, TokenPath},
    problem::ApiResult,
    routing::{RouteAccess, register},
    state::AppState,
    v1::shape::{Answer, Removed, Reply},
};
use axum::extract::State;
use domain::stream::StreamName;

register! {
    delete_token => RouteAccess::ADMINISTRATION,
        "The token as it is now";
}

/// Revoke an access token
#[utoipa::path(delete, path = "/v1/tokens/{token}", tag = "administration")]
pub async fn delete_token(
    State(app): State<AppState>,
    TokenPath { token }: TokenPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Removed<TokenResource>> {
    let outcome = app.commands.tokens.revoke(&request, token).await?;
    let resource = TokenResource { token: token_body(token, &outcome.after) };
    let answer = Answer::new(&outcome, &StreamName::Token(token), resource);
    Ok(Reply::new(&app, &outcome).with(answer))
}
