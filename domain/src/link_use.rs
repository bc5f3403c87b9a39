//! The uses of a limited link, counted on a stream of their own so that the limit is exact on any
//! number of nodes.

use crate::{
    aggregate::{Aggregate, Circumstances, Decision},
    event::{LinkUseEvent, LinkUsed, Recorded},
    id::{ItemRef, LinkId, VisitId},
    position::Position,
    private_text::HoldsPrivateText,
    rejection::{Entity, Rejection},
    stream::StreamName,
};
use serde::{Deserialize, Serialize};

/// How often a limited link was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkUses {
    /// Position of the stream's last record; 0 = there is none.
    pub position: Position,
    /// Openings so far; a rotation does not reset them.
    pub used: u32,
}

/// What can be requested of the uses of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseLink {
    /// How often the link can be opened.
    pub max_visits: u32,
    /// The link's item.
    pub item: ItemRef,
    /// The generation that is opened.
    pub generation: u32,
    /// The visit it becomes.
    pub visit: VisitId,
}

impl HoldsPrivateText for LinkUses {}

impl Aggregate for LinkUses {
    type Id = LinkId;
    type Command = UseLink;
    type Event = LinkUseEvent;
    type Context<'a> = Circumstances;
    const VERSION: u32 = 1;

    fn stream(id: &LinkId) -> StreamName {
        StreamName::Link(*id)
    }

    fn position(&self) -> Position {
        self.position
    }

    /// Counts one more use; a link that was used as often as it can be is not found.
    fn decide(
        &self,
        command: &UseLink,
        _context: &Circumstances,
    ) -> Result<Decision<LinkUseEvent>, Rejection> {
        let used = self.used.checked_add(1).filter(|used| *used <= command.max_visits);
        let used = used.ok_or(Rejection::NotFound(Entity::Link))?;
        let UseLink { item, generation, visit, .. } = command.clone();
        Ok(LinkUseEvent::Used(LinkUsed { item, generation, visit, used }).into())
    }

    fn evolve(&mut self, recorded: &Recorded<LinkUseEvent>) {
        self.position = recorded.position();
        match &recorded.event {
            LinkUseEvent::Used(used) => self.used = used.used,
        }
    }
}
