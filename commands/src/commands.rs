//! The write side as its callers see it.

use crate::{
    AccountIntent, AskedGrantee, Caller, CommandError, LinkPreview, NewToken, OpenError, Opened,
    Outcome, Parts, Profile, Request, Secret, StartError, TokenIdentity, WriteHealth,
    vault::VaultOpener,
};
use domain::{
    access::Subject,
    account::AccountState,
    event::{ExportMade, KeyPurpose},
    id::{AccountId, ItemRef, LinkId, LogId, TokenId},
    item::{ItemCommand, ItemState, NewLink, Share},
    position::Position,
    system::SystemState,
    token::TokenState,
};
use std::sync::Arc;

/// The write side. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Commands {
    parts: Arc<Parts>,
}

fn not_yet<T>() -> Result<T, CommandError> {
    Err(CommandError::Internal("not yet".to_owned()))
}

impl Commands {
    /// Opens the write side; does the first start of an empty log, and records changed kinds or role tables.
    pub async fn open(parts: Parts) -> Result<Self, StartError> {
        Ok(Self { parts: Arc::new(parts) })
    }

    /// The log's identity.
    pub fn log_id(&self) -> LogId {
        LogId(uuid::Uuid::nil())
    }

    /// Makes the first admin token; `None` = it was made before. For the first start.
    pub async fn first_token(&self) -> Result<Option<Secret>, CommandError> {
        not_yet()
    }

    /// Carries out a command on an item.
    pub async fn item(
        &self,
        request: &Request,
        item: &ItemRef,
        command: ItemCommand,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let _ = (request, item, command);
        not_yet()
    }

    /// Makes a link; the password is digested and written to the vault before.
    pub async fn create_link(
        &self,
        request: &Request,
        item: &ItemRef,
        link: NewLink,
        password: Option<Secret>,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let _ = (request, item, link, password);
        not_yet()
    }

    /// Sets the password of a link.
    pub async fn set_link_password(
        &self,
        request: &Request,
        item: &ItemRef,
        link: LinkId,
        password: Secret,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let _ = (request, item, link, password);
        not_yet()
    }

    /// Shares with some; e-mail addresses are looked up in the vault. `template.grantees` is ignored.
    pub async fn share(
        &self,
        request: &Request,
        item: &ItemRef,
        asked: Vec<AskedGrantee>,
        template: Share,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let _ = (request, item, asked, template);
        not_yet()
    }

    /// Carries out what is wanted of an account.
    pub async fn account(
        &self,
        request: &Request,
        account: &AccountId,
        intent: AccountIntent,
    ) -> Result<Outcome<AccountState>, CommandError> {
        let _ = (request, account, intent);
        not_yet()
    }

    /// Name and addresses of an account; `None` = it has none, or they are erased.
    pub async fn profile(&self, state: &AccountState) -> Result<Option<Profile>, CommandError> {
        let _ = state;
        not_yet()
    }

    /// Makes an access token. The secret is `None` on a replay and on a dry run.
    pub async fn issue_token(
        &self,
        request: &Request,
        token: NewToken,
    ) -> Result<(Outcome<TokenState>, TokenId, Option<Secret>), CommandError> {
        let _ = (request, token);
        not_yet()
    }

    /// Makes an access token invalid for ever.
    pub async fn revoke_token(
        &self,
        request: &Request,
        token: TokenId,
    ) -> Result<Outcome<TokenState>, CommandError> {
        let _ = (request, token);
        not_yet()
    }

    /// Access tokens after an id, in the order of ids; the revoked ones too while the vault still has their row.
    pub async fn tokens(
        &self,
        after: Option<TokenId>,
        limit: u32,
    ) -> Result<Vec<(TokenId, Arc<TokenState>)>, CommandError> {
        let _ = (after, limit);
        not_yet()
    }

    /// Who presents this bearer token; `None` = nobody it is valid for.
    pub async fn authenticate(&self, bearer: &str) -> Result<Option<TokenIdentity>, CommandError> {
        let _ = bearer;
        not_yet()
    }

