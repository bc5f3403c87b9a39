//! `DELETE /v1/tokens/{token}`: revokes an access token permanently.

use super::{TokenResource, token_body};
use crate::{
    extract::{Call, TokenPath},
    problem::Fallible,
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
    Call { request, .. }: Call,
) -> Fallible<Response> {
    let outcome = app.commands.revoke_token(&request, token).await?;
    let resource = TokenResource { token: token_body(token, &outcome.after) };
    let answer = Answer::of(&outcome, &StreamName::Token(token), resource);
    Ok(Reply::to(&app, &outcome).json(answer))
}
