//! The token aggregate: issued, revoked.

use crate::{
    aggregate::{Aggregate, Circumstances, Decision},
    event::{Recorded, TokenEvent, TokenIssued, TokenRevoked},
    id::TokenId,
    position::Position,
    private_text::HoldsPrivateText,
    rejection::{Entity, Rejection},
    stream::StreamName,
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

/// What can be requested of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenCommand {
    /// Make it valid.
    Issue(TokenIssued),
    /// Make it invalid, permanently.
    Revoke,
}

impl TokenState {
    /// Can it be used at this instant?
    pub fn is_valid(&self, at: Time) -> bool {
        self.revoked_at.is_none()
            && self.issued.as_ref().is_some_and(|issued| issued.ends_at.is_none_or(|end| at < end))
    }
}

impl HoldsPrivateText for TokenState {}

impl Aggregate for TokenState {
    type Id = TokenId;
    type Command = TokenCommand;
    type Event = TokenEvent;
    type Context<'a> = Circumstances;
    const VERSION: u32 = 1;

    fn stream(id: &TokenId) -> StreamName {
        StreamName::Token(*id)
    }

    fn position(&self) -> Position {
        self.position
    }

    /// Whether the caller may issue the command is checked before.
    fn decide(
        &self,
        command: &TokenCommand,
        _context: &Circumstances,
    ) -> Result<Decision<TokenEvent>, Rejection> {
        match (command, &self.issued) {
            (TokenCommand::Issue(_), Some(_)) => Err(Rejection::AlreadyExists),
            (TokenCommand::Issue(issued), None) => Ok(TokenEvent::Issued(issued.clone()).into()),
            (TokenCommand::Revoke, None) => Err(Rejection::NotFound(Entity::Token)),
            (TokenCommand::Revoke, Some(_)) if self.revoked_at.is_some() => Ok(Decision::NOTHING),
            (TokenCommand::Revoke, Some(_)) => Ok(TokenEvent::Revoked(TokenRevoked {}).into()),
        }
    }

    fn evolve(&mut self, recorded: &Recorded<TokenEvent>) {
        self.position = recorded.position();
        match &recorded.event {
            TokenEvent::Issued(issued) => {
                self.issued = Some(issued.clone());
                self.issued_at = recorded.time;
            }
            TokenEvent::Revoked(_) => self.revoked_at = Some(recorded.time),
        }
    }
}
