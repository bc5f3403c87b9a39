//! `GET /v1/accounts/{account}`: one account.

use super::concerns;
use crate::{
    answer::Versioned,
    extract::{AccountPath, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{consistency, shape::AccountBody},
};
use axum::extract::State;
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

register! {
    get_account => RouteAccess::read(ALL),
        "The account";
}

/// One account
///
/// Accounts see themselves only; auditors see no addresses.
#[utoipa::path(get, path = "/v1/accounts/{account}", tag = "accounts")]
pub async fn get_account(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    meta: RequestMeta,
) -> ApiResult<Versioned<AccountAnswer>> {
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
    let position = meta.position_of(state.position);
    let account = AccountBody::new(id, &state, profile, !auditor);
    Ok(Versioned::new(&app, &meta, (position, state.position), AccountAnswer { account, position }))
}
