//! The authority of commands over the access index of this node: what other streams than the
//! item's say of an account.

use async_trait::async_trait;
use commands::{AccountFacts, Authority, CommandError, KnownEnds};
use domain::{
    id::{AccountId, ItemRef},
    position::Position,
    time::Time,
};
use eventlog::Checkpoint;
use projections::{AccessIndex, IndexError, Snapshot};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// How long a command waits for the position that its caller names, or for an index that is behind.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum age of the index that decides a command.
const MAX_STALENESS: Duration = Duration::from_secs(2);

/// The access index as the authority of commands.
#[derive(Debug, Clone)]
pub struct IndexAuthority(AccessIndex);

impl IndexAuthority {
    /// Over the index of this node.
    pub const fn new(index: AccessIndex) -> Self {
        Self(index)
    }

    async fn recent(&self, at_least: Position) -> Result<Snapshot, IndexError> {
        match self.0.recent(MAX_STALENESS) {
            Ok(snapshot) if snapshot.position() >= at_least => Ok(snapshot),
            Ok(_) => self.0.wait_for(at_least, WAIT_TIMEOUT).await,
            Err(error @ IndexError::Stopped { .. }) => Err(error),
            Err(_) => self.0.caught_up(at_least, WAIT_TIMEOUT).await,
        }
    }
}

#[async_trait]
impl Authority for IndexAuthority {
    async fn account_facts(
        &self,
        account: &AccountId,
        item: &ItemRef,
        at_least: Position,
        now: Time,
    ) -> Result<AccountFacts, CommandError> {
        let snapshot = self.recent(at_least).await.map_err(unknown)?;
        let (through_containers, through_library) = snapshot.inherited(account, item, now);
        Ok(AccountFacts {
            active: snapshot.is_active(account),
            groups: snapshot.groups_of(account),
            through_containers,
            through_library,
            known: snapshot.position(),
        })
    }

    async fn ends(&self, most: usize) -> Result<Option<KnownEnds>, CommandError> {
        let snapshot = self.0.caught_up(Position::START, WAIT_TIMEOUT).await.map_err(unknown)?;
        let at = Checkpoint { position: snapshot.position(), time: snapshot.time() };
        let looked = spawn_blocking(move || snapshot.expirations(most)).await;
        let (earliest, left_out) =
            looked.map_err(|error| CommandError::RightsUnknown(error.to_string()))?;
        let earliest = earliest.into_iter().map(|end| (end.at, end.id, end.item)).collect();
        Ok(Some(KnownEnds { at, earliest, left_out }))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unknown(error: IndexError) -> CommandError {
    match error {
        IndexError::CatchingUp { .. } | IndexError::NotYet { .. } => CommandError::NotYetVisible,
        IndexError::Stopped { .. } | IndexError::Lost { .. } => {
            CommandError::RightsUnknown(error.to_string())
        }
    }
}
