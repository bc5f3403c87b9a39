//! The routes of accounts.

pub mod change;
pub mod get;
pub mod items;
pub mod put;

use super::shape::{AccountBody, Answer, Commanded, Reply};
use crate::{
    extract::AccountArg,
    problem::{ApiResult, Problem, unanswered},
    routing::Routes,
    state::AppState,
};
use commands::{Caller, Outcome, Profile, Request, Status};
use domain::{account::AccountState, id::AccountId, stream::StreamName};
use serde::Serialize;
use utoipa::ToSchema;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .merge(put::routes())
        .merge(get::routes())
        .merge(change::routes())
        .merge(items::routes())
}

/// What commands on accounts answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountResource {
    /// The account.
    pub account: AccountBody,
}

/// May the caller speak of this account at all: its own, or any when it acts for nobody in
/// particular?
fn concerns(caller: &Caller, account: &AccountId, auditors: bool) -> bool {
    let auditor = auditors && caller.role == domain::event::CallerRole::Auditor;
    auditor || caller.unrestricted() || caller.account.as_ref() == Some(account)
}

/// The account that a command is about.
fn addressed(arg: &AccountArg, request: &Request) -> ApiResult<AccountId> {
    let account = arg.resolve(request.caller.account.as_ref())?;
    if concerns(&request.caller, &account, false) {
        return Ok(account);
    }
    Err(Problem::not_permitted("the application acts for another account"))
}

/// The whole answer of a command on an account. `asked` is the profile that a dry run would write.
async fn account_reply<const CREATES: bool>(
    app: &AppState,
    account: AccountId,
    outcome: &Outcome<AccountState>,
    asked: Option<Profile>,
) -> ApiResult<Commanded<AccountResource, CREATES, true>> {
    let profile = match outcome.status {
        Status::Planned => asked,
        Status::Recorded | Status::Unchanged => {
            let read = app.commands.profile(&outcome.after).await;
            read.map_err(|error| unanswered(outcome, error))?
        }
    };
    let stream = StreamName::Account(account.clone());
    let location = format!("/v1/accounts/{account}");
    let body = AccountBody::new(account, &outcome.after, profile, true);
    let answer = Answer::new(outcome, &stream, AccountResource { account: body });
    let reply = Reply::new(app, outcome).version(outcome.after.position);
    Ok(reply.location(|| location).with(answer))
}
