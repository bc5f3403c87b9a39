//! Which acts made a way to an item? Read from the log, told in plain words.

use super::body::ActBody;
use crate::{
    problem::{Fallible, Problem, ProblemType},
    state::AppState,
    v1::shape::{ActorBody, EventVia},
};
use commands::CommandError;
use domain::{event::text::sentence, position::EventId, time::Time};
use eventlog::Record;

async fn record(app: &AppState, event: EventId) -> Fallible<Option<Record>> {
    Ok(app.log.read(event.position).await.map_err(CommandError::from)?)
}

fn unreadable(cause: &impl ToString) -> Problem {
    Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
        .because(cause.to_string())
}

/// When an event took effect.
pub(super) async fn time_of(app: &AppState, event: EventId) -> Fallible<Option<Time>> {
    Ok(record(app, event).await?.map(|record| record.time))
}

/// The acts of these events.
pub(super) async fn acts(app: &AppState, events: Vec<EventId>) -> Fallible<Vec<ActBody>> {
    let mut told = Vec::with_capacity(events.len());
    for id in events {
        let Some(record) = record(app, id).await? else { continue };
        let stream = record.envelope.stream.clone();
        let recorded = record.events().map_err(|error| unreadable(&error))?;
        let Some(event) = recorded.into_iter().find(|event| event.id == id) else { continue };
        let actor = &event.actor;
        told.push(ActBody {
            id,
            time: record.time,
            name: event.event.stored().0,
            by: actor.account.clone(),
            actor: ActorBody::of(actor),
            via: EventVia { app: actor.app.clone(), token: actor.via },
            ticket: record.envelope.ticket.clone(),
            text: sentence(&event, &stream),
        });
    }
    Ok(told)
}
