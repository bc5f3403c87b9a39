//! The token aggregate: issued, revoked.

use crate::{
    event::{Event, Recorded, TokenEvent, TokenIssued, TokenRevoked},
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

impl TokenState {
    /// Can it be used at this instant?
    pub fn is_valid(&self, at: Time) -> bool {
        self.revoked_at.is_none()
            && self.issued.as_ref().is_some_and(|issued| issued.ends_at.is_none_or(|end| at < end))
    }
}

/// Decides a command; only administrators get here.
pub fn decide(state: &TokenState, command: &TokenCommand) -> Result<Vec<TokenEvent>, Rejection> {
    match (command, &state.issued) {
        (TokenCommand::Issue(_), Some(_)) => Err(Rejection::AlreadyExists),
        (TokenCommand::Issue(issued), None) => Ok(vec![TokenEvent::Issued(issued.clone())]),
        (TokenCommand::Revoke, None) => Err(Rejection::NotFound(Entity::Token)),
        (TokenCommand::Revoke, Some(_)) if state.revoked_at.is_some() => Ok(Vec::new()),
        (TokenCommand::Revoke, Some(_)) => Ok(vec![TokenEvent::Revoked(TokenRevoked {})]),
    }
}

/// Applies a recorded event of the token's own stream. Events of other streams change nothing.
pub fn evolve(state: &mut TokenState, recorded: &Recorded) {
    let event = match &recorded.event {
        Event::Token(event) => event,
        Event::Item(_)
        | Event::Account(_)
        | Event::Link(_)
        | Event::System(_)
        | Event::Webhook(_) => return,
    };
    state.position = recorded.position();
    match event {
        TokenEvent::Issued(issued) => {
            state.issued = Some(issued.clone());
            state.issued_at = recorded.time;
        }
        TokenEvent::Revoked(_) => state.revoked_at = Some(recorded.time),
    }
}
