//! The routes of access tokens.

pub mod create;
pub mod get;
pub mod list;
pub mod revoke;

use super::shape::words;
use crate::routing::Routes;
use domain::{
    event::{CallerRole, Scope},
    id::{AccountId, TokenId},
    time::Time,
    token::TokenState,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .merge(create::routes())
        .merge(list::routes())
        .merge(get::routes())
        .merge(revoke::routes())
}

/// An access token, without what is secret of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenBody {
    /// Its id.
    #[schema(value_type = String, example = "tk_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d")]
    pub id: TokenId,
    /// What its holder may be.
    #[schema(value_type = Option<words::CallerRole>)]
    pub role: Option<CallerRole>,
    /// Its name.
    pub label: String,
    /// What an application may use it for; empty = everything.
    #[schema(value_type = Vec<words::Scope>)]
    pub scopes: Vec<Scope>,
    /// The account of a token with role `account`.
    #[schema(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// First instant at which it is no longer valid.
    #[schema(value_type = Option<words::Instant>)]
    pub ends_at: Option<Time>,
    /// When it was issued.
    #[schema(value_type = words::Instant)]
    pub issued_at: Time,
    /// When it was revoked.
    #[schema(value_type = Option<words::Instant>)]
    pub revoked_at: Option<Time>,
    /// What to present as bearer token; shown once, when it is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What commands on tokens answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenResource {
    /// The token.
    pub token: TokenBody,
}

fn token_body(id: TokenId, state: &TokenState) -> TokenBody {
    let issued = state.issued.clone();
    let (role, label, scopes, account, ends_at) = issued.map_or_else(
        || (None, String::new(), Vec::new(), None, None),
        |issued| (Some(issued.role), issued.label, issued.scopes, issued.account, issued.ends_at),
    );
    TokenBody {
        id,
        role,
        label,
        scopes,
        account,
        ends_at,
        issued_at: state.issued_at,
        revoked_at: state.revoked_at,
        secret: None,
    }
}
