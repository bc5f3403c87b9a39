//! One command as the handler sees it: how it is decided, and what it writes to the vault before.

use crate::CommandError;
use domain::{
    aggregate::{Aggregate, Circumstances, Condition, Decision},
    event::Recorded,
    position::Position,
    rejection::Rejection,
    time::Time,
};
use std::future::Future;

/// A decision with what it was based on.
#[derive(Debug)]
pub(crate) struct Decided<A: Aggregate> {
    pub(crate) decision: Decision<A::Event>,
    /// The position up to which the caller's rights were known; `None` = the state's.
    pub(crate) seen: Option<Position>,
    /// Why visits that were presented gave nothing.
    pub(crate) ignored_visits: Vec<String>,
}

impl<A: Aggregate> From<Decision<A::Event>> for Decided<A> {
    fn from(decision: Decision<A::Event>) -> Self {
        Self { decision, seen: None, ignored_visits: Vec::new() }
    }
}

/// One command: decides on a state, as often as needed, always with the same ids.
pub(crate) trait Decider<A: Aggregate>: Send + Sync {
    /// Gathers what the decision needs, and decides at an instant.
    fn decide(
        &self,
        state: &A,
        at: Time,
    ) -> impl Future<Output = Result<Decided<A>, CommandError>> + Send;

    /// Writes to the vault what the events refer to. Called before they are appended, again after
    /// every conflict, and never in a dry run.
    fn write_references(
        &self,
        _state: &A,
        _events: &[A::Event],
        _at: Time,
    ) -> impl Future<Output = Result<(), CommandError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Did what the command ends exist once, so that its refusal means "ended already"?
    fn ended_before(&self, _past: &[Recorded<A::Event>]) -> bool {
        false
    }

    /// Could a refusal mean "ended already"?
    fn may_have_ended(&self, _rejection: &Rejection) -> bool {
        false
    }
}

/// A command that needs nothing but the moment, and whose events refer to nothing in the vault.
pub(crate) struct PlainDecider<A: Aggregate> {
    pub(crate) command: A::Command,
    pub(crate) condition: Condition,
}

impl<A> Decider<A> for PlainDecider<A>
where
    A: for<'a> Aggregate<Context<'a> = Circumstances>,
{
    async fn decide(&self, state: &A, at: Time) -> Result<Decided<A>, CommandError> {
        let circumstances = Circumstances { now: at, condition: self.condition };
        Ok(state.decide(&self.command, &circumstances)?.into())
    }
}
