//! The account aggregate: registered, changed, deactivated, reactivated, erased.

use crate::{
    aggregate::{Aggregate, Circumstances, Decision},
    event::{
        AccountChanged, AccountDeactivated, AccountErased, AccountEvent, AccountReactivated,
        AccountRegistered, Recorded,
    },
    id::{AccountId, VaultId},
    position::Position,
    private_text::HoldsPrivateText,
    rejection::{Entity, Reason, Rejection},
    stream::StreamName,
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
    /// Has nothing, permanently.
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

/// What can be requested of an account.
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
    /// Forget the person permanently.
    Erase {
        /// Its data keys in the vault, which will be destroyed.
        keys: Vec<uuid::Uuid>,
    },
}

impl HoldsPrivateText for AccountState {}

impl Aggregate for AccountState {
    type Id = AccountId;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Context<'a> = Circumstances;
    const VERSION: u32 = 1;

    fn stream(id: &AccountId) -> StreamName {
        StreamName::Account(id.clone())
    }

    fn position(&self) -> Position {
        self.position
    }

    /// Whether the caller may issue the command is checked before.
    fn decide(
        &self,
        command: &AccountCommand,
        context: &Circumstances,
    ) -> Result<Decision<AccountEvent>, Rejection> {
        let known = self.status != AccountStatus::Unknown;
        let possible = match command {
            AccountCommand::Register { .. } => true,
            AccountCommand::Change { .. } | AccountCommand::Deactivate => known,
            // An account that never registered may still own items, whose texts must be erasable.
            AccountCommand::Erase { keys } => known || !keys.is_empty(),
        };
        if !possible {
            return Err(Rejection::NotFound(Entity::Account));
        }
        context.condition.check(Entity::Account, known, self.position)?;
        let erased = self.status == AccountStatus::Erased;
        let events = match command {
            AccountCommand::Register { .. } | AccountCommand::Change { .. } if erased => {
                let detail = "the account was erased; its id cannot be used again".to_owned();
                return Err(Rejection::Rule { reason: Reason::AccountInactive, detail });
            }
            AccountCommand::Register { profile } => self.register(*profile),
            AccountCommand::Change { profile } => self.change(*profile).into_iter().collect(),
            AccountCommand::Deactivate if self.status == AccountStatus::Active => {
                vec![AccountEvent::Deactivated(AccountDeactivated {})]
            }
            AccountCommand::Erase { keys } if !erased => {
                vec![AccountEvent::Erased(AccountErased { keys: keys.clone() })]
            }
            AccountCommand::Deactivate | AccountCommand::Erase { .. } => Vec::new(),
        };
        Ok(events.into())
    }

    fn evolve(&mut self, recorded: &Recorded<AccountEvent>) {
        self.position = recorded.position();
        match &recorded.event {
            AccountEvent::Registered(registered) => {
                self.status = AccountStatus::Active;
                self.profile = registered.profile;
                self.registered_at = recorded.time;
            }
            AccountEvent::Changed(changed) => self.profile = changed.after,
            AccountEvent::Deactivated(_) => self.status = AccountStatus::Deactivated,
            AccountEvent::Reactivated(_) => self.status = AccountStatus::Active,
            AccountEvent::Erased(_) => {
                self.status = AccountStatus::Erased;
                self.profile = None;
            }
        }
    }

    fn key_owner(&self, id: &AccountId, _events: &[AccountEvent]) -> Option<AccountId> {
        Some(id.clone())
    }
}

impl AccountState {
    fn register(&self, profile: Option<VaultId>) -> Vec<AccountEvent> {
        let first = match self.status {
            AccountStatus::Unknown => {
                return vec![AccountEvent::Registered(AccountRegistered { profile })];
            }
            AccountStatus::Deactivated => Some(AccountEvent::Reactivated(AccountReactivated {})),
            AccountStatus::Active | AccountStatus::Erased => None,
        };
        first.into_iter().chain(self.change(profile)).collect()
    }

    fn change(&self, after: Option<VaultId>) -> Option<AccountEvent> {
        let before = self.profile;
        (before != after).then_some(AccountEvent::Changed(AccountChanged { before, after }))
    }
}
