//! What the caller learns of a commit: its events with their positions, and the states around it.

use super::{CommandContext, Decided};
use crate::{Outcome, Status};
use domain::{
    aggregate::Aggregate,
    event::{CatalogEvent, Recorded},
    id::CommitId,
    position::{EventId, Position},
    time::Time,
};
use eventlog::Append;
use std::sync::Arc;

/// An encoded commit that is not appended yet.
pub(super) struct EncodedCommit<A: Aggregate> {
    pub(super) append: Append,
    pub(super) at: Time,
    pub(super) decided: Decided<A>,
}

impl<A: Aggregate> EncodedCommit<A> {
    /// The answer once it is stored at a position; applies it to the state.
    pub(super) fn recorded(
        mut self,
        issue: &CommandContext<'_>,
        state: &mut Arc<A>,
        position: Position,
    ) -> Outcome<A> {
        let before = issue.request.before.then(|| state.clone());
        let events = self.place(issue, position);
        let now = Arc::make_mut(state);
        for recorded in &events {
            now.evolve(recorded);
        }
        let states = (before, state.clone());
        self.outcome(issue, Status::Recorded, events, states, position)
    }

    /// The answer of a dry run, as if it were the next record of the log as far as that is known.
    pub(super) fn planned(mut self, issue: &CommandContext<'_>, state: &Arc<A>) -> Outcome<A> {
        let known = state.position().max(issue.known);
        let events = self.place(issue, known.next());
        let mut after = A::clone(state);
        for recorded in &events {
            after.evolve(recorded);
        }
        let states = (Some(state.clone()), Arc::new(after));
        self.outcome(issue, Status::Planned, events, states, known)
    }

    fn place(&mut self, issue: &CommandContext<'_>, position: Position) -> Vec<Recorded<A::Event>> {
        let actor = issue.request.caller.actor();
        (0u32..)
            .zip(std::mem::take(&mut self.decided.decision.events))
            .map(|(index, event)| Recorded {
                id: EventId { position, index },
                commit: CommitId(issue.command.0),
                time: self.at,
                actor: actor.clone(),
                event,
            })
            .collect()
    }

    fn outcome(
        self,
        issue: &CommandContext<'_>,
        status: Status,
        events: Vec<Recorded<A::Event>>,
        (before, after): (Option<Arc<A>>, Arc<A>),
        position: Position,
    ) -> Outcome<A> {
        Outcome {
            command: issue.command,
            status,
            position,
            at_least: issue.request.at_least,
            at: self.at,
            created: creates(&events),
            events,
            before,
            after,
            results: self.decided.decision.results,
            replayed: false,
            ignored_visits: self.decided.ignored_visits,
        }
    }
}

/// Do these events create what their command names?
pub(super) fn creates(events: &[Recorded<impl CatalogEvent>]) -> bool {
    events.iter().any(|recorded| recorded.event.payload().creates())
}
