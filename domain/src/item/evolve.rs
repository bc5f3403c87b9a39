//! How does an event change what is known of an item?

use super::ItemState;
use crate::event::Recorded;

/// Applies a recorded event of the item's own stream. Events of other streams change nothing.
pub fn evolve(state: &mut ItemState, recorded: &Recorded) {
    state.position = recorded.position();
}
