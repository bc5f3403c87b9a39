//! `GET /v1/accounts/{account}`: one account.

use super::concerns;
use crate::{
    extract::{AccountPath, RequestMeta},
    problem::{ApiResult, Problem},
    state::AppState,
    v1::{
        consistency,
        shape::{AccountBody, Page},
    },
};
use axum::{extract::State, response::Response};
use domain::{account::AccountStatus, event::CallerRole, position::Position};
use serde::Serialize;
use utoipa::ToSchema;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountAnswer {
    /// The account.
    #[serde(flatten)]
    pub account: AccountBody,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// One account
///
/// Accounts see themselves only; auditors see no addresses.
#[utoipa::path(get, path = "/v1/accounts/{account}", tag = "accounts", responses(
    (status = 200, description = "The account", body = AccountAnswer),
    (status = 304, description = "The caller holds this version"),
))]
pub async fn get_account(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    meta: RequestMeta,
) -> ApiResult<Response> {
    let id = account.resolve(meta.caller.account.as_ref())?;
    if !concerns(&meta.caller, &id, true) {
        return Err(Problem::not_found("account"));
    }
    consistency::require_known(&app, &meta).await?;
    let state = app.commands.load_account(&id).await?;
    if state.status == AccountStatus::Unknown {
        return Err(Problem::not_found("account"));
    }
    let profile = app.commands.profile(&state).await?;
    let auditor = meta.caller.role == CallerRole::Auditor;
    let page = Page::current(&app, &meta, state.position, Some(state.position));
    let account = AccountBody::new(id, &state, profile, !auditor);
    Ok(page.json(&meta, AccountAnswer { account, position: page.position }))
}
