//! The erasure worker: a follower that carries erasures to the vault and to this node's memory,
//! with a checkpoint for each.
//!
//! The vault's checkpoint is stored beside the keys, so a vault restored from a backup has the old
//! checkpoint with the old keys, and erases again before it serves. All nodes advance it; so each
//! node also keeps the position up to which it has itself forgotten, and resumes there.

use crate::{
    Clock, CommandError,
    accounts::AccountService,
    handler::{Handler, vault_error},
    items::ItemService,
    system::SystemService,
    tokens::TokenService,
    vault::{Row, RowKind, Vault, key_ring::KeyRing},
};
use domain::{
    event::EventType,
    id::{AccountId, ItemRef, TokenId},
    position::Position,
    stream::StreamName,
};
use eventlog::{
    Checkpoint, Record, SharedLog,
    consumer::{self, Batches, Consumer, StopReason},
};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// Records read at once.
const BATCH_RECORDS: usize = 1_000;
/// How long the follower waits for records; also how often erasures and failures are looked after.
const WAIT: Duration = Duration::from_secs(1);
/// After so many records, or so many waits, the checkpoint is saved.
const SAVE_INTERVAL_RECORDS: u64 = 10_000;
const SAVE_WAITS: u32 = 10;
/// Waits between two looks for rows that nothing refers to.
const COLLECT_WAITS: u32 = 600;
/// Rows looked at in one go.
const MAX_COLLECTED_ROWS: u32 = 500;
/// How long a row stays after nothing refers to it any more, in seconds.
const UNREFERENCED_RETENTION_SECONDS: i64 = 24 * 60 * 60;

/// Carries out erasures.
struct Eraser<'a> {
    worker: &'a ErasureWorker,
    /// Everything up to here is carried out.
    position: Position,
    saved: Position,
    waits: u32,
}

impl From<CommandError> for StopReason<CommandError> {
    fn from(error: CommandError) -> Self {
        Self::Ended(error)
    }
}

impl Consumer for Eraser<'_> {
    type Batch = Vec<Arc<Record>>;
    type End = CommandError;

    async fn prepare(records: Vec<Arc<Record>>) -> Self::Batch {
        records
    }

    /// Where both the vault and this node's memory know every erasure. Erasing twice changes
    /// nothing.
    async fn checkpoint(&mut self) -> Result<Checkpoint, StopReason<CommandError>> {
        let worker = self.worker;
        let saved = worker.vault.checkpoint(&worker.eraser_name()).await.map_err(vault_error)?;
        let head = worker.log.head().await.map_err(CommandError::from)?.position;
        // A checkpoint beyond the head: the log was restored from a backup.
        self.saved = if saved > head { Position::START } else { saved };
        // The first time, before this node serves, there is no text in its memory.
        let forgotten = *worker.forgotten.lock().get_or_insert(self.saved);
        self.position = self.saved.min(forgotten);
        Ok(Checkpoint { position: self.position, ..Checkpoint::default() })
    }

    async fn apply(&mut self, records: Self::Batch) -> Result<(), StopReason<CommandError>> {
        for record in &records {
            self.worker.handler.observe(record);
            self.worker.invalidate(record);
            if let Some(account) = erased(record) {
                self.worker.forget_account(account).await?;
            }
            self.position = record.position;
            *self.worker.forgotten.lock() = Some(record.position);
        }
        if self.position.0.saturating_sub(self.saved.0) >= SAVE_INTERVAL_RECORDS {
            self.save().await?;
        }
        if records.len() < BATCH_RECORDS {
            self.waits = self.waits.wrapping_add(1);
            if self.waits.is_multiple_of(SAVE_WAITS) {
                self.save().await?;
            }
            if self.waits.is_multiple_of(COLLECT_WAITS) {
                self.worker.collect().await?;
            }
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.position
    }
}

impl<'a> Eraser<'a> {
    const fn new(worker: &'a ErasureWorker) -> Self {
        Self { worker, position: Position::START, saved: Position::START, waits: 0 }
    }

    async fn save(&mut self) -> Result<(), CommandError> {
        if self.position > self.saved {
            let vault = &self.worker.vault;
            vault.advance(&self.worker.eraser_name(), self.position).await.map_err(vault_error)?;
            self.saved = self.position;
        }
        Ok(())
    }
}

/// Carries out erasures, and collects rows that nothing refers to.
#[derive(Debug)]
pub(crate) struct ErasureWorker {
    pub(crate) log: SharedLog,
    pub(crate) handler: Arc<Handler>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) key_ring: Arc<KeyRing>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) system: Arc<SystemService>,
    pub(crate) accounts: Arc<AccountService>,
    pub(crate) items: Arc<ItemService>,
    pub(crate) tokens: Arc<TokenService>,
    /// Every erasure up to here is carried out in this node's memory; `None` = nothing that could
    /// be erased is in it yet.
    pub(crate) forgotten: Mutex<Option<Position>>,
}

