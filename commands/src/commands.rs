//! The write side as its callers see it.

mod account;
mod item;
mod system;
mod token;
mod webhook;

use crate::{
    Caller, CommandError, CommandFuture, Dependencies, EffectiveAccess, LinkPreview, LinkVisit,
    OpenError, Secret, StartError, WriteHealth, core::Core, expiry_worker::ExpiryWorker, links,
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
use futures::future::BoxFuture;
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
    pub fn open(parts: Dependencies) -> CommandFuture<'static, Self, StartError> {
        Box::pin(async move {
            let core = Arc::new(Core::open(parts).await?);
            core.erase_to_head().await?;
            Ok(Self { core, expiry: Arc::default() })
        })
    }

    /// The log's identity.
    pub fn log_id(&self) -> LogId {
        self.core.handler.log_id
    }

    /// The current state of an item, texts opened. Confirmed by the log's leader.
    pub fn load_item<'a>(&'a self, item: &'a ItemRef) -> CommandFuture<'a, Arc<ItemState>> {
        Box::pin(async move { self.core.item(item).await })
    }

    /// The current state of an account. Confirmed by the log's leader.
    pub fn load_account<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> CommandFuture<'a, Arc<AccountState>> {
        Box::pin(async move { self.core.handler.current(&self.core.accounts, account).await })
    }

    /// The current state of an access token. Confirmed by the log's leader.
    pub fn load_token(&self, token: TokenId) -> CommandFuture<'_, Arc<TokenState>> {
        Box::pin(async move { self.core.handler.current(&self.core.tokens, &token).await })
    }

    /// What is in force in the deployment, as this node last saw it.
    pub fn system(&self) -> Arc<SystemState> {
        self.core.in_force.read().clone()
    }

    /// What is in force, at most a second old, as known at least up to a position.
    pub fn system_at(&self, at_least: Position) -> CommandFuture<'_, Arc<SystemState>> {
        Box::pin(async move {
            let (handler, cache) = (&self.core.handler, &self.core.system);
            Ok(handler.recent(cache, &(), at_least).await?.0)
        })
    }

    /// How often a limited link was opened.
    pub fn link_uses(&self, link: LinkId) -> CommandFuture<'_, u32> {
        Box::pin(async move { self.core.link_uses(link).await })
    }

    /// What a caller may do at an instant with an item in this state, known at least up to a
    /// position.
    pub fn effective_access<'a>(
        &'a self,
        caller: &'a Caller,
        item: &'a ItemRef,
        state: &'a ItemState,
        at_least: Position,
        at: Time,
    ) -> CommandFuture<'a, EffectiveAccess> {
        Box::pin(async move { self.core.effective_access(caller, item, state, at_least, at).await })
    }

    /// The opening of a link that a text stands for; `None` = this service did not sign it. Whether
    /// it still opens something is not judged here.
    pub fn read_visit<'a>(&'a self, text: &'a str) -> CommandFuture<'a, Option<Visit>> {
        Box::pin(async move { Ok(self.core.read_visit(text).await?.map(|(visit, _)| visit)) })
    }

    /// The item that a link belongs to, whether the link is open or not.
    pub fn item_of_link(&self, link: LinkId) -> CommandFuture<'_, Option<ItemRef>> {
        Box::pin(async move { self.core.item_of_link(link).await })
    }

    /// The secret part of a link's address.
    pub fn link_token(&self, link: LinkId, generation: u32) -> Result<Secret, CommandError> {
        links::token(&self.core, link, generation)
    }

    /// Opens a link; a limited one loses a use.
    pub fn open_link<'a>(
        &'a self,
        caller: &'a Caller,
        token: &'a str,
        password: Option<&'a Secret>,
    ) -> CommandFuture<'a, LinkVisit, OpenError> {
        Box::pin(async move { self.core.open_link(caller, token, password).await })
    }

    /// What a page may show of a link before it is opened. Consumes nothing.
    pub fn peek_link<'a>(
        &'a self,
        _caller: &'a Caller,
        token: &'a str,
    ) -> CommandFuture<'a, LinkPreview, OpenError> {
        Box::pin(async move { self.core.peek_link(token).await })
    }

    /// A code that an application swaps for the visit: one use, 60 s.
    pub fn make_code<'a>(&'a self, opened: &'a LinkVisit) -> CommandFuture<'a, Secret> {
        Box::pin(async move { self.core.make_code(opened).await })
    }

    /// Swaps a code for the visit it stands for.
    pub fn swap_code<'a>(
        &'a self,
        caller: &'a Caller,
        code: &'a str,
    ) -> CommandFuture<'a, LinkVisit, OpenError> {
        Box::pin(async move { self.core.swap_code(caller, code).await })
    }

    /// Re-erases up to the head of the log, once.
    pub fn erase(&self) -> CommandFuture<'_, ()> {
        Box::pin(async move { self.core.erase_to_head().await })
    }

    /// Follows the log for erasures until dropped, and collects vault rows that nothing refers to.
    /// Safe on many nodes.
    pub fn run_erasure_worker(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.core.run_erasure_worker().await;
        })
    }

    /// Looks at every vault row once a day, some at a time, and removes those that nothing has
    /// referred to for a day; answers how many it removed.
    pub fn collect(&self) -> CommandFuture<'_, usize> {
        Box::pin(async move { self.core.collect().await })
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
