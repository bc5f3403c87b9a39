//! The write side as its callers see it.

mod account;
mod item;
mod system;
mod token;
mod webhook;

use crate::{
    Caller, CommandError, Dependencies, EffectiveAccess, LinkPreview, LinkVisit, OpenError, Secret,
    StartError, WriteHealth, core::Core, expiry_worker::ExpiryWorker, links,
    vault::VaultTextDecryptor,
};
use domain::{
    access::Visit,
    account::AccountState,
    id::{AccountId, ItemRef, LinkId, LogId, TokenId},
    item::ItemState,
    position::Position,
    system::SystemState,
    time::Time,
    token::TokenState,
};
use std::sync::{Arc, atomic::Ordering};

/// The write side. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Commands {
    pub(crate) core: Arc<Core>,
    pub(crate) expiry: Arc<ExpiryWorker>,
}

impl Commands {
    /// Opens the write side; does the first start of an empty log, records changed kinds or role
    /// tables, and carries out what erasures the vault has not seen yet.
    pub async fn open(parts: Dependencies) -> Result<Self, StartError> {
        let core = Arc::new(Core::open(parts).await?);
        core.erase_to_head().await?;
        Ok(Self { core, expiry: Arc::default() })
    }

    /// The log's identity.
    pub fn log_id(&self) -> LogId {
        self.core.handler.log_id
    }

    /// The current state of an item, texts opened. Confirmed by the log's leader.
    pub async fn load_item(&self, item: &ItemRef) -> Result<Arc<ItemState>, CommandError> {
        self.core.item(item).await
    }

    /// The current state of an account. Confirmed by the log's leader.
    pub async fn load_account(
        &self,
        account: &AccountId,
    ) -> Result<Arc<AccountState>, CommandError> {
        self.core.handler.current(&self.core.accounts, account).await
    }

    /// The current state of an access token. Confirmed by the log's leader.
    pub async fn load_token(&self, token: TokenId) -> Result<Arc<TokenState>, CommandError> {
        self.core.handler.current(&self.core.tokens, &token).await
    }

    /// What is in force in the deployment, as this node last saw it.
    pub fn system(&self) -> Arc<SystemState> {
        self.core.in_force.read().clone()
    }

    /// What is in force, at most a second old, as known at least up to a position.
    pub async fn system_at(&self, at_least: Position) -> Result<Arc<SystemState>, CommandError> {
        let (handler, cache) = (&self.core.handler, &self.core.system);
        Ok(handler.recent(cache, &(), at_least).await?.0)
    }

    /// How often a limited link was opened.
    pub async fn link_uses(&self, link: LinkId) -> Result<u32, CommandError> {
        self.core.link_uses(link).await
    }

    /// What a caller may do at an instant with an item in this state, known at least up to a
    /// position.
    pub async fn effective_access(
        &self,
        caller: &Caller,
        item: &ItemRef,
        state: &ItemState,
        at_least: Position,
        at: Time,
    ) -> Result<EffectiveAccess, CommandError> {
        self.core.effective_access(caller, item, state, at_least, at).await
    }

    /// The opening of a link that a text stands for; `None` = this service did not sign it. Whether
    /// it still opens something is not judged here.
    pub async fn read_visit(&self, text: &str) -> Result<Option<Visit>, CommandError> {
        Ok(self.core.read_visit(text).await?.map(|(visit, _)| visit))
    }

    /// The item that a link belongs to, whether the link is open or not.
    pub async fn item_of_link(&self, link: LinkId) -> Result<Option<ItemRef>, CommandError> {
        self.core.item_of_link(link).await
    }

    /// The secret part of a link's address.
    pub fn link_token(&self, link: LinkId, generation: u32) -> Result<Secret, CommandError> {
        links::token(&self.core, link, generation)
    }

    /// Opens a link; a limited one loses a use.
    pub async fn open_link(
        &self,
        caller: &Caller,
        token: &str,
        password: Option<&Secret>,
    ) -> Result<LinkVisit, OpenError> {
        self.core.open_link(caller, token, password).await
    }

    /// What a page may show of a link before it is opened. Consumes nothing.
    pub async fn peek_link(&self, _caller: &Caller, token: &str) -> Result<LinkPreview, OpenError> {
        self.core.peek_link(token).await
    }

    /// A code that an application swaps for the visit: one use, 60 s.
    pub async fn make_code(&self, opened: &LinkVisit) -> Result<Secret, CommandError> {
        self.core.make_code(opened).await
    }

    /// Swaps a code for the visit it stands for.
    pub async fn swap_code(&self, caller: &Caller, code: &str) -> Result<LinkVisit, OpenError> {
        self.core.swap_code(caller, code).await
    }

    /// Re-erases up to the head of the log, once.
    pub async fn erase(&self) -> Result<(), CommandError> {
        self.core.erase_to_head().await
    }

    /// Follows the log for erasures until dropped, and collects vault rows that nothing refers to.
    /// Safe on many nodes.
    pub async fn run_erasure_worker(&self) {
        self.core.run_erasure_worker().await;
    }

    /// Looks at every vault row once a day, some at a time, and removes those that nothing has
    /// referred to for a day; answers how many it removed.
    pub async fn collect(&self) -> Result<usize, CommandError> {
        self.core.collect().await
    }

    /// Opens private texts; shares its keys with the write side, so that an erasure here is seen at
    /// once.
    pub fn text_decryptor(&self) -> Arc<VaultTextDecryptor> {
        Arc::new(VaultTextDecryptor::over(self.core.key_ring.clone()))
    }

    /// The last position this node has had acknowledged.
    pub fn last_acknowledged(&self) -> Position {
        Position(self.core.handler.acknowledged.load(Ordering::Acquire))
    }

    /// Can commands be taken?
    pub fn health(&self) -> WriteHealth {
        let skewed = self.core.handler.guard.check().err();
        let problems: Vec<String> = skewed.iter().map(ToString::to_string).collect();
        WriteHealth { ready: problems.is_empty(), problems }
    }
}
