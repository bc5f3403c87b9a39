//! The source of recorded events for commands that show them: the read models, or a running
//! service.
//!
//! Either way an event has the form that the HTTP API gives it.

use super::{Failure, remote::Remote};
use crate::{settings::Store, v1::shape::AuditEvent, wiring};
use domain::id::ItemRef;
use projections::{AuditFilter, AuditOrder, Model, Page, Views, views};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// A source of recorded events.
#[derive(Debug)]
pub(super) enum Trail {
    /// The read models, opened for reading.
    Models(Arc<dyn Views>),
    /// A running service.
    Service(Box<Remote>),
}

/// Which events.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) item: Option<ItemRef>,
    pub(super) from: Option<u64>,
    pub(super) to: Option<u64>,
    pub(super) newest_first: bool,
}

/// Some events, and where the next ones begin.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) events: Vec<Value>,
    pub(super) next: Option<String>,
}

const LIMIT: u32 = 200;

impl Trail {
    /// The service when one is named, else the read models.
    pub(super) async fn open(remote: Option<Remote>, store: &Store) -> Result<Self, Failure> {
        if let Some(remote) = remote {
            return Ok(Self::Service(Box::new(remote)));
        }
        let reading = wiring::open_reading(store).await?;
        let views = views(reading.database, Some(reading.log.clone()));
        let head = reading.log.head().await?.position;
        // A running service is a moment behind at most; without one nobody catches up.
        if let Err(error) = views.wait_for(&[Model::Audit], head, Duration::from_secs(1)).await {
            crate::terminal::warn(format_args!(
                "{error}, the log ends at {head}; what is newer is not shown"
            ));
        }
        Ok(Self::Models(views))
    }

    /// The next events.
    pub(super) async fn part(
        &self,
        wanted: &Wanted,
        after: Option<String>,
    ) -> Result<Part, Failure> {
        match self {
            Self::Models(views) => from_models(views.as_ref(), wanted, after).await,
            Self::Service(remote) => from_service(remote, wanted, after).await,
        }
    }
}

async fn from_models(
    views: &dyn Views,
    wanted: &Wanted,
    after: Option<String>,
) -> Result<Part, Failure> {
    let filter = AuditFilter {
        item: wanted.item.clone(),
        from_position: wanted.from.map(domain::position::Position),
        to_position: wanted.to.map(domain::position::Position),
        order: if wanted.newest_first { AuditOrder::NewestFirst } else { AuditOrder::OldestFirst },
        ..AuditFilter::default()
    };
    let page = Page { limit: LIMIT, after, count: false };
    let listing = views.audit(&filter, &page).await?;
    let events = listing.rows.into_iter().map(|row| {
        serde_json::to_value(AuditEvent::from(row))
            .map_err(|error| Failure::failed(format!("an event cannot be written: {error}")))
    });
    Ok(Part { events: events.collect::<Result<_, _>>()?, next: listing.next })
}

async fn from_service(
    remote: &Remote,
    wanted: &Wanted,
    after: Option<String>,
) -> Result<Part, Failure> {
    let mut query = vec![("limit", LIMIT.to_string())];
    let order = if wanted.newest_first { "newest" } else { "oldest" };
    query.push(("order", order.to_owned()));
    query.extend(wanted.from.map(|from| ("from_position", from.to_string())));
    query.extend(wanted.to.map(|to| ("to_position", to.to_string())));
    query.extend(after.map(|cursor| ("cursor", cursor)));
    let path = match &wanted.item {
        Some(item) => format!("/v1/items/{}/{}/history", item.kind, item.id),
        None => "/v1/audit/events".to_owned(),
    };
    let page = remote.get(&path, &query).await?;
    Ok(Part {
        events: page.get("data").and_then(Value::as_array).cloned().unwrap_or_default(),
        next: page.get("next").and_then(Value::as_str).map(str::to_owned),
    })
}

/// A text of an event; empty when it has none.
pub(super) fn text<'a>(event: &'a Value, pointer: &str) -> &'a str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
