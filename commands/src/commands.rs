//! The write side as its callers see it: composes the services.

mod start;

use crate::{
    AccountCommand, Caller, CommandError, CommandFuture, Dependencies, EffectiveAccess, GranteeRef,
    LinkPreview, LinkVisit, OpenError, Outcome, Profile, Request, Secret, StartError, TokenService,
    WebhookService, WriteHealth,
    accounts::AccountService,
    authority::AccessService,
    erasure_worker::ErasureWorker,
    expiry_worker::ExpiryWorker,
    handler::Handler,
    items::ItemService,
    links::LinkService,
    signing::{SigningKeys, VisitService},
    system::{SystemService, purpose_name},
    vault::{VaultTextDecryptor, key_ring::KeyRing},
};
use domain::{
    access::Visit,
    account::AccountState,
    event::{ExportMade, KeyPurpose},
    id::{AccountId, ItemRef, LinkId, LogId},
    item::{ItemCommand, ItemState, NewLink, Share},
    position::Position,
    system::SystemState,
    time::Time,
};
use futures::future::BoxFuture;
use std::sync::{Arc, atomic::Ordering};

/// The write side. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Commands {
    /// Access tokens.
    pub tokens: Arc<TokenService>,
    /// Webhooks.
    pub webhooks: Arc<WebhookService>,
    handler: Arc<Handler>,
    key_ring: Arc<KeyRing>,
    system: Arc<SystemService>,
    keys: Arc<SigningKeys>,
    visits: Arc<VisitService>,
    accounts: Arc<AccountService>,
    access: Arc<AccessService>,
    items: Arc<ItemService>,
    links: Arc<LinkService>,
    erasure: Arc<ErasureWorker>,
    expiry: Arc<ExpiryWorker>,
}

