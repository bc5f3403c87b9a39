//! The token aggregate: issued, revoked.

use crate::{
    event::{Recorded, TokenEvent, TokenIssued},
    position::Position,
    rejection::{Entity, Rejection},
    time::Time,
};
use serde::{Deserialize, Serialize};

/// What is known of an access token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenState {
    /// Position of the stream's last record; 0 = there is none.
    pub position: Position,
    /// As issued.
    pub issued: Option<TokenIssued>,
    /// When it was issued.
    pub issued_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// What can be asked of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenCommand {
    /// Make it valid.
    Issue(TokenIssued),
    /// Make it invalid for ever.
    Revoke,
}

/// Decides a command; only administrators get here.
pub fn decide(state: &TokenState, command: &TokenCommand) -> Result<Vec<TokenEvent>, Rejection> {
    let _ = (state, command);
    Err(Rejection::NotFound(Entity::Token))
}

/// Applies a recorded event of the token's own stream.
pub fn evolve(state: &mut TokenState, recorded: &Recorded) {
    state.position = recorded.position();
}
