//! The events that made an access path, read from the log and rendered in plain words.

use super::path_body::ActBody;
use crate::{
    problem::{ApiResult, Problem, ProblemType},
    state::AppState,
    v1::shape::{ActorBody, EventVia},
};
use commands::CommandError;
use domain::{
    access::AccessPath,
    event::{
        CatalogEvent as _, Event, ItemEvent, Provenance, ProvenanceKind, Recorded,
        summary::sentence,
    },
    id::LinkId,
    position::{EventId, Position},
    stream::StreamName,
    time::Time,
};
use eventlog::Record;
use projections::RevokedAccess;

async fn record(app: &AppState, position: Position) -> ApiResult<Option<Record>> {
    Ok(app.log.read(position).await.map_err(CommandError::from)?)
}

fn unreadable(cause: &impl ToString) -> Problem {
    Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
        .because(cause.to_string())
}

/// When an event took effect.
pub(super) async fn time_of(app: &AppState, event: EventId) -> ApiResult<Option<Time>> {
    Ok(record(app, event.position).await?.map(|record| record.time))
}

/// The acts of these events.
pub(super) async fn acts(app: &AppState, events: Vec<EventId>) -> ApiResult<Vec<ActBody>> {
    let mut told = Vec::with_capacity(events.len());
    for id in events {
        told.extend(act(app, id.position, |event| event.id == id).await?);
    }
    Ok(told)
}

/// The act that ended what somebody had.
pub(super) async fn ending(app: &AppState, lost: &RevokedAccess) -> ApiResult<Option<ActBody>> {
    act(app, lost.position, |event| ends(&event.event, &lost.path)).await
}

/// The first act of a record that fits.
async fn act(
    app: &AppState,
    position: Position,
    fits: impl Fn(&Recorded) -> bool,
) -> ApiResult<Option<ActBody>> {
    let Some(record) = record(app, position).await? else { return Ok(None) };
    let recorded = record.events().map_err(|error| unreadable(&error))?;
    let stream = &record.envelope.stream;
    let found = recorded.into_iter().find(|event| fits(event));
    Ok(found.map(|event| told(&record, &event, stream)))
}

fn told(record: &Record, event: &Recorded, stream: &StreamName) -> ActBody {
    let actor = &event.actor;
    ActBody {
        id: event.id,
        time: record.time,
        name: event.event.event_type().name(),
        by: actor.account.clone(),
        actor: ActorBody::from_actor(actor),
        via: EventVia { app: actor.app.clone(), token: actor.via },
        ticket: record.envelope.ticket.clone(),
        text: sentence(event, stream),
    }
}

/// Does an event of the item end a way to it?
fn ends(event: &Event, path: &AccessPath) -> bool {
    let Event::Item(event) = event else { return false };
    let seen = path.source.open_to().is_some();
    match event {
        ItemEvent::GrantEnded(ended) => path.source.grant() == Some(ended.grant),
        ItemEvent::LinkRevoked(revoked) => {
            let born = || path.source.granted().is_some_and(|(_, from)| is_of(from, revoked.link));
            path.source.link() == Some(revoked.link) || (revoked.cascade && born())
        }
        ItemEvent::LinkExpired(expired) => path.source.link() == Some(expired.link),
        ItemEvent::Closed(_) | ItemEvent::Retired(_) => true,
        ItemEvent::VisibilityChanged(_) | ItemEvent::Reopened(_) => seen,
        ItemEvent::Registered(_)
        | ItemEvent::Described(_)
        | ItemEvent::Restored(_)
        | ItemEvent::GrantGiven(_)
        | ItemEvent::GrantChanged(_)
        | ItemEvent::LinkCreated(_)
        | ItemEvent::LinkChanged(_)
        | ItemEvent::LinkPasswordSet(_)
        | ItemEvent::LinkPasswordCleared(_)
        | ItemEvent::LinkRotated(_)
        | ItemEvent::Published(_)
        | ItemEvent::PublicationUpdated(_)
        | ItemEvent::PublicationWithdrawn(_) => false,
    }
}

/// Was it born from a link?
fn is_of(provenance: &Provenance, link: LinkId) -> bool {
    let id = provenance.id.as_deref();
    provenance.kind == ProvenanceKind::Link && id == Some(link.to_string().as_str())
}
