//! `POST /v1/tokens`: issues an access token.

use super::{TokenResource, token_body};
use crate::{
    extract::CommandRequest,
    problem::{ApiResult, FieldError, Problem},
    routing::{RouteAccess, register},
    state::AppState,
    v1::shape::{Answer, Issued, Reply, Warning, words},
};
use axum::extract::State;
use commands::{NewToken, Status};
use domain::{
    event::{CallerRole, Scope},
    id::AccountId,
    stream::StreamName,
    time::Time,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// The longest label, in characters.
const MAX_LABEL_CHARS: usize = 64;

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "app", "label": "lab", "scopes": ["items", "sharing"]}))]
pub struct PostToken {
    /// What its holder may be.
    #[schema(value_type = words::CallerRole)]
    role: CallerRole,
    /// Its name; stands in the trail of what an application does.
    label: String,
    /// What an application may use it for; absent = everything.
    #[schema(value_type = Option<Vec<words::Scope>>)]
    scopes: Option<Vec<Scope>>,
    /// The account of a token with role `account`.
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// First instant at which it is no longer valid.
    #[schema(value_type = Option<words::Instant>)]
    ends_at: Option<Time>,
}

impl PostToken {
    fn check(self, now: Time) -> ApiResult<NewToken> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, detail: &str| {
            errors.push(FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() });
        };
        let length = self.label.trim().chars().count();
        if !(1..=MAX_LABEL_CHARS).contains(&length) || self.label.chars().any(char::is_control) {
            wrong("/label", "1 to 64 characters without control characters");
        }
        let scopes = self.scopes.unwrap_or_default();
        if self.role != CallerRole::App && !scopes.is_empty() {
            wrong("/scopes", "only tokens of applications have scopes");
        }
        match (self.role, &self.account) {
            (CallerRole::Account, None) => wrong("/account", "a token of an account names it"),
            (CallerRole::Admin | CallerRole::Auditor | CallerRole::App, Some(_)) => {
                wrong("/account", "only tokens with role account have one");
            }
            _ => {}
        }
        if self.ends_at.is_some_and(|end| end <= now) {
            wrong("/ends_at", "has passed already");
        }
        if !errors.is_empty() {
            return Err(Problem::fields(errors));
        }
        let (role, label, account, ends_at) = (self.role, self.label, self.account, self.ends_at);
        Ok(NewToken { role, label, scopes, account, ends_at })
    }
}

register! {
    post_token => RouteAccess::ADMINISTRATION,
        ("Dry run: what would be made", "The token");
}

/// Make an access token
///
/// The answer is the only place where its secret is ever shown; a replay does not repeat it.
#[utoipa::path(post, path = "/v1/tokens", tag = "administration")]
pub async fn post_token(
    State(app): State<AppState>,
    CommandRequest { request, body, .. }: CommandRequest<PostToken>,
) -> ApiResult<Issued<TokenResource>> {
    let token = body.check(app.clock.now())?;
    let (outcome, id, secret) = app.commands.tokens.issue(&request, token).await?;
    let mut body = token_body(id, &outcome.after);
    body.secret = secret.map(|secret| secret.expose().to_owned());
    let unshown = body.secret.is_none() && outcome.status != Status::Planned;
    let mut answer = Answer::new(&outcome, &StreamName::Token(id), TokenResource { token: body });
    if unshown {
        answer.warnings.push(Warning {
            code: "secret_not_repeated",
            detail: "the secret was shown once; revoke this token and make another".to_owned(),
        });
    }
    Ok(Reply::new(&app, &outcome).location(|| format!("/v1/tokens/{id}")).with(answer))
}
