//! The contract of every aggregate: pure decisions on a state folded from the events of one stream.

use crate::{
    event::{AggregateEvent, DecodeError, Recorded},
    id::AccountId,
    position::Position,
    private_text::HoldsPrivateText,
    rejection::{Entity, Rejection, ShareResult},
    stream::StreamName,
    time::Time,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// A consistency boundary with a stream of its own; `Self` is the state folded from that stream.
pub trait Aggregate:
    HoldsPrivateText
    + Clone
    + Default
    + fmt::Debug
    + Send
    + Sync
    + Serialize
    + DeserializeOwned
    + 'static
{
    /// What tells one from the others.
    type Id: Send + Sync;
    /// What can be requested of it.
    type Command: Send + Sync;
    /// What can happen to it.
    type Event: AggregateEvent;
    /// What a decision needs beside state and command.
    type Context<'a>;

    /// Raised whenever the state or `evolve` changes; saved states of another version are
    /// discarded.
    const VERSION: u32;

    /// The stream of one.
    fn stream(id: &Self::Id) -> StreamName;

    /// Position of the stream's last record; 0 = there is none.
    fn position(&self) -> Position;

    /// Decides a command. Pure: the same state, command and context always give the same decision.
    fn decide(
        &self,
        command: &Self::Command,
        context: &Self::Context<'_>,
    ) -> Result<Decision<Self::Event>, Rejection>;

    /// Applies a recorded event.
    fn evolve(&mut self, recorded: &Recorded<Self::Event>);

    /// Applies an event as read from a stream; one of another aggregate is damage.
    fn replay(&mut self, recorded: Recorded) -> Result<(), DecodeError> {
        self.evolve(&recorded.of_aggregate()?);
        Ok(())
    }

    /// The account whose data key seals the private texts of these events; `None` = the
    /// deployment's.
    fn key_owner(&self, _id: &Self::Id, _events: &[Self::Event]) -> Option<AccountId> {
        None
    }

    /// Estimated bytes in memory.
    fn weight(&self) -> u32 {
        512
    }
}

/// The events to append as one commit (none = nothing changes) and, for a share, the result for
/// each grantee. Results are recorded with the commit, so that a replayed command answers the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<E> {
    /// To be appended, in this order.
    pub events: Vec<E>,
    /// One per grantee of a share, in the order of the request.
    pub results: Vec<ShareResult>,
}

impl<E> Decision<E> {
    /// Nothing changes.
    pub const NOTHING: Self = Self { events: Vec::new(), results: Vec::new() };
}

impl<E> Default for Decision<E> {
    fn default() -> Self {
        Self::NOTHING
    }
}

impl<E> From<Vec<E>> for Decision<E> {
    fn from(events: Vec<E>) -> Self {
        Self { events, results: Vec::new() }
    }
}

impl<E> From<E> for Decision<E> {
    fn from(event: E) -> Self {
        vec![event].into()
    }
}

/// A condition on the version of the entity that a command changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Condition {
    /// None.
    #[default]
    None,
    /// It must have this version.
    Version(Position),
    /// It must exist.
    Exists,
    /// It must not exist.
    Absent,
}

impl Condition {
    /// Checks it against an entity and its version.
    pub fn check(self, entity: Entity, exists: bool, current: Position) -> Result<(), Rejection> {
        let met = match self {
            Self::Absent if exists => return Err(Rejection::AlreadyExists),
            Self::None | Self::Absent => true,
            Self::Exists => exists,
            Self::Version(required) => exists && required == current,
        };
        if met { Ok(()) } else { Err(Rejection::PreconditionFailed { entity, current }) }
    }
}

/// What decisions need that depend on nothing but the moment and the version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The time to decide at.
    pub now: Time,
    /// The condition on the version.
    pub condition: Condition,
}
