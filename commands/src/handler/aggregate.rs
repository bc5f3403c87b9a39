//! What the handler needs to know of an aggregate; one implementation each.

use domain::{
    account::{self, AccountState},
    event::Recorded,
    item::{self, ItemState},
    link_use::{self, LinkUses},
    position::Position,
    private_text::{HoldsPrivateText as _, PrivateField},
    system::{self, SystemState},
    token::{self, TokenState},
    webhook::{self, WebhookState},
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// One kind of streams and the state folded from them.
pub(crate) trait Aggregate: Send + Sync + 'static {
    /// What is known of one stream.
    type State: Clone + Default + Debug + Send + Sync + Serialize + DeserializeOwned + 'static;

    /// Its name in saved folds.
    const NAME: &str;
    /// Raised whenever state or `evolve` changes.
    const FOLD_VERSION: u32;

    /// Position of the stream's last record; 0 = none.
    fn position(state: &Self::State) -> Position;
    /// Applies a record's event.
    fn evolve(state: &mut Self::State, recorded: &Recorded);
    /// The private texts of a state.
    fn texts(_state: &mut Self::State) -> Vec<PrivateField<'_>> {
        Vec::new()
    }
    /// Estimated bytes in memory.
    fn weight(_state: &Self::State) -> u32 {
        512
    }
}

/// Items.
#[derive(Debug)]
pub(crate) enum Items {}

impl Aggregate for Items {
    type State = ItemState;
    const NAME: &str = "item";
    const FOLD_VERSION: u32 = item::FOLD_VERSION;

    fn position(state: &ItemState) -> Position {
        state.position
    }
    fn evolve(state: &mut ItemState, recorded: &Recorded) {
        item::evolve(state, recorded);
    }
    fn texts(state: &mut ItemState) -> Vec<PrivateField<'_>> {
        state.private_texts()
    }
    fn weight(state: &ItemState) -> u32 {
        let closed = state.closed.as_ref().map_or(0, |c| c.grants.len() + c.links.len());
        let entries = state.grants.len() + state.links.len() + closed;
        u32::try_from(entries.saturating_mul(600)).unwrap_or(u32::MAX).saturating_add(2_000)
    }
}

/// Accounts.
#[derive(Debug)]
pub(crate) enum Accounts {}

impl Aggregate for Accounts {
    type State = AccountState;
    const NAME: &str = "account";
    const FOLD_VERSION: u32 = 1;

    fn position(state: &AccountState) -> Position {
        state.position
    }
    fn evolve(state: &mut AccountState, recorded: &Recorded) {
        account::evolve(state, recorded);
    }
}

/// Access tokens.
#[derive(Debug)]
pub(crate) enum Tokens {}

impl Aggregate for Tokens {
    type State = TokenState;
    const NAME: &str = "token";
    const FOLD_VERSION: u32 = 1;

    fn position(state: &TokenState) -> Position {
        state.position
    }
    fn evolve(state: &mut TokenState, recorded: &Recorded) {
        token::evolve(state, recorded);
    }
}

/// Webhooks.
#[derive(Debug)]
pub(crate) enum Webhooks {}

impl Aggregate for Webhooks {
    type State = WebhookState;
    const NAME: &str = "webhook";
    const FOLD_VERSION: u32 = 1;

    fn position(state: &WebhookState) -> Position {
        state.position
    }
    fn evolve(state: &mut WebhookState, recorded: &Recorded) {
        webhook::evolve(state, recorded);
    }
}

/// Uses of limited links.
#[derive(Debug)]
pub(crate) enum Uses {}

impl Aggregate for Uses {
    type State = LinkUses;
    const NAME: &str = "link";
    const FOLD_VERSION: u32 = 1;

    fn position(state: &LinkUses) -> Position {
        state.position
    }
    fn evolve(state: &mut LinkUses, recorded: &Recorded) {
        link_use::evolve(state, recorded);
    }
}

/// The deployment.
#[derive(Debug)]
pub(crate) enum System {}

impl Aggregate for System {
    type State = SystemState;
    const NAME: &str = "system";
    const FOLD_VERSION: u32 = 1;

    fn position(state: &SystemState) -> Position {
        state.position
    }
    fn evolve(state: &mut SystemState, recorded: &Recorded) {
        system::evolve(state, recorded);
    }
}
