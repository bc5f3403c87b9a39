//! The routes of webhooks.

pub mod delete;
pub mod deliveries;
pub mod get;
pub mod list;
pub mod patch;
pub mod put;
pub mod replay;
pub mod rotate;

use super::{audit_log::no_event, shape::words};
use crate::{
    problem::{ApiResult, Problem},
    routing::Routes,
    state::AppState,
    webhooks::target,
};
use commands::{Attempt, AttemptOutcome, Caller, Deliveries};
use domain::{
    event::{EventType, WebhookStatus},
    id::{AccountId, ItemRef, WebhookId},
    position::{EventId, Position},
    time::Time,
    webhook::WebhookState,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest label, in characters.
const MAX_LABEL_CHARS: usize = 64;
/// The most names of events.
const MAX_TYPES: usize = 50;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .merge(list::routes())
        .merge(put::routes())
        .merge(get::routes())
        .merge(patch::routes())
        .merge(delete::routes())
        .merge(rotate::routes())
        .merge(replay::routes())
        .merge(deliveries::routes())
}

/// Is anything delivered?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusName {
    /// Events are delivered.
    Active,
    /// It goes on where it stopped when it is set to active.
    Paused,
    /// Its receiver answered 410: nothing is delivered before it is set to active again.
    Gone,
}

impl From<WebhookStatus> for StatusName {
    fn from(status: WebhookStatus) -> Self {
        match status {
            WebhookStatus::Active => Self::Active,
            WebhookStatus::Paused => Self::Paused,
            WebhookStatus::Gone => Self::Gone,
        }
    }
}

/// What a caller may set it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedStatus {
    /// Deliver.
    Active,
    /// Wait.
    Paused,
}

impl From<WantedStatus> for WebhookStatus {
    fn from(status: WantedStatus) -> Self {
        match status {
            WantedStatus::Active => Self::Active,
            WantedStatus::Paused => Self::Paused,
        }
    }
}

/// An item, by kind and id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object such as {\"kind\":\"history\",\"id\":\"8f3a\"}")]
pub struct WebhookItem {
    /// Its kind.
    #[schema(example = "history")]
    kind: String,
    /// The application's own id of it.
    #[schema(example = "8f3a")]
    id: String,
}

impl WebhookItem {
    fn read(&self) -> ApiResult<ItemRef> {
        let text = format!("{}:{}", self.kind, self.id);
        text.parse().map_err(|error| Problem::field("/item", format!("{error}")))
    }
}

/// An attempt to deliver an event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptBody {
    /// The event.
    #[schema(value_type = String, example = "42-0")]
    pub event: EventId,
    /// Its stored name.
    #[serde(rename = "type")]
    pub name: String,
    /// Which try of this event, from 1 on.
    pub number: u32,
    /// When.
    #[schema(value_type = words::Instant)]
    pub at: Time,
    /// `delivered`, `failed` or `given_up`.
    #[schema(value_type = String, example = "delivered")]
    pub outcome: AttemptOutcome,
    /// The HTTP status that was answered.
    pub status: Option<u16>,
    /// Why it failed.
    pub why: Option<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

impl From<Attempt> for AttemptBody {
    fn from(attempt: Attempt) -> Self {
        let Attempt { event, name, number, at, outcome, status, why, milliseconds } = attempt;
        Self { event, name, number, at, outcome, status, why, milliseconds }
    }
}

/// The event that could not be delivered yet; those behind it wait.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FailingBody {
    /// The event.
    #[schema(value_type = String, example = "42-0")]
    pub event: EventId,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when.
    #[schema(value_type = words::Instant)]
    pub since: Time,
    /// When it is tried again.
    #[schema(value_type = words::Instant)]
    pub next: Time,
}

/// How far deliveries have come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DeliveriesBody {
    /// Everything up to this position was delivered, given up, or did not pass the filter.
    #[schema(value_type = u64)]
    pub position: Position,
    /// How many events were delivered.
    pub delivered: u64,
    /// How many attempts failed.
    pub failed: u64,
    /// The last delivery.
    pub last: Option<AttemptBody>,
    /// What could not be delivered yet.
    pub failing: Option<FailingBody>,
    /// Dead letters wait to be tried again.
    pub replaying: bool,
}

impl From<Deliveries> for DeliveriesBody {
    fn from(notes: Deliveries) -> Self {
        Self {
            position: notes.at.position,
            delivered: notes.delivered_count,
            failed: notes.failed_count,
            last: notes.delivered.map(Into::into),
            failing: notes.failing.map(|failing| FailingBody {
                event: failing.event,
                attempts: failing.attempts,
                since: failing.since,
                next: failing.next,
            }),
            replaying: notes.again,
        }
    }
}

/// A webhook, without what is secret of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    /// Its id.
    #[schema(value_type = String, example = "wh_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d")]
    pub id: WebhookId,
    /// Where events are delivered to.
    #[schema(example = "https://hooks.example/sharelog")]
    pub url: String,
    /// Its name.
    pub label: String,
    /// Stored names of events, or beginnings that end in a dot; empty = all.
    pub types: Vec<String>,
    /// Events about this item only.
    pub item: Option<WebhookItem>,
    /// Events by or about this account only.
    #[schema(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// Is anything delivered?
    pub status: StatusName,
    /// When it was made.
    #[schema(value_type = words::Instant)]
    pub created_at: Time,
    /// When earlier secrets stop to sign.
    #[schema(value_type = Vec<words::Instant>)]
    pub old_secrets_end: Vec<Time>,
    /// The position of its last change.
    #[schema(value_type = u64)]
    pub version: Position,
    /// How far deliveries have come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<DeliveriesBody>,
    /// What signs deliveries; shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What commands on webhooks answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookResource {
    /// The webhook; null = it is removed.
    pub webhook: Option<WebhookBody>,
}

fn webhook_body(id: WebhookId, state: &WebhookState) -> Option<WebhookBody> {
    let terms = state.terms.clone()?;
    Some(WebhookBody {
        id,
        url: terms.url,
        label: terms.label,
        types: terms.types,
        item: terms.item.map(|item| WebhookItem { kind: item.kind.into(), id: item.id.into() }),
        account: terms.account,
        status: terms.status.into(),
        created_at: state.created_at,
        old_secrets_end: terms.secrets.iter().filter_map(|secret| secret.until).collect(),
        version: state.position,
        deliveries: None,
        secret: None,
    })
}

/// Webhooks tell everything; who acts for somebody else has no business with them.
fn for_itself(caller: &Caller) -> ApiResult<()> {
    if caller.account.is_none() && !caller.anonymous {
        return Ok(());
    }
    let detail = "webhooks belong to applications themselves; leave out Sharelog-On-Behalf-Of";
    Err(Problem::not_permitted(detail))
}

fn check_url(app: &AppState, url: &str) -> ApiResult<()> {
    let checked = target::parse(url, app.limits.private_webhooks);
    checked.map(drop).map_err(|detail| Problem::field("/url", detail))
}

fn check_label(label: &str) -> ApiResult<()> {
    let length = label.trim().chars().count();
    if (1..=MAX_LABEL_CHARS).contains(&length) && !label.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Problem::field("/label", "1 to 64 characters without control characters"))
}

fn check_types(types: &[String]) -> ApiResult<()> {
    if types.len() > MAX_TYPES {
        return Err(Problem::field("/types", "at most 50 names"));
    }
    for (place, name) in types.iter().enumerate() {
        let known = EventType::ALL.iter().any(|known| known.passes(name));
        if !known {
            return Err(Problem::field(format!("/types/{place}"), no_event(name)));
        }
    }
    Ok(())
}
