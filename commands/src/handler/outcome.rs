//! What the caller learns of a commit: its events with their positions, and the states around it.

use super::{Aggregate, CommandContext, Proposal};
use crate::{Outcome, Status};
use domain::{
    event::{AccountEvent, Event, ItemEvent, Recorded, TokenEvent, WebhookEvent},
    id::CommitId,
    position::{EventId, Position},
    time::Time,
};
use eventlog::Append;
use std::sync::Arc;

/// An encoded commit that is not appended yet.
pub(super) struct EncodedCommit {
    pub(super) append: Append,
    pub(super) at: Time,
    pub(super) commit: CommitId,
    pub(super) proposal: Proposal,
}

impl EncodedCommit {
    /// The answer once it stands at a position; folds it into the state.
    pub(super) fn recorded<A: Aggregate>(
        mut self,
        issue: &CommandContext<'_>,
        state: &mut Arc<A::State>,
        position: Position,
    ) -> Outcome<A::State> {
        let before = issue.request.before.then(|| state.clone());
        let events = self.place(issue, position);
        let now = Arc::make_mut(state);
        for recorded in &events {
            A::evolve(now, recorded);
        }
        let states = (before, state.clone());
        self.outcome(issue, Status::Recorded, events, states, position)
    }

    /// The answer of a dry run, as if it were the next record of the log as far as that is known.
    pub(super) fn planned<A: Aggregate>(
        mut self,
        issue: &CommandContext<'_>,
        state: &Arc<A::State>,
    ) -> Outcome<A::State> {
        let known = A::position(state).max(issue.known);
        let events = self.place(issue, known.next());
        let mut after = A::State::clone(state);
        for recorded in &events {
            A::evolve(&mut after, recorded);
        }
        let states = (Some(state.clone()), Arc::new(after));
        self.outcome(issue, Status::Planned, events, states, known)
    }

    fn place(&mut self, issue: &CommandContext<'_>, position: Position) -> Vec<Recorded> {
        let actor = issue.request.caller.actor();
        (0u32..)
            .zip(std::mem::take(&mut self.proposal.events))
            .map(|(index, event)| Recorded {
                id: EventId { position, index },
                commit: self.commit,
                time: self.at,
                actor: actor.clone(),
                event,
            })
            .collect()
    }

    fn outcome<S>(
        self,
        issue: &CommandContext<'_>,
        status: Status,
        events: Vec<Recorded>,
        (before, after): (Option<Arc<S>>, Arc<S>),
        position: Position,
    ) -> Outcome<S> {
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
            results: self.proposal.results,
            replayed: false,
            ignored_visits: self.proposal.ignored_visits,
        }
    }
}

/// Do these events create what their command names?
pub(super) fn creates(events: &[Recorded]) -> bool {
    events.iter().any(|recorded| match &recorded.event {
        Event::Item(event) => {
            matches!(event, ItemEvent::Registered(_) | ItemEvent::LinkCreated(_))
        }
        Event::Account(event) => matches!(event, AccountEvent::Registered(_)),
        Event::Token(event) => matches!(event, TokenEvent::Issued(_)),
        Event::Webhook(WebhookEvent::Changed(changed)) => changed.before.is_none(),
        Event::Link(_) | Event::System(_) => false,
    })
}
