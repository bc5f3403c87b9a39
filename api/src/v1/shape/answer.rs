//! What every answer carries: command, status, position, headers.

use super::{
    dry_run::{Planned, PlannedEvent, SideBody},
    grant::EndedGrant,
    remaining_access::StillOpen,
    words,
};
use crate::{
    answer::{headers_at, json},
    routing::{Answers, Contract, JSON},
    state::AppState,
};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use commands::{Outcome, Status};
use domain::{
    aggregate::Aggregate, id::CommandId, position::Position, stream::StreamName, time::Time,
};
use serde::Serialize;
use utoipa::{__dev::ComposeSchema, ToSchema};

/// Something that the caller should know although the command was carried out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Warning {
    /// What it is about, e.g. `visit_ignored`.
    pub code: &'static str,
    /// In words.
    pub detail: String,
}

/// The answer to a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer<R> {
    /// The command's id.
    #[schema(value_type = String, format = "uuid")]
    pub command: CommandId,
    /// What became of it.
    #[schema(value_type = words::Status)]
    pub status: &'static str,
    /// The position it was recorded at, or decided at when nothing was recorded.
    #[schema(value_type = u64)]
    pub position: Position,
    /// When it took effect.
    #[schema(value_type = words::Instant)]
    pub at: Time,
    /// What it was about, as it is now.
    #[serde(flatten)]
    pub resource: R,
    /// What it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Vec<EndedGrant>>,
    /// What still gives access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still_open: Option<Vec<StillOpen>>,
    /// What the caller should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Dry run: the events that it would record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<PlannedEvent>>,
    /// Dry run: who would gain what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gains: Option<SideBody>,
    /// Dry run: who would lose what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loses: Option<SideBody>,
}

impl<R> Answer<R> {
    /// The answer that an outcome amounts to.
    pub fn new<S: Planned>(outcome: &Outcome<S>, stream: &StreamName, resource: R) -> Self {
        let status = match outcome.status {
            Status::Recorded => "recorded",
            Status::Unchanged => "unchanged",
            Status::Planned => "planned",
        };
        let planned = outcome.status == Status::Planned;
        let (gains, loses) = if planned {
            let before = outcome.before.as_deref().unwrap_or(&outcome.after);
            let (gains, loses) = S::sides(before, &outcome.after, outcome.at);
            (Some(gains), Some(loses))
        } else {
            (None, None)
        };
        let events = planned
            .then(|| outcome.events.iter().map(|event| PlannedEvent::of(event, stream)).collect());
        let ignored = outcome.ignored_visits.iter();
        let warnings = ignored
            .map(|detail| Warning { code: "visit_ignored", detail: detail.clone() })
            .collect();
        Self {
            command: outcome.command,
            status,
            position: outcome.position,
            at: outcome.at,
            resource,
            ended: None,
            still_open: None,
            warnings,
            events,
            gains,
            loses,
        }
    }
}

/// A command's answer: 200, or 201 where it can create (`CREATES`); `ETag` names the version of the
/// entity where that has one afterwards (`VERSIONED`).
#[derive(Debug)]
pub struct Commanded<R, const CREATES: bool, const VERSIONED: bool> {
    headers: HeaderMap,
    answer: Answer<R>,
}

/// 200: an entity was changed.
pub type Changed<R> = Commanded<R, false, true>;
/// 200: an entity was removed, and has no version any more.
pub type Removed<R> = Commanded<R, false, false>;
/// 201: an entity was created; 200: it was there, or a dry run.
pub type CreatedOrChanged<R> = Commanded<R, true, true>;
/// 201: a secret was issued; 200: a dry run. It has no version.
pub type Issued<R> = Commanded<R, true, false>;

impl<R: Serialize, const CREATES: bool, const VERSIONED: bool> IntoResponse
    for Commanded<R, CREATES, VERSIONED>
{
    fn into_response(self) -> Response {
        let created = CREATES && self.headers.contains_key(header::LOCATION);
        let status = if created { StatusCode::CREATED } else { StatusCode::OK };
        json(status, self.headers, &self.answer).into_response()
    }
}

impl<R: ToSchema + ComposeSchema, const VERSIONED: bool> Answers
    for Commanded<R, false, VERSIONED>
{
    type Words = &'static str;

    fn describe(contract: &mut Contract, words: &'static str) {
        contract.media = Some(JSON);
        let schema = contract.generic::<Answer<R>, R>();
        contract.answers_json(200, words, (schema, VERSIONED));
    }
}

impl<R: ToSchema + ComposeSchema, const VERSIONED: bool> Answers for Commanded<R, true, VERSIONED> {
    /// Of 200 and of 201.
    type Words = (&'static str, &'static str);

    fn describe(contract: &mut Contract, (there, created): Self::Words) {
        contract.media = Some(JSON);
        let schema = contract.generic::<Answer<R>, R>();
        contract.answers_json(200, there, (schema.clone(), VERSIONED));
        contract.answers_json(201, created, (schema, VERSIONED));
    }
}

/// What surrounds a command's answer.
#[derive(Debug)]
pub struct Reply<'a, S: Aggregate> {
    app: &'a AppState,
    outcome: &'a Outcome<S>,
    version: Option<Position>,
    location: Option<String>,
}

impl<'a, S: Aggregate> Reply<'a, S> {
    /// Around the answer to an outcome.
    pub fn new(app: &'a AppState, outcome: &'a Outcome<S>) -> Self {
        Self { app, outcome, version: None, location: None }
    }

    /// Names the version of the entity, as `ETag`.
    #[must_use]
    pub fn version(mut self, version: Position) -> Self {
        self.version = Some(version);
        self
    }

    /// Names where the entity is, if it was created.
    #[must_use]
    pub fn location(mut self, path: impl FnOnce() -> String) -> Self {
        let created = self.outcome.created && self.outcome.status == Status::Recorded;
        self.location = created.then(path);
        self
    }

    /// With this answer.
    pub fn with<R, const CREATES: bool, const VERSIONED: bool>(
        self,
        answer: Answer<R>,
    ) -> Commanded<R, CREATES, VERSIONED> {
        let version = self.version.filter(|_| self.outcome.status != Status::Planned);
        // The body of a replay says where it was recorded; the caller has seen more by now.
        let position = self.outcome.position.max(self.outcome.at_least);
        let mut headers = headers_at(self.app, position, version);
        if let Some(location) = self.location.and_then(|path| HeaderValue::try_from(path).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if self.outcome.replayed {
            const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        Commanded { headers, answer }
    }
}
