//! The uses of a limited link, counted on a stream of their own so that the limit is exact on any number of
//! nodes.

use crate::{
    event::{LinkUseEvent, LinkUsed, Recorded},
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

/// Counts one more opening; `None` = the limit is reached.
pub fn decide(state: &LinkUses, max_visits: u32, opening: LinkUsed) -> Option<LinkUseEvent> {
    let _ = (state, max_visits, opening);
    None
}

/// Applies a recorded event of the link's own stream.
pub fn evolve(state: &mut LinkUses, recorded: &Recorded) {
    state.position = recorded.position();
}
