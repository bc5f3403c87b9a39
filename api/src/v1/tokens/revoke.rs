//! `DELETE /v1/tokens/{token}`: revokes an access token permanently.

use super::{TokenResource, token_body};
use crate::{
    extract::{CommandRequest, TokenPath},
    problem::ApiResult,
    state::AppState,
    v1::shape::{Answer, Reply},
};
use axum::{extract::State, response::Response};
use domain::stream::StreamName;

/// Revoke an access token
#[utoipa::path(delete, path = "/v1/tokens/{token}", tag = "administration",
    responses((status = 200, description = "As it is now", body = Answer<TokenResource>)))]
pub async fn delete_token(
    State(app): State<AppState>,
    TokenPath { token }: TokenPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Response> {
    let outcome = app.commands.revoke_token(&request, token).await?;
    let resource = TokenResource { token: token_body(token, &outcome.after) };
    let answer = Answer::new(&outcome, &StreamName::Token(token), resource);
    Ok(Reply::new(&app, &outcome).json(answer))
}
