//! The item as an aggregate.

use super::{Context, ItemCommand, ItemState, decide::decide, evolve::evolve};
use crate::{
    aggregate::{Aggregate, Decision},
    event::{ItemEvent, Recorded},
    id::{AccountId, ItemRef},
    position::Position,
    rejection::Rejection,
    stream::StreamName,
};

impl Aggregate for ItemState {
    type Id = ItemRef;
    type Command = ItemCommand;
    type Event = ItemEvent;
    type Context<'a> = Context<'a>;
    const VERSION: u32 = 1;

    fn stream(id: &ItemRef) -> StreamName {
        StreamName::Item(id.clone())
    }

    fn position(&self) -> Position {
        self.position
    }

    fn decide(
        &self,
        command: &ItemCommand,
        context: &Context<'_>,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        decide(self, command, context)
    }

    fn evolve(&mut self, recorded: &Recorded<ItemEvent>) {
        evolve(self, recorded);
    }

    /// The owner, also of an item that these events register.
    fn key_owner(&self, _id: &ItemRef, events: &[ItemEvent]) -> Option<AccountId> {
        let registered = events.iter().find_map(|event| {
            if let ItemEvent::Registered(registered) = event {
                Some(&registered.owner)
            } else {
                None
            }
        });
        self.owner.as_ref().or(registered).cloned()
    }

    fn weight(&self) -> u32 {
        let closed = self.closed.as_ref().map_or(0, |c| c.grants.len() + c.links.len());
        let entries = self.grants.len() + self.links.len() + closed;
        u32::try_from(entries.saturating_mul(600)).unwrap_or(u32::MAX).saturating_add(2_000)
    }
}
