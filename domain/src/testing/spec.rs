//! Given / when / then for rules: given these events, when this is commanded, then those events
//! follow.

use super::names::{commit_id, hour, item};
use crate::{
    access::{Subject, Visit, permissions},
    actor::Actor,
    aggregate::{Aggregate as _, Condition, Decision},
    event::{CatalogEvent, EventType, ItemEvent, Recorded},
    id::{AccountId, ItemRef},
    item::{Context, ItemCommand, ItemState},
    kind::{Kinds, default_kinds},
    position::{EventId, Position},
    rejection::{Reason, Rejection, ShareResult},
    role::Permissions,
    time::Time,
};
use uuid::Uuid;

/// An item with a past: one record an event, at positions 1, 2, 3 …, an hour apart, by `a-1`.
pub fn given(events: impl IntoIterator<Item = ItemEvent>) -> Given {
    let given = Given { state: ItemState::default(), recorded: Vec::new() };
    events.into_iter().fold(given, |given, event| given.and("a-1", event))
}

/// An item with a past.
#[derive(Debug, Clone)]
pub struct Given {
    /// What is known of it.
    pub state: ItemState,
    /// Its past.
    pub recorded: Vec<Recorded<ItemEvent>>,
}

impl Given {
    /// One more record, by an account.
    #[must_use]
    pub fn and(self, by: &str, event: ItemEvent) -> Self {
        self.and_all(by, vec![event])
    }

    /// One more record with some events, by an account.
    #[must_use]
    pub fn and_all(mut self, by: &str, events: Vec<ItemEvent>) -> Self {
        let number = self.state.position.next().0;
        for (index, event) in (0..).zip(events) {
            let recorded = Recorded {
                id: EventId { position: Position(number), index },
                commit: commit_id(number.into()),
                time: hour(i64::try_from(number).unwrap_or_default()),
                actor: Actor::account(super::account(by)),
                event,
            };
            self.state.evolve(&recorded);
            self.recorded.push(recorded);
        }
        self
    }

    /// The command is decided.
    pub fn when(self, command: &ItemCommand, asking: &Asking) -> When {
        let outcome = asking.decide(&self.state, command);
        When { given: self, by: asking.clone(), outcome }
    }
}

/// Who asks, when, under which condition.
#[derive(Debug, Clone)]
pub struct Asking {
    subject: Subject,
    rights: Option<Permissions>,
    now: Time,
    condition: Condition,
    item: ItemRef,
    kinds: Kinds,
    ids: u128,
}

/// An account asks, about `history:8f3a`, a thousand hours after the beginning of 2026, with the
/// kinds of the default preset. Fresh ids are the numbers from 1,001 on.
pub fn asking(by: &str) -> Asking {
    Asking {
        subject: Subject::account(super::account(by)),
        rights: None,
        now: hour(1_000),
        condition: Condition::None,
        item: item("history", "8f3a"),
        kinds: default_kinds(),
        ids: 600,
    }
}

impl Asking {
    /// Somebody else asks.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }
    /// The account is also a visitor.
    #[must_use]
    pub fn with_visit(mut self, visit: Visit) -> Self {
        self.subject.visits.push(visit);
        self
    }
    /// With other rights than the item itself says.
    #[must_use]
    pub fn rights(mut self, rights: Permissions) -> Self {
        self.rights = Some(rights);
        self
    }
    /// At another time.
    #[must_use]
    pub fn at(mut self, now: Time) -> Self {
        self.now = now;
        self
    }
    /// On a condition.
    #[must_use]
    pub fn on(mut self, condition: Condition) -> Self {
        self.condition = condition;
        self
    }
    /// About an item of another kind.
    #[must_use]
    pub fn about(mut self, kind: &str) -> Self {
        self.item = item(kind, "8f3a");
        self
    }
    /// With other kinds.
    #[must_use]
    pub fn kinds(mut self, kinds: Kinds) -> Self {
        self.kinds = kinds;
        self
    }
    /// Who asks.
    pub fn account(&self) -> Option<&AccountId> {
        self.subject.account_id()
    }

    fn decide(
        &self,
        state: &ItemState,
        command: &ItemCommand,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        let ids: Vec<_> = (1_001..=1_000 + self.ids).map(Uuid::from_u128).collect();
        let rights = permissions(state, &self.subject, self.now);
        let context = Context {
            now: self.now,
            subject: &self.subject,
            rights: self.rights.unwrap_or(rights),
            item: &self.item,
            kinds: &self.kinds,
            ids: &ids,
            condition: self.condition,
        };
        state.decide(command, &context)
    }
}

/// A decided command.
#[derive(Debug, Clone)]
#[must_use]
pub struct When {
    given: Given,
    by: Asking,
    outcome: Result<Decision<ItemEvent>, Rejection>,
}

impl When {
    /// These events follow, in this order. Gives the item with them, for what comes next.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = ItemEvent>) -> Given {
        let decision = self.decided();
        assert_eq!(decision.events, events.into_iter().collect::<Vec<_>>(), "the events");
        self.recorded(decision.events)
    }

    /// Events of these types follow, in this order.
    #[track_caller]
    pub fn then_types(self, types: &[EventType]) -> Given {
        let decision = self.decided();
        let found: Vec<_> = decision.events.iter().map(CatalogEvent::event_type).collect();
        assert_eq!(found, types, "the types of the events");
        self.recorded(decision.events)
    }

    /// Nothing changes.
    #[track_caller]
    pub fn then_nothing(self) -> Given {
        self.then([])
    }

    /// The command is refused.
    #[track_caller]
    pub fn then_rejected(self, rejection: &Rejection) {
        assert_eq!(self.outcome.as_ref().err(), Some(rejection), "the rejection");
    }

    /// The command is refused by a rule of sharing.
    #[track_caller]
    pub fn then_rule(self, reason: Reason) {
        assert!(
            matches!(&self.outcome, Err(Rejection::Rule { reason: found, .. }) if *found == reason),
            "{reason:?} is expected, not {:?}",
            self.outcome
        );
    }

    /// The command is refused because of a field.
    #[track_caller]
    pub fn then_invalid(self, field: &str) {
        assert!(
            matches!(
                &self.outcome,
                Err(Rejection::InvalidField { field: found, .. }) if found.to_string() == field
            ),
            "{field} is expected to be invalid, not {:?}",
            self.outcome
        );
    }

    /// What became of each grantee; also when nothing was applied.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test that fails")]
    pub fn results(&self) -> Vec<Result<ShareResult, Reason>> {
        let results = match &self.outcome {
            Ok(decision) => &decision.results,
            Err(Rejection::NothingApplied(results)) => results,
            Err(other) => panic!("results are expected, not {other:?}"),
        };
        let one = |result: &ShareResult| match result {
            ShareResult::Refused { reason, .. } => Err(*reason),
            ShareResult::Granted { .. }
            | ShareResult::Changed { .. }
            | ShareResult::Unchanged { .. } => Ok(result.clone()),
        };
        results.iter().map(one).collect()
    }

    /// The decision.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test that fails")]
    pub fn decided(&self) -> Decision<ItemEvent> {
        match &self.outcome {
            Ok(decision) => decision.clone(),
            Err(rejection) => panic!("events are expected, not a refusal: {rejection:?}"),
        }
    }

    fn recorded(self, events: Vec<ItemEvent>) -> Given {
        let by = self.by.account().map_or("admin", AccountId::as_str).to_owned();
        if events.is_empty() { self.given } else { self.given.and_all(&by, events) }
    }
}
