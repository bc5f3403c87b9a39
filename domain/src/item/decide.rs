//! Which events follow from a command?

use super::{Context, Decision, ItemCommand, ItemState};
use crate::rejection::{Entity, Rejection};

/// Decides a command. Pure: the same state, command and context always give the same answer.
pub fn decide(
    state: &ItemState,
    command: &ItemCommand,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let _ = (state, command, context);
    Err(Rejection::NotFound(Entity::Item))
}
