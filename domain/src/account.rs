//! The account aggregate: registered, changed, deactivated, reactivated, erased.

use crate::{
    event::{AccountEvent, Recorded},
    id::VaultId,
    item::Condition,
    position::Position,
    rejection::{Entity, Rejection},
    time::Time,
};
use serde::{Deserialize, Serialize};

/// Where in its life an account is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Never registered; may still have grants.
    #[default]
    Unknown,
    /// Registered.
    Active,
    /// Has nothing until reactivated.
    Deactivated,
    /// Has nothing for ever.
    Erased,
}

/// What is known of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Position of the stream's last record; 0 = there is none. Also the entity's version.
    pub position: Position,
    /// Where in its life it is.
    pub status: AccountStatus,
    /// The vault row with name and addresses.
    pub profile: Option<VaultId>,
    /// When it was registered.
    pub registered_at: Time,
}

/// What can be asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountCommand {
    /// Make it known, or replace its profile; a deactivated one becomes active again.
    Register {
        /// The vault row, written before; the current one when nothing in it changes.
        profile: Option<VaultId>,
    },
    /// Replace its profile.
    Change {
        /// The vault row, written before; the current one when nothing in it changes.
        profile: Option<VaultId>,
    },
    /// Take everything from it until reactivated.
    Deactivate,
    /// Forget the person for ever.
    Erase {
        /// Its data keys in the vault, which will be destroyed.
        keys: Vec<uuid::Uuid>,
    },
}

/// Decides a command; who may issue it is judged by the caller's role before.
pub fn decide(
    state: &AccountState,
    command: &AccountCommand,
    condition: Condition,
) -> Result<Vec<AccountEvent>, Rejection> {
    let _ = (state, command, condition);
    Err(Rejection::NotFound(Entity::Account))
}

/// Applies a recorded event of the account's own stream.
pub fn evolve(state: &mut AccountState, recorded: &Recorded) {
    state.position = recorded.position();
}
