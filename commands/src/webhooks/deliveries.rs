//! How far the deliveries of webhooks have come, which node delivers, and what was given up:
//! entries of the vault.
//!
//! They are not in the database of the read models, because that is disposable: a rebuilt one would
//! deliver everything again. The vault is private and backed up; one that was restored delivers
//! some events twice and none never. A node that delivers holds a lease; every entry is written
//! only with the version that was read, so that a node that lost its lease changes nothing.

use super::WebhookService;
use crate::{CommandError, CommandFuture, handler::vault_error, vault::Entry};
use domain::{
    id::{VaultId, WebhookId},
    position::EventId,
    time::Time,
    webhook::WebhookState,
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};
use uuid::Uuid;

const ROOT: &str = "webhook/";
const STATE: &str = "/state";
/// The last attempts that are kept.
const MAX_RECENT_ATTEMPTS: usize = 50;

pub(crate) fn state_name(webhook: WebhookId) -> String {
    format!("{ROOT}{webhook}{STATE}")
}

pub(crate) fn secret_name(webhook: WebhookId, row: VaultId) -> String {
    format!("{ROOT}{webhook}/secret/{row}")
}

fn letters(webhook: WebhookId) -> String {
    format!("{ROOT}{webhook}/dead/")
}

/// Sorts as the events do.
fn letter_name(webhook: WebhookId, event: EventId) -> String {
    format!("{}{:020}-{:010}", letters(webhook), event.position.0, event.index)
}

/// What came of one attempt to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The receiver has it.
    Delivered,
    /// It will be tried again.
    Failed,
    /// It was the last one.
    GivenUp,
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Which event.
    pub event: EventId,
    /// Its stored name.
    pub name: String,
    /// Which try of this event, from 1 on.
    pub number: u32,
    /// When.
    pub at: Time,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Why it failed, in words of ours.
    pub why: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// The event that could not be delivered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryState {
    /// Which.
    pub event: EventId,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when.
    pub since: Time,
    /// When it is tried again.
    pub next: Time,
}

/// Who delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The node.
    pub node: Uuid,
    /// Until when nobody else may.
    pub until: Time,
}

/// How far the deliveries of a webhook have come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// Everything up to here was delivered, given up, or not meant for it.
    pub at: EventId,
    /// Who delivers.
    pub lease: Option<Lease>,
    /// What could not be delivered yet.
    pub failing: Option<RetryState>,
    /// The last delivery.
    pub delivered: Option<Attempt>,
    /// How many were delivered.
    pub delivered_count: u64,
    /// How many attempts failed.
    pub failed_count: u64,
    /// Dead letters are to be tried again.
    pub again: bool,
    /// The last attempts, the newest first.
    pub recent: VecDeque<Attempt>,
}

impl Deliveries {
    pub(crate) fn new(at: EventId) -> Self {
        Self {
            at,
            lease: None,
            failing: None,
            delivered: None,
            delivered_count: 0,
            failed_count: 0,
            again: false,
            recent: VecDeque::new(),
        }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, CommandError> {
        serde_json::to_vec(self).map_err(|error| CommandError::Internal(error.to_string()))
    }

    /// Records an attempt.
    pub fn record(&mut self, attempt: Attempt) {
        match attempt.outcome {
            AttemptOutcome::Delivered => {
                self.delivered_count += 1;
                self.delivered = Some(attempt.clone());
            }
            AttemptOutcome::Failed | AttemptOutcome::GivenUp => self.failed_count += 1,
        }
        self.recent.push_front(attempt);
        self.recent.truncate(MAX_RECENT_ATTEMPTS);
    }
}

fn read<T: for<'de> Deserialize<'de>>(entry: &Entry) -> Result<T, CommandError> {
    serde_json::from_slice(entry.value.as_deref().unwrap_or_default())
        .map_err(|error| CommandError::Internal(format!("the entry {}: {error}", entry.key)))
}

impl WebhookService {
    /// The webhooks after one, in the order of their ids.
    pub fn list(
        &self,
        after: Option<WebhookId>,
        limit: u32,
    ) -> CommandFuture<'_, Vec<(WebhookId, Arc<WebhookState>)>> {
        Box::pin(async move {
            let mut found = Vec::new();
            let mut after = after.map(|id| format!("{ROOT}{id}/~"));
            // Letters and secrets of one webhook lie before the next one: they are skipped.
            while found.len() < limit as usize {
                let entries =
                    self.vault.list(ROOT, after.as_deref(), 1).await.map_err(vault_error)?;
                let Some(entry) = entries.first() else { break };
                let id = entry.key.strip_prefix(ROOT).and_then(|rest| rest.split('/').next());
                let Some(id) = id.and_then(|id| id.parse::<WebhookId>().ok()) else { break };
                after = Some(format!("{ROOT}{id}/~"));
                let state = self.load(id).await?;
                if state.terms.is_some() {
                    found.push((id, state));
                }
            }
            Ok(found)
        })
    }

