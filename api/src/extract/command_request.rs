//! The request of a command: metadata, query and body as one.

use super::{
    JsonBody, NoBody, Params, RequestMeta,
    headers::{MAX_REASON_CHARS, MAX_TICKET_CHARS},
};
use crate::{
    problem::Problem,
    routing::{Contract, Takes},
    state::AppState,
};
use axum::extract::{FromRequest, Request as HttpRequest};
use commands::Request;
use serde::{Deserialize, de::DeserializeOwned};
use std::any::TypeId;
use utoipa::{IntoParams, ToSchema};

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

    /// Its parameters of its own.
    fn parameters(contract: &mut Contract);
}

impl DryRun for CommandQuery {
    fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// `dry_run` is a parameter of every command.
    fn parameters(_: &mut Contract) {}
}

/// A command as it was sent.
#[derive(Debug)]
pub struct CommandRequest<B = NoBody, Q = CommandQuery> {
    /// What the write side wants to know beside the command.
    pub request: Request,
    /// The body.
    pub body: B,
    /// The query.
    pub query: Q,
}

impl<B, Q> CommandRequest<B, Q> {
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

impl<B: ToSchema + 'static, Q: DryRun> Takes for CommandRequest<B, Q> {
    fn describe(contract: &mut Contract) {
        Q::parameters(contract);
        // A command without fields of its own takes what every command takes.
        if TypeId::of::<B>() != TypeId::of::<NoBody>() {
            contract.body = Some(contract.reference::<B>());
        }
    }
}

impl<B: DeserializeOwned + Send, Q: DryRun> FromRequest<AppState> for CommandRequest<B, Q> {
    type Rejection = Problem;

    async fn from_request(http: HttpRequest, app: &AppState) -> Result<Self, Problem> {
        let (parts, body) = http.into_parts();
        let meta = RequestMeta::read(&parts, app)?;
        let query: Q = Params::parse(parts.uri.query().unwrap_or_default())?;
        let condition = meta.preconditions.command()?;
        let mut reading = JsonBody::read(&parts.method, &parts.headers, body).await?;
        // Only under a key is a request ever compared with another.
        let whole = || format!("{}\n{condition:?}\n{}", meta.line, reading.canonical());
        let fingerprint = meta.key.as_ref().map(|_| whole()).unwrap_or_default();
        let reason = either("reason", meta.reason, reading.take_text("reason", MAX_REASON_CHARS)?)?;
        let ticket = either("ticket", meta.ticket, reading.take_text("ticket", MAX_TICKET_CHARS)?)?;
        let request = Request {
            caller: meta.caller,
            reason,
            ticket,
            key: meta.key,
            fingerprint: fingerprint.into_bytes(),
            condition,
            at_least: meta.at_least.unwrap_or_default(),
            dry_run: query.dry_run(),
            before: false,
            trace: meta.trace,
        };
        Ok(Self { request, body: reading.into_typed()?, query })
    }
}

/// A body that belongs to a query.
#[derive(Debug)]
pub struct QueryRequest<B> {
    /// What the request says beside its body.
    pub meta: RequestMeta,
    /// The body.
    pub body: B,
}

impl<B: ToSchema> Takes for QueryRequest<B> {
    fn describe(contract: &mut Contract) {
        contract.body = Some(contract.reference::<B>());
    }
}

impl<B: DeserializeOwned> FromRequest<AppState> for QueryRequest<B> {
    type Rejection = Problem;

    async fn from_request(http: HttpRequest, app: &AppState) -> Result<Self, Problem> {
        let (parts, body) = http.into_parts();
        let meta = RequestMeta::read(&parts, app)?;
        let body = JsonBody::read(&parts.method, &parts.headers, body).await?.into_typed()?;
        Ok(Self { meta, body })
    }
}
