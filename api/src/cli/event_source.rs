//! The source of recorded events for commands that show them: the read models, or a running
//! service.
//!
//! Either way an event has the form that the HTTP API gives it.

use super::remote::Remote;
use crate::{exit::Failure, settings::StoreSettings, v1::shape::AuditEvent, wiring};
use domain::id::ItemRef;
use projections::{AuditFilter, AuditOrder, Model, Page, Views, views};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// A source of recorded events.
#[derive(Debug)]
pub(super) enum EventSource {
    /// The read models, opened for reading.
    ReadModels(Arc<dyn Views>),
    /// A running service.
    Service(Box<Remote>),
}

/// Selects events.
#[derive(Debug, Clone, Default)]
pub(super) struct EventQuery {
    pub(super) item: Option<ItemRef>,
    pub(super) from: Option<u64>,
    pub(super) to: Option<u64>,
    pub(super) newest_first: bool,
}

/// A page of events, and where the next one begins.
#[derive(Debug)]
pub(super) struct EventPage {
    pub(super) events: Vec<Value>,
    pub(super) next: Option<String>,
}

const PAGE_SIZE: u32 = 200;

impl EventSource {
    /// The service when one is named, else the read models.
    pub(super) async fn open(
        remote: Option<Remote>,
        store: &StoreSettings,
    ) -> Result<Self, Failure> {
        if let Some(remote) = remote {
            return Ok(Self::Service(Box::new(remote)));
        }
        let reading = wiring::open_reading(store).await?;
        let views = views(reading.database, Some(reading.log.clone()));
        let head = reading.log.head().await?.position;
        // A running service is a moment behind at most; without one nobody catches up.
        if let Err(error) = views.wait_for(&[Model::AUDIT], head, Duration::from_secs(1)).await {
            crate::terminal::warn(format_args!(
                "{error}, the log ends at {head}; what is newer is not shown"
            ));
        }
        Ok(Self::ReadModels(views))
    }

    /// The next page.
    pub(super) async fn page(
        &self,
        query: &EventQuery,
        after: Option<String>,
    ) -> Result<EventPage, Failure> {
        match self {
            Self::ReadModels(views) => from_read_models(views.as_ref(), query, after).await,
            Self::Service(remote) => from_service(remote, query, after).await,
        }
    }
}

async fn from_read_models(
    views: &dyn Views,
    query: &EventQuery,
    after: Option<String>,
) -> Result<EventPage, Failure> {
    let filter = AuditFilter {
        item: query.item.clone(),
        from_position: query.from.map(domain::position::Position),
        to_position: query.to.map(domain::position::Position),
        order: if query.newest_first { AuditOrder::NewestFirst } else { AuditOrder::OldestFirst },
        ..AuditFilter::default()
    };
    let page = Page { limit: PAGE_SIZE, after, count: false };
    let listing = views.audit(&filter, &page).await?;
    let events = listing.rows.into_iter().map(|row| {
        serde_json::to_value(AuditEvent::from(row))
            .map_err(|error| Failure::failed(format!("an event cannot be written: {error}")))
    });
    Ok(EventPage { events: events.collect::<Result<_, _>>()?, next: listing.next })
}

async fn from_service(
    remote: &Remote,
    query: &EventQuery,
    after: Option<String>,
) -> Result<EventPage, Failure> {
    let mut parameters = vec![("limit", PAGE_SIZE.to_string())];
    let order = if query.newest_first { "newest" } else { "oldest" };
    parameters.push(("order", order.to_owned()));
    parameters.extend(query.from.map(|from| ("from_position", from.to_string())));
    parameters.extend(query.to.map(|to| ("to_position", to.to_string())));
    parameters.extend(after.map(|cursor| ("cursor", cursor)));
    let path = match &query.item {
        Some(item) => format!("/v1/items/{}/{}/history", item.kind, item.id),
        None => "/v1/audit/events".to_owned(),
    };
    let answer = remote.get(&path, &parameters).await?;
    Ok(EventPage {
        events: answer.get("data").and_then(Value::as_array).cloned().unwrap_or_default(),
        next: answer.get("next").and_then(Value::as_str).map(str::to_owned),
    })
}

/// A text of an event; empty when it has none.
pub(super) fn text<'a>(event: &'a Value, pointer: &str) -> &'a str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
