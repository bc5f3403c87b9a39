//! `PATCH`, `DELETE /v1/accounts/{account}` and `POST …/erase`.

use super::{AccountResource, account_reply, addressed};
use crate::{
    extract::{AccountPath, CommandRequest, Nullable},
    problem::ApiResult,
    routing::{OPERATORS, RouteAccess, register},
    state::AppState,
    v1::shape::{AddressInput, Changed},
};
use axum::extract::State;
use commands::{AccountCommand, ProfilePatch};
use domain::event::Scope;
use serde::Deserialize;
use utoipa::ToSchema;

/// A merge-patch of a profile: absent keeps, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchAccount {
    /// The name to show.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    name: Nullable<String>,
    /// E-mail addresses, whole.
    #[schema(value_type = Option<Vec<AddressInput>>)]
    #[serde(default)]
    addresses: Nullable<Vec<AddressInput>>,
}

register! {
    patch_account => RouteAccess::command(OPERATORS, Scope::Accounts),
        "The account as it is now";
    delete_account => RouteAccess::command(OPERATORS, Scope::Accounts),
        "The account as it is now";
    erase_account => RouteAccess::command(OPERATORS, Scope::Accounts),
        "The account as it is now";
}

/// Change parts of an account's profile
#[utoipa::path(patch, path = "/v1/accounts/{account}", tag = "accounts")]
pub async fn patch_account(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    CommandRequest { request, body, .. }: CommandRequest<PatchAccount>,
) -> ApiResult<Changed<AccountResource>> {
    let account = addressed(&account, &request)?;
    let intent = AccountCommand::Patch(ProfilePatch {
        name: body.name.patch(),
        addresses: body.addresses.map(|list| list.into_iter().map(Into::into).collect()),
    });
    let outcome = app.commands.account(&request, &account, intent).await?;
    account_reply(&app, account, &outcome, None).await
}

/// Deactivate an account: it has nothing until it is registered again
#[utoipa::path(delete, path = "/v1/accounts/{account}", tag = "accounts")]
pub async fn delete_account(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<AccountResource>> {
    let account = addressed(&account, &request)?;
    let outcome = app.commands.account(&request, &account, AccountCommand::Deactivate).await?;
    account_reply(&app, account, &outcome, None).await
}

/// Forget a person for ever
///
/// The account's keys are destroyed: what they sealed, on the log and everywhere else, reads as
/// erased.
#[utoipa::path(post, path = "/v1/accounts/{account}/erase", tag = "accounts")]
pub async fn erase_account(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<AccountResource>> {
    let account = addressed(&account, &request)?;
    let outcome = app.commands.account(&request, &account, AccountCommand::Erase).await?;
    account_reply(&app, account, &outcome, None).await
}
