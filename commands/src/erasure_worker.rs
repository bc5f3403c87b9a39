//! The erasure worker: a follower that carries erasures to the vault and to this node's memory,
//! with a checkpoint for each.
//!
//! The vault's checkpoint is stored beside the keys, so a vault restored from a backup has the old
//! checkpoint with the old keys, and erases again before it serves. All nodes advance it; so each
//! node also keeps the position up to which it has itself forgotten, and resumes there.

use crate::{
    CommandError,
    core::Core,
    handler::vault_error,
    vault::{Row, RowKind},
};
use domain::{
    event::EventType,
    id::{AccountId, ItemRef, TokenId},
    position::Position,
    stream::StreamName,
};
use eventlog::{Checkpoint, Follower, Record};
use std::time::Duration;

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

/// Where a follower of erasures has come to.
struct Erasing {
    follower: Box<dyn Follower>,
    position: Position,
    saved: Position,
}

impl Core {
    fn eraser_name(&self) -> String {
        format!("eraser {}", self.handler.log_id)
    }

    /// Follows from where both the vault and this node's memory know every erasure. Erasing twice
    /// changes nothing.
    async fn erasing(&self) -> Result<Erasing, CommandError> {
        let vault = &self.parts.vault;
        let saved = vault.checkpoint(&self.eraser_name()).await.map_err(vault_error)?;
        let head = self.parts.log.head().await?.position;
        // A checkpoint beyond the head: the log was restored from a backup.
        let saved = if saved > head { Position::START } else { saved };
        // The first time, before this node serves, there is no text in its memory.
        let forgotten = *self.forgotten.lock().get_or_insert(saved);
        let position = saved.min(forgotten);
        let from = Checkpoint { position, ..Checkpoint::default() };
        Ok(Erasing { follower: self.parts.log.follow(from).await?, position, saved })
    }

    /// Carries out every erasure on the log so far.
    pub(crate) async fn erase_to_head(&self) -> Result<(), CommandError> {
        let head = self.parts.log.head().await?.position;
        let mut erasing = self.erasing().await?;
        while erasing.position < head {
            self.erase_batch(&mut erasing).await?;
        }
        self.save_erased(&mut erasing).await
    }

    async fn erase_batch(&self, erasing: &mut Erasing) -> Result<usize, CommandError> {
        let records = erasing.follower.next(BATCH_RECORDS, WAIT).await?;
        for record in &records {
            self.handler.observe(record);
            self.look_again(record);
            if let Some(account) = erased(record) {
                self.forget_account(account).await?;
            }
            erasing.position = record.position;
            *self.forgotten.lock() = Some(record.position);
        }
        if erasing.position.0.saturating_sub(erasing.saved.0) >= SAVE_INTERVAL_RECORDS {
            self.save_erased(erasing).await?;
        }
        Ok(records.len())
    }

    async fn save_erased(&self, erasing: &mut Erasing) -> Result<(), CommandError> {
        if erasing.position > erasing.saved {
            let vault = &self.parts.vault;
            vault.advance(&self.eraser_name(), erasing.position).await.map_err(vault_error)?;
            erasing.saved = erasing.position;
        }
        Ok(())
    }

    /// Destroys what the vault has of an account, and what of it is in this node's memory.
    pub(crate) async fn forget_account(&self, account: &AccountId) -> Result<(), CommandError> {
        self.key_ring.forget(&format!("account/{account}")).await.map_err(vault_error)?;
        self.forget_texts();
        Ok(())
    }

    /// Follows for ever; failures are told and tried again.
    pub(crate) async fn run_erasure_worker(&self) {
        loop {
            if let Err(error) = self.keep_erasing().await {
                tracing::warn!(%error, "the vault's follower stopped and begins again");
            }
            tokio::time::sleep(WAIT).await;
        }
    }

    async fn keep_erasing(&self) -> Result<(), CommandError> {
        let mut erasing = self.erasing().await?;
        let mut waits = 0u32;
        loop {
            if self.erase_batch(&mut erasing).await? == BATCH_RECORDS {
                continue;
            }
            waits = waits.wrapping_add(1);
            if waits.is_multiple_of(SAVE_WAITS) {
                self.save_erased(&mut erasing).await?;
            }
            if waits.is_multiple_of(COLLECT_WAITS) {
                self.collect().await?;
            }
        }
    }

    /// Looks at every row of the vault once a day, and removes those that nothing has referred to for
    /// a day.
    pub(crate) async fn collect(&self) -> Result<usize, CommandError> {
        let vault = &self.parts.vault;
        let now = self.now();
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
                let state = self.handler.current(&self.accounts, &account).await?;
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
        let state = self.handler.current(&self.tokens, &token).await?;
        let issued = state.issued.as_ref().is_some_and(|issued| issued.digest == row.id);
        Ok(issued && state.revoked_at.is_none())
    }

    async fn holds_link(&self, item: &ItemRef, row: &Row) -> Result<bool, CommandError> {
        let state = self.handler.current(&self.items, item).await?;
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