impl Commands {
    /// Opens the write side; does the first start of an empty log, records changed kinds or role
    /// tables, and carries out what erasures the vault has not seen yet.
    pub fn open(dependencies: Dependencies) -> CommandFuture<'static, Self, StartError> {
        Box::pin(async move {
            let commands = start::open(&dependencies).await?;
            commands.erasure.erase_to_head().await?;
            Ok(commands)
        })
    }

    /// The log's identity.
    pub fn log_id(&self) -> LogId {
        self.handler.log_id
    }

    /// The current state of an item, texts opened. Confirmed by the log's leader.
    pub fn load_item<'a>(&'a self, item: &'a ItemRef) -> CommandFuture<'a, Arc<ItemState>> {
        Box::pin(async move { self.items.load(item).await })
    }

    /// Carries out a command on an item.
    pub fn item<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        command: ItemCommand,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move { self.items.execute(request, item, command).await })
    }

    /// Shares an item; e-mail addresses are looked up in the vault. `template.grantees` is ignored.
    pub fn share<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        grantees: Vec<GranteeRef>,
        template: Share,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move { self.items.share(request, item, grantees, template).await })
    }

    /// Makes a link; the password is digested and written to the vault before.
    pub fn create_link<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        link: NewLink,
        password: Option<Secret>,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move { self.items.create_link(request, item, link, password).await })
    }

    /// Sets the password of a link.
    pub fn set_link_password<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        link: LinkId,
        password: Secret,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move { self.items.set_link_password(request, item, link, password).await })
    }

    /// Carries out a command on an account.
    pub fn account<'a>(
        &'a self,
        request: &'a Request,
        account: &'a AccountId,
        command: AccountCommand,
    ) -> CommandFuture<'a, Outcome<AccountState>> {
        Box::pin(async move {
            let erases = command == AccountCommand::Erase && !request.dry_run;
            let outcome = self.accounts.execute(request, account, command).await?;
            if erases {
                // The erasure worker does this too, wherever this node ends in between.
                self.erasure.forget_account(account).await?;
            }
            Ok(outcome)
        })
    }

    /// Name and addresses of an account; `None` = it has none, or they are erased.
    pub fn profile<'a>(&'a self, state: &'a AccountState) -> CommandFuture<'a, Option<Profile>> {
        Box::pin(async move { self.accounts.profile(state).await })
    }

    /// Makes new secrets with a new key from here on; the keys named stop being valid.
    pub fn rotate_key<'a>(
        &'a self,
        request: &'a Request,
        purpose: KeyPurpose,
        retire: Vec<u8>,
    ) -> CommandFuture<'a, Outcome<SystemState>> {
        Box::pin(async move {
            let outcome = self.system.rotate_key(request, purpose, retire).await?;
            self.keys.learn(purpose_name(purpose)).await?;
            Ok(outcome)
        })
    }

    /// Records that the trail was exported.
    pub fn record_export<'a>(
        &'a self,
        request: &'a Request,
        export: ExportMade,
    ) -> CommandFuture<'a, Outcome<SystemState>> {
        Box::pin(async move { self.system.record_export(request, export).await })
    }

    /// The current state of an account. Confirmed by the log's leader.
    pub fn load_account<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> CommandFuture<'a, Arc<AccountState>> {
        Box::pin(async move { self.accounts.load(account).await })
    }

    /// What is in force in the deployment, as this node last saw it.
    pub fn system(&self) -> Arc<SystemState> {
        self.system.current()
    }

    /// What is in force, at most a second old, as known at least up to a position.
    pub fn system_at(&self, at_least: Position) -> CommandFuture<'_, Arc<SystemState>> {
        Box::pin(async move { self.system.recent(at_least).await })
    }

    /// How often a limited link was opened.
    pub fn link_uses(&self, link: LinkId) -> CommandFuture<'_, u32> {
        Box::pin(async move { self.links.uses(link).await })
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
        Box::pin(
            async move { self.access.effective_access(caller, item, state, at_least, at).await },
        )
    }

    /// The opening of a link that a text stands for; `None` = this service did not sign it. Whether
    /// it still opens something is not judged here.
    pub fn read_visit<'a>(&'a self, text: &'a str) -> CommandFuture<'a, Option<Visit>> {
        Box::pin(async move { Ok(self.visits.read(text).await?.map(|(visit, _)| visit)) })
    }

    /// The item that a link belongs to, whether the link is open or not.
    pub fn item_of_link(&self, link: LinkId) -> CommandFuture<'_, Option<ItemRef>> {
        Box::pin(async move { self.links.item_of(link).await })
    }

    /// The secret part of a link's address.
    pub fn link_token(&self, link: LinkId, generation: u32) -> Result<Secret, CommandError> {
        self.links.token(link, generation)
    }

    /// Opens a link; a limited one loses a use.
    pub fn open_link<'a>(
        &'a self,
        caller: &'a Caller,
        token: &'a str,
        password: Option<&'a Secret>,
    ) -> CommandFuture<'a, LinkVisit, OpenError> {
        Box::pin(async move { self.links.open(caller, token, password).await })
    }

    /// What a page may show of a link before it is opened. Consumes nothing.
    pub fn peek_link<'a>(
        &'a self,
        _caller: &'a Caller,
        token: &'a str,
    ) -> CommandFuture<'a, LinkPreview, OpenError> {
        Box::pin(async move { self.links.peek(token).await })
    }

    /// A code that an application swaps for the visit: one use, 60 s.
    pub fn make_code<'a>(&'a self, opened: &'a LinkVisit) -> CommandFuture<'a, Secret> {
        Box::pin(async move { self.links.make_code(opened).await })
    }

    /// Swaps a code for the visit it stands for.
    pub fn swap_code<'a>(
        &'a self,
        caller: &'a Caller,
        code: &'a str,
    ) -> CommandFuture<'a, LinkVisit, OpenError> {
        Box::pin(async move { self.links.swap_code(caller, code).await })
    }

    /// Re-erases up to the head of the log, once.
    pub fn erase(&self) -> CommandFuture<'_, ()> {
        Box::pin(async move { self.erasure.erase_to_head().await })
    }

    /// Follows the log for erasures until dropped, and collects vault rows that nothing refers to.
    /// Safe on many nodes.
    pub fn run_erasure_worker(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.erasure.run().await;
        })
    }

    /// Looks at every vault row once a day, some at a time, and removes those that nothing has
    /// referred to for a day; answers how many it removed.
    pub fn collect(&self) -> CommandFuture<'_, usize> {
        Box::pin(async move { self.erasure.collect().await })
    }

    /// Records everything that has ended by the clock so far, as far as it is not put off; answers
    /// on how many items it recorded something. An error says what went wrong first; all else is
    /// recorded nevertheless.
    pub fn expire_due(&self) -> CommandFuture<'_, usize> {
        Box::pin(async move { self.expiry.expire_due().await })
    }

    /// Records what ends until dropped. Safe on many nodes.
    pub fn run_expiry_worker(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.expiry.run().await;
        })
    }

    /// Opens private texts; shares its keys with the write side, so that an erasure here is seen at
    /// once.
    pub fn text_decryptor(&self) -> Arc<VaultTextDecryptor> {
        Arc::new(VaultTextDecryptor::over(self.key_ring.clone()))
    }

    /// The last position this node has had acknowledged.
    pub fn last_acknowledged(&self) -> Position {
        Position(self.handler.acknowledged.load(Ordering::Acquire))
    }

    /// Can commands be taken?
    pub fn health(&self) -> WriteHealth {
        let skewed = self.handler.guard.check().err();
        let problems: Vec<String> = skewed.iter().map(ToString::to_string).collect();
        WriteHealth { ready: problems.is_empty(), problems }
    }
}