impl ErasureWorker {
    /// What this node keeps for a second is read again, if a record of another node says that it
    /// has changed.
    fn invalidate(&self, record: &Record) {
        if record.envelope.has(EventType::TokenRevoked) {
            self.tokens.observe_revocation(record.position);
        }
        if record.envelope.stream == StreamName::System {
            self.system.invalidate();
        }
    }

    fn eraser_name(&self) -> String {
        format!("eraser {}", self.handler.log_id)
    }

    /// Carries out every erasure that is recorded so far.
    pub(crate) async fn erase_to_head(&self) -> Result<(), CommandError> {
        let head = self.log.head().await?.position;
        let (mut eraser, mut batches) = (Eraser::new(self), Batches::new(BATCH_RECORDS, WAIT));
        consumer::follow_to(&self.log, &mut eraser, head, &mut batches).await.map_err(failure)?;
        eraser.save().await
    }

    /// Destroys what the vault has of an account, and what of it is in this node's memory.
    pub(crate) async fn forget_account(&self, account: &AccountId) -> Result<(), CommandError> {
        self.key_ring.forget(&format!("account/{account}")).await.map_err(vault_error)?;
        self.items.cache.clear();
        self.accounts.cache.clear();
        self.tokens.forget_identities();
        Ok(())
    }

    /// Never ends; failures are reported and tried again.
    pub(crate) async fn run(&self) {
        let (mut eraser, mut batches) = (Eraser::new(self), Batches::new(BATCH_RECORDS, WAIT));
        loop {
            let reason = consumer::follow(&self.log, &mut eraser, &mut batches).await;
            let error = failure(reason);
            tracing::warn!(%error, "the erasure worker stopped and begins again");
            tokio::time::sleep(WAIT).await;
        }
    }

    /// Looks at every row of the vault once a day, and removes those that nothing has referred to
    /// for a day.
    pub(crate) async fn collect(&self) -> Result<usize, CommandError> {
        let vault = &self.vault;
        let now = self.clock.now();
        let before = now.plus_seconds(-UNREFERENCED_RETENTION_SECONDS);
        let mut removed = 0;
        let rows = vault.rows_to_check(before, now, MAX_COLLECTED_ROWS).await;
        for row in rows.map_err(vault_error)? {
            let since = vault.unreferenced_since(&row).await.map_err(vault_error)?;
            let recorded = match (self.is_referred_to(&row).await?, since) {
                (true, Some(_)) => vault.set_unreferenced(&row, None).await,
                (false, None) => vault.set_unreferenced(&row, Some(now)).await,
                (false, Some(since)) if since <= before => {
                    removed += 1;
                    vault.remove_row(&row).await
                }
                (true, None) | (false, Some(_)) => Ok(()),
            };
            recorded.map_err(vault_error)?;
        }
        Ok(removed)
    }

    async fn is_referred_to(&self, row: &Row) -> Result<bool, CommandError> {
        let Ok(stream) = row.stream.parse::<StreamName>() else { return Ok(false) };
        Ok(match (row.kind, stream) {
            (RowKind::Profile, StreamName::Account(account)) => {
                let state = self.accounts.load(&account).await?;
                state.profile == Some(row.id)
            }
            (RowKind::Token, StreamName::Token(token)) => self.holds_token(token, row).await?,
            (RowKind::Link | RowKind::Password, StreamName::Item(item)) => {
                self.holds_link(&item, row).await?
            }
            _ => false,
        })
    }

    async fn holds_token(&self, token: TokenId, row: &Row) -> Result<bool, CommandError> {
        let state = self.tokens.load(token).await?;
        let issued = state.issued.as_ref().is_some_and(|issued| issued.digest == row.id);
        Ok(issued && state.revoked_at.is_none())
    }

    async fn holds_link(&self, item: &ItemRef, row: &Row) -> Result<bool, CommandError> {
        let state = self.items.load(item).await?;
        let closed = state.closed.iter().flat_map(|closed| &closed.links);
        Ok(state.links.iter().chain(closed).any(|(id, link)| match row.kind {
            RowKind::Link => id.0 == row.id.0,
            RowKind::Password => link.password == Some(row.id),
            RowKind::Profile | RowKind::Token => false,
        }))
    }
}

/// The account that a record erases.
fn erased(record: &Record) -> Option<&AccountId> {
    let envelope = &record.envelope;
    let StreamName::Account(account) = &envelope.stream else { return None };
    envelope.has(EventType::AccountErased).then_some(account)
}

/// The error that a stop stands for.
fn failure(reason: StopReason<CommandError>) -> CommandError {
    match reason {
        StopReason::Ended(error) => error,
        StopReason::Unavailable(why) | StopReason::Stopped(_, why) => {
            CommandError::LogUnavailable(why)
        }
    }
}
