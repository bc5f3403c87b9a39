//! Requests and answers of the AuthZEN API.

use super::{request::Text, subject::is_caller};
use crate::{
    answer::{json, position_value},
    extract::{at_least, wait},
    problem::{ApiResult, Problem, ProblemType},
    routing::{Answers, Contract, Takes},
    state::AppState,
    v1::consistency,
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use commands::{Caller, CommandError};
use domain::{access::Visit, position::Position, principal::Principal, time::Time};
use futures::StreamExt as _;
use projections::index::Snapshot;
use serde::Serialize;
use serde_json::Value;
use std::{marker::PhantomData, time::Duration};
use utoipa::ToSchema;

/// The most bytes a body may have: a batch of 1,000 questions fits.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The most openings of links that are looked at.
const MAX_VISITS: usize = 20;
/// The longest opening, in characters; ours are far shorter.
const MAX_VISIT_BYTES: usize = 512;

const POSITION: HeaderName = HeaderName::from_static("sharelog-position");

/// A request with a body that the document describes as `B`.
#[derive(Debug)]
pub struct EvaluationRequest<B> {
    pub(super) context: EvaluationContext,
    described: PhantomData<B>,
}

impl<B: ToSchema> Takes for EvaluationRequest<B> {
    fn describe(contract: &mut Contract) {
        contract.body = Some(contract.reference::<B>());
    }
}

impl<B> FromRequest<AppState> for EvaluationRequest<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &AppState) -> ApiResult<Self> {
        let (Parts { headers, mut extensions, .. }, body) = request.into_parts();
        let caller = extensions.remove::<Caller>().unwrap_or_default();
        check_content_type(&headers)?;
        let (at_least, wait) = (at_least(&headers, app)?, wait(&headers, app.limits.longest_wait)?);
        let body = whole(&headers, body).await?;
        let context = EvaluationContext { caller, body, now: app.clock.now(), at_least, wait };
        Ok(Self { context, described: PhantomData })
    }
}

/// 200: an answer that was evaluated at a position, with a body that the document describes as `B`.
#[derive(Debug)]
pub struct Evaluated<B> {
    response: Response,
    described: PhantomData<B>,
}

impl<B> Evaluated<B> {
    pub(super) fn new(
        app: &AppState,
        position: Position,
        body: &impl Serialize,
    ) -> ApiResult<Self> {
        let mut headers = HeaderMap::with_capacity(4);
        if let Some(token) = position_value(app, position) {
            headers.insert(POSITION, token);
        }
        Ok(Self { response: json(StatusCode::OK, headers, body)?, described: PhantomData })
    }
}

impl<B> IntoResponse for Evaluated<B> {
    fn into_response(self) -> Response {
        self.response
    }
}

/// The schema of an answer in the document.
pub trait EvaluatedBody {
    /// Refers to it.
    fn schema(contract: &mut Contract) -> Value;
}

impl<B: EvaluatedBody> Answers for Evaluated<B> {
    type Words = &'static str;

    fn describe(contract: &mut Contract, words: &'static str) {
        let schema = B::schema(contract);
        contract.answers_json(200, words, (schema, false));
    }
}

/// What a request says beside its question.
#[derive(Debug)]
pub(super) struct EvaluationContext {
    pub(super) caller: Caller,
    pub(super) body: Bytes,
    pub(super) now: Time,
    at_least: Option<Position>,
    wait: Option<Duration>,
}

impl EvaluationContext {
    /// The index, as fresh as asked.
    pub(super) async fn index(&self, app: &AppState) -> ApiResult<Snapshot> {
        consistency::index_at_least(app, self.at_least, self.wait).await
    }

    /// The index at a position, or later.
    pub(super) async fn index_at(&self, app: &AppState, at: Position) -> ApiResult<Snapshot> {
        consistency::index_at_least(app, Some(at), self.wait).await
    }

    /// Waits until the read models are as fresh as asked.
    pub(super) async fn views(&self, app: &AppState) -> ApiResult<()> {
        let models = &[projections::Model::ACCESS];
        consistency::wait_for_views(app, self.at_least, self.wait, models).await
    }

    /// Waits a moment until the read models know a position.
    pub(super) async fn views_at(&self, app: &AppState, position: Position) -> ApiResult<()> {
        consistency::wait_briefly(app, self.wait, &[projections::Model::ACCESS], position).await
    }

    /// The index, with everything that is on the log now; as it is, if that takes too long.
    pub(super) async fn index_at_head(&self, app: &AppState) -> ApiResult<Snapshot> {
        let head = app.log.head().await.map_err(CommandError::from)?.position;
        consistency::index_wait_briefly(app, head, self.wait).await
    }

    /// The openings of links that come with a question, those of the header if it is about the
    /// caller itself; and why others give nothing.
    pub(super) async fn visits(
        &self,
        app: &AppState,
        principal: &Principal,
        texts: &[Text<'_>],
    ) -> ApiResult<(Vec<Visit>, Vec<&'static str>)> {
        let (mut visits, mut ignored) = (Vec::new(), Vec::new());
        let presented = &self.caller.visits;
        if texts.is_empty() && presented.is_empty() {
            return Ok((visits, ignored));
        }
        let mut texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        if is_caller(&self.caller, principal) {
            texts.extend(presented.iter().map(String::as_str));
        } else if !presented.is_empty() {
            ignored.push(
                "the visits of the header were ignored: they count for the caller itself; \
                 context.visits takes those of the subject",
            );
        }
        if texts.len() > MAX_VISITS {
            let detail = format!("at most {MAX_VISITS} visits are looked at");
            return Err(Problem::field("/context/visits", detail));
        }
        for text in texts {
            let read = if text.len() > MAX_VISIT_BYTES {
                None
            } else {
                app.commands.read_visit(text).await?
            };
            match read {
                None => ignored.push("visit ignored: invalid signature"),
                Some(visit) if visit.ends_at <= self.now => {
                    ignored.push("visit ignored: expired");
                }
                Some(visit) => visits.push(visit),
            }
        }
        Ok((visits, ignored))
    }
}

/// The text of the API knows 400 only for what is no JSON.
fn check_content_type(headers: &HeaderMap) -> ApiResult<()> {
    let sent = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = sent.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(b"application/json") {
        return Ok(());
    }
    let detail = "Content-Type must be application/json";
    Err(Problem::new(ProblemType::MalformedRequest, detail))
}

async fn whole(headers: &HeaderMap, body: Body) -> ApiResult<Bytes> {
    let too_large = || {
        let detail = format!("the body has more than {} KiB", MAX_BODY_BYTES / 1024);
        Problem::new(ProblemType::TooLarge, detail)
    };
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if said.and_then(|text| text.parse().ok()).is_some_and(|length: usize| length > MAX_BODY_BYTES)
    {
        return Err(too_large());
    }
    let broken = |_| Problem::new(ProblemType::MalformedRequest, "the body broke off");
    let mut chunks = body.into_data_stream();
    let Some(first) = chunks.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(broken)?;
    if first.len() > MAX_BODY_BYTES {
        return Err(too_large());
    }
    let Some(second) = chunks.next().await else { return Ok(first) };
    let mut bytes = Vec::from(first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        bytes.extend_from_slice(&chunk.map_err(broken)?);
        if bytes.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        next = chunks.next().await;
    }
    Ok(bytes.into())
}
