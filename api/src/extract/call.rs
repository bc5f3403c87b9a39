//! The request of a command: metadata, query and body as one.

use super::{
    Head, NoBody, Params, Reading,
    headers::{REASON_LIMIT, TICKET_LIMIT},
};
use crate::{problem::Problem, state::AppState};
use axum::extract::{FromRequest, Request as HttpRequest};
use commands::Request;
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

/// The query parameters that every command takes.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommandQuery {
    /// Say what would happen, and record nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Query parameters of a command.
pub trait DryRun: DeserializeOwned + Send {
    /// Is it only asked what would happen?
    fn dry_run(&self) -> bool;
}

impl DryRun for CommandQuery {
    fn dry_run(&self) -> bool {
        self.dry_run
    }
}

/// A command as it was sent.
#[derive(Debug)]
pub struct Call<B = NoBody, Q = CommandQuery> {
    /// What the write side wants to know beside the command.
    pub request: Request,
    /// The body.
    pub body: B,
    /// The query.
    pub query: Q,
}

impl<B, Q> Call<B, Q> {
    /// Keeps the state before the command, for answers that tell what it changed.
    #[must_use]
    pub fn with_before(mut self) -> Self {
        self.request.before = true;
        self
    }
}

fn either(
    name: &str,
    header: Option<String>,
    body: Option<String>,
) -> Result<Option<String>, Problem> {
    match (header, body) {
        (Some(header), Some(body)) if header != body => {
            Err(Problem::field(format!("/{name}"), "differs from the header that says the same"))
        }
        (header, body) => Ok(body.or(header)),
    }
}

impl<B: DeserializeOwned + Send, Q: DryRun> FromRequest<AppState> for Call<B, Q> {
    type Rejection = Problem;

    async fn from_request(http: HttpRequest, app: &AppState) -> Result<Self, Problem> {
        let (parts, body) = http.into_parts();
        let head = Head::read(&parts, app)?;
        let query: Q = Params::parse(parts.uri.query().unwrap_or_default())?;
        let condition = head.preconditions.command()?;
        let mut reading = Reading::of(&parts.method, &parts.headers, body).await?;
        // Only under a key is a request ever compared with another.
        let whole = || format!("{}\n{condition:?}\n{}", head.line, reading.canonical());
        let fingerprint = head.key.as_ref().map(|_| whole()).unwrap_or_default();
        let reason = either("reason", head.reason, reading.take_text("reason", REASON_LIMIT)?)?;
        let ticket = either("ticket", head.ticket, reading.take_text("ticket", TICKET_LIMIT)?)?;
        let request = Request {
            caller: head.caller,
            reason,
            ticket,
            key: head.key,
            fingerprint: fingerprint.into_bytes(),
            condition,
            at_least: head.at_least.unwrap_or_default(),
            dry_run: query.dry_run(),
            before: false,
            trace: head.trace,
        };
        Ok(Self { request, body: reading.into_typed()?, query })
    }
}

/// A body that belongs to a query.
#[derive(Debug)]
pub struct Asking<B> {
    /// What the request says beside its body.
    pub head: Head,
    /// The body.
    pub body: B,
}

impl<B: DeserializeOwned> FromRequest<AppState> for Asking<B> {
    type Rejection = Problem;

    async fn from_request(http: HttpRequest, app: &AppState) -> Result<Self, Problem> {
        let (parts, body) = http.into_parts();
        let head = Head::read(&parts, app)?;
        let body = Reading::of(&parts.method, &parts.headers, body).await?.into_typed()?;
        Ok(Self { head, body })
    }
}
