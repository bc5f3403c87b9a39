//! The account aggregate: registered, changed, deactivated, reactivated, erased.

use crate::{
    event::{
        AccountChanged, AccountDeactivated, AccountErased, AccountEvent, AccountReactivated,
        AccountRegistered, Event, Recorded,
    },
    id::VaultId,
    item::Condition,
    position::Position,
    rejection::{Entity, Reason, Rejection},
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

impl AccountState {
    /// May it have anything? Deactivated and erased accounts have nothing; one that never
    /// registered may have grants.
    pub fn is_active(&self) -> bool {
        match self.status {
            AccountStatus::Unknown | AccountStatus::Active => true,
            AccountStatus::Deactivated | AccountStatus::Erased => false,
        }
    }
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
    let known = state.status != AccountStatus::Unknown;
    let possible = match command {
        AccountCommand::Register { .. } => true,
        AccountCommand::Change { .. } | AccountCommand::Deactivate => known,
        // Who never registered may still own items, whose texts must be erasable.
        AccountCommand::Erase { keys } => known || !keys.is_empty(),
    };
    if !possible {
        return Err(Rejection::NotFound(Entity::Account));
    }
    check(state, known, condition)?;
    match command {
        AccountCommand::Register { profile } => register(state, *profile),
        AccountCommand::Change { profile } => match state.status {
            AccountStatus::Erased => Err(erased()),
            AccountStatus::Unknown | AccountStatus::Active | AccountStatus::Deactivated => {
                Ok(changed(state, *profile))
            }
        },
        AccountCommand::Deactivate => Ok(match state.status {
            AccountStatus::Active => vec![AccountEvent::Deactivated(AccountDeactivated {})],
            AccountStatus::Unknown | AccountStatus::Deactivated | AccountStatus::Erased => {
                Vec::new()
            }
        }),
        AccountCommand::Erase { keys } => Ok(match state.status {
            AccountStatus::Erased => Vec::new(),
            AccountStatus::Unknown | AccountStatus::Active | AccountStatus::Deactivated => {
                vec![AccountEvent::Erased(AccountErased { keys: keys.clone() })]
            }
        }),
    }
}

fn register(
    state: &AccountState,
    profile: Option<VaultId>,
) -> Result<Vec<AccountEvent>, Rejection> {
    match state.status {
        AccountStatus::Unknown => Ok(vec![AccountEvent::Registered(AccountRegistered { profile })]),
        AccountStatus::Active => Ok(changed(state, profile)),
        AccountStatus::Deactivated => {
            let mut events = vec![AccountEvent::Reactivated(AccountReactivated {})];
            events.append(&mut changed(state, profile));
            Ok(events)
        }
        AccountStatus::Erased => Err(erased()),
    }
}

fn changed(state: &AccountState, after: Option<VaultId>) -> Vec<AccountEvent> {
    let before = state.profile;
    let event = AccountEvent::Changed(AccountChanged { before, after });
    if before == after { Vec::new() } else { vec![event] }
}

fn check(state: &AccountState, known: bool, condition: Condition) -> Result<(), Rejection> {
    let (entity, current) = (Entity::Account, state.position);
    let met = match condition {
        Condition::Absent if known => return Err(Rejection::AlreadyExists),
        Condition::None | Condition::Absent => true,
        Condition::Version(asked) => known && asked == current,
        Condition::Exists => known,
    };
    if met { Ok(()) } else { Err(Rejection::PreconditionFailed { entity, current }) }
}

fn erased() -> Rejection {
    let detail = "the account was erased; its id cannot be used again".to_owned();
    Rejection::Rule { reason: Reason::AccountInactive, detail }
}

/// Applies a recorded event of the account's own stream. Events of other streams change nothing.
pub fn evolve(state: &mut AccountState, recorded: &Recorded) {
    let event = match &recorded.event {
        Event::Account(event) => event,
        Event::Item(_)
        | Event::Link(_)
        | Event::Token(_)
        | Event::System(_)
        | Event::Webhook(_) => return,
    };
    state.position = recorded.position();
    match event {
        AccountEvent::Registered(registered) => {
            state.status = AccountStatus::Active;
            state.profile = registered.profile;
            state.registered_at = recorded.time;
        }
        AccountEvent::Changed(changed) => state.profile = changed.after,
        AccountEvent::Deactivated(_) => state.status = AccountStatus::Deactivated,
        AccountEvent::Reactivated(_) => state.status = AccountStatus::Active,
        AccountEvent::Erased(_) => {
            state.status = AccountStatus::Erased;
            state.profile = None;
        }
    }
}
