//! `PUT /v1/accounts/{account}`: registers an account, or replaces its profile.

use super::{AccountResource, account_reply, addressed};
use crate::{
    extract::{AccountPath, CommandRequest},
    problem::ApiResult,
    state::AppState,
    v1::shape::{AddressInput, Answer},
};
use axum::{extract::State, response::Response};
use commands::{AccountCommand, Profile};
use serde::Deserialize;
use utoipa::ToSchema;

/// Name and addresses of a person. They are kept in the vault only, and forgotten with the account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ada", "addresses": [{"address": "ada@example.org", "verified": true}]
}))]
pub struct PutAccount {
    /// The name to show.
    name: Option<String>,
    /// E-mail addresses.
    addresses: Option<Vec<AddressInput>>,
}

/// Register an account, or replace its profile
///
/// A deactivated account becomes active again.
#[utoipa::path(put, path = "/v1/accounts/{account}", tag = "accounts", request_body = PutAccount,
    responses(
    (status = 200, description = "Its profile was replaced", body = Answer<AccountResource>),
    (status = 201, description = "It is registered", body = Answer<AccountResource>),
))]
pub async fn put_account(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    CommandRequest { request, body, .. }: CommandRequest<PutAccount>,
) -> ApiResult<Response> {
    let account = addressed(&account, &request)?;
    let addresses = body.addresses.unwrap_or_default().into_iter().map(Into::into).collect();
    let profile = Profile { name: body.name, addresses };
    let intent = AccountCommand::Put(profile.clone());
    let outcome = app.commands.account(&request, &account, intent).await?;
    account_reply(&app, account, &outcome, Some(profile)).await
}