    /// How far the deliveries of a webhook have come, and the version of that note.
    pub fn deliveries(&self, webhook: WebhookId) -> CommandFuture<'_, Option<(Deliveries, u64)>> {
        Box::pin(async move {
            let entry = self.vault.get(&state_name(webhook)).await.map_err(vault_error)?;
            entry.map(|entry| Ok((read(&entry)?, entry.version))).transpose()
        })
    }

    /// Writes how far they have come; false = somebody else wrote meanwhile.
    pub fn save_deliveries<'a>(
        &'a self,
        webhook: WebhookId,
        known: u64,
        deliveries: &'a Deliveries,
    ) -> CommandFuture<'a, bool> {
        Box::pin(async move {
            let entry = Entry::new(state_name(webhook), deliveries.encode()?);
            let entry = Entry { version: known, ..entry };
            self.vault.put(entry).await.map_err(vault_error)
        })
    }

    /// Delivers again from behind a place, or the dead letters; `None` = there is no such webhook.
    pub fn replay_deliveries(
        &self,
        webhook: WebhookId,
        from: Option<EventId>,
    ) -> CommandFuture<'_, Option<Deliveries>> {
        Box::pin(async move {
            loop {
                let Some((mut deliveries, version)) = self.deliveries(webhook).await? else {
                    return Ok(None);
                };
                match from {
                    Some(at) => {
                        deliveries.at = at;
                        deliveries.failing = None;
                    }
                    None => deliveries.again = true,
                }
                if self.save_deliveries(webhook, version, &deliveries).await? {
                    return Ok(Some(deliveries));
                }
            }
        })
    }

    /// Dead letters after an event, in the order of the log.
    pub fn dead_letters(
        &self,
        webhook: WebhookId,
        after: Option<EventId>,
        limit: u32,
    ) -> CommandFuture<'_, Vec<Attempt>> {
        Box::pin(async move {
            let after = after.map(|event| letter_name(webhook, event));
            let entries = self.vault.list(&letters(webhook), after.as_deref(), limit).await;
            entries.map_err(vault_error)?.iter().map(read).collect()
        })
    }

    /// Keeps a dead letter, by its last attempt.
    pub fn add_dead_letter<'a>(
        &'a self,
        webhook: WebhookId,
        last: &'a Attempt,
    ) -> CommandFuture<'a, ()> {
        Box::pin(async move {
            let name = letter_name(webhook, last.event);
            let body = serde_json::to_vec(last)
                .map_err(|error| CommandError::Internal(error.to_string()))?;
            let known = self.vault.get(&name).await.map_err(vault_error)?;
            let version = known.map_or(0, |entry| entry.version);
            self.vault
                .put(Entry { version, ..Entry::new(name, body) })
                .await
                .map_err(vault_error)
                .map(drop)
        })
    }

    /// A dead letter was delivered after all.
    pub fn remove_dead_letter(&self, webhook: WebhookId, event: EventId) -> CommandFuture<'_, ()> {
        Box::pin(async move {
            let name = letter_name(webhook, event);
            self.vault.remove(&name).await.map_err(vault_error)
        })
    }

    pub(crate) async fn forget_deliveries(&self, webhook: WebhookId) -> Result<(), CommandError> {
        let name = format!("{ROOT}{webhook}");
        self.vault.remove(&name).await.map_err(vault_error)
    }
}
