//! `PUT /v1/accounts/{account}`: registers an account, or replaces its profile.

use super::{AccountResource, account_reply, addressed};
use crate::{
    extract::{AccountPath, CommandRequest},
    problem::ApiResult,
    routing::{OPERATORS, RouteAccess, register},
    state::AppState,
    v1::shape::{AddressInput, CreatedOrChanged},
};
use axum::extract::State;
use commands::{AccountCommand, Profile};
use domain::event::Scope;
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

register! {
    put_account => RouteAccess::command(OPERATORS, Scope::Accounts),
        ("Its profile was replaced", "It is registered"), AlreadyExists;
}

/// Register an account, or replace its profile
///
/// A deactivated account becomes active again.
#[utoipa::path(put, path = "/v1/accounts/{account}", tag = "accounts")]
pub async fn put_account(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    CommandRequest { request, body, .. }: CommandRequest<PutAccount>,
) -> ApiResult<CreatedOrChanged<AccountResource>> {
    let account = addressed(&account, &request)?;
    let addresses = body.addresses.unwrap_or_default().into_iter().map(Into::into).collect();
    let profile = Profile { name: body.name, addresses };
    let intent = AccountCommand::Put(profile.clone());
    let outcome = app.commands.account(&request, &account, intent).await?;
    account_reply(&app, account, &outcome, Some(profile)).await
}