    /// Makes new secrets with a new key from here on; the keys named stop being valid.
    pub async fn rotate_key(
        &self,
        request: &Request,
        purpose: KeyPurpose,
        retire: Vec<u8>,
    ) -> Result<Outcome<SystemState>, CommandError> {
        let _ = (request, purpose, retire);
        not_yet()
    }

    /// Records that the trail was exported.
    pub async fn note_export(
        &self,
        request: &Request,
        export: ExportMade,
    ) -> Result<Outcome<SystemState>, CommandError> {
        let _ = (request, export);
        not_yet()
    }

    /// The current state of an item, texts opened. Confirmed by the log's leader.
    pub async fn load_item(&self, item: &ItemRef) -> Result<Arc<ItemState>, CommandError> {
        let _ = item;
        not_yet()
    }

    /// The current state of an account. Confirmed by the log's leader.
    pub async fn load_account(
        &self,
        account: &AccountId,
    ) -> Result<Arc<AccountState>, CommandError> {
        let _ = account;
        not_yet()
    }

    /// The current state of an access token. Confirmed by the log's leader.
    pub async fn load_token(&self, token: TokenId) -> Result<Arc<TokenState>, CommandError> {
        let _ = token;
        not_yet()
    }

    /// What is in force in the deployment, as this node knows it.
    pub fn system(&self) -> Arc<SystemState> {
        Arc::new(SystemState::default())
    }

    /// How often a limited link was opened.
    pub async fn link_uses(&self, link: LinkId) -> Result<u32, CommandError> {
        let _ = link;
        not_yet()
    }

    /// Who asks: the account if it is active, the visits that are valid; and why others gave nothing.
    pub async fn subject(
        &self,
        caller: &Caller,
        item: &ItemRef,
        state: &ItemState,
    ) -> Result<(Subject, Vec<String>), CommandError> {
        let _ = (caller, item, state);
        not_yet()
    }

    /// The secret part of a link's address.
    pub fn link_token(&self, link: LinkId, generation: u32) -> Result<Secret, CommandError> {
        let _ = (link, generation);
        not_yet()
    }

    /// Opens a link; a limited one loses a use.
    pub async fn open_link(
        &self,
        caller: &Caller,
        token: &str,
        password: Option<&Secret>,
    ) -> Result<Opened, OpenError> {
        let _ = (caller, token, password);
        Ok(not_yet()?)
    }

    /// What a page may show of a link before it is opened. Consumes nothing.
    pub async fn peek_link(&self, caller: &Caller, token: &str) -> Result<LinkPreview, OpenError> {
        let _ = (caller, token);
        Ok(not_yet()?)
    }

    /// A code that another application swaps for the visit: one use, 60 s.
    pub async fn make_code(&self, opened: &Opened) -> Result<Secret, CommandError> {
        let _ = opened;
        not_yet()
    }

    /// Swaps a code for the visit it stands for.
    pub async fn swap_code(&self, caller: &Caller, code: &str) -> Result<Opened, OpenError> {
        let _ = (caller, code);
        Ok(not_yet()?)
    }

    /// Records everything that has ended by the clock so far; answers how many items it touched.
    pub async fn sweep(&self) -> Result<usize, CommandError> {
        not_yet()
    }

    /// Sweeps until dropped. Safe on many nodes.
    pub async fn run_sweeper(&self) {}

    /// Follows the log for erasures until dropped, and collects vault rows that nothing refers to. Safe on many nodes.
    pub async fn run_eraser(&self) {}

    /// Re-erases up to the head, once. `open` does it before it returns.
    pub async fn erase(&self) -> Result<(), CommandError> {
        not_yet()
    }

    /// Opens private texts; shares its keys with the write side, so that an erasure here is seen at once.
    pub fn opener(&self) -> Arc<VaultOpener> {
        Arc::new(VaultOpener::new(self.parts.vault.clone(), self.parts.server_key.clone()))
    }

    /// The last position this node has had acknowledged.
    pub fn last_acknowledged(&self) -> Position {
        Position::START
    }

    /// Can commands be taken?
    pub fn health(&self) -> WriteHealth {
        WriteHealth { ready: true, problems: Vec::new() }
    }
}
