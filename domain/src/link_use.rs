//! The uses of a limited link, counted on a stream of their own so that the limit is exact on any
//! number of nodes.

use crate::{
    event::{Event, LinkUseEvent, LinkUsed, Recorded},
    position::Position,
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

/// Counts one more opening; `None` = the limit is reached. The number in `opening` is replaced by
/// the one that is true.
pub fn decide(state: &LinkUses, max_visits: u32, opening: LinkUsed) -> Option<LinkUseEvent> {
    let used = state.used.checked_add(1).filter(|used| *used <= max_visits)?;
    Some(LinkUseEvent::Used(LinkUsed { used, ..opening }))
}

/// Applies a recorded event of the link's own stream. Events of other streams change nothing.
pub fn evolve(state: &mut LinkUses, recorded: &Recorded) {
    let event = match &recorded.event {
        Event::Link(event) => event,
        Event::Item(_)
        | Event::Account(_)
        | Event::Token(_)
        | Event::System(_)
        | Event::Webhook(_) => return,
    };
    state.position = recorded.position();
    match event {
        LinkUseEvent::Used(used) => state.used = used.used,
    }
}
