//! The lease of a webhook, and the saved progress of its deliveries.

use super::Dispatch;
use commands::{Attempt, CommandError, Deliveries, Lease};
use domain::{id::WebhookId, time::Time};
use std::{pin::pin, time::Duration};
use tokio::time::{Instant, timeout_at};

/// For so long no other node delivers. A node that died is replaced after that.
const LEASE_SECONDS: i64 = 15;
/// When a lease is renewed, and how late progress may be noted.
const RENEW_INTERVAL: Duration = Duration::from_secs(3);
const SAVE_INTERVAL: Duration = Duration::from_millis(250);

/// The notes of a webhook, held by this node.
pub(super) struct DeliveryLease {
    pub(super) webhook: WebhookId,
    pub(super) notes: Deliveries,
    version: u64,
    saved: Instant,
    changed: bool,
}

/// Why it is not held any more.
pub(super) enum Lost {
    /// Another node wrote, or a replay.
    Taken,
    /// The vault or the log does not answer.
    Error(CommandError),
}

impl From<CommandError> for Lost {
    fn from(error: CommandError) -> Self {
        Self::Error(error)
    }
}

fn lease(shared: &Dispatch, now: Time) -> Lease {
    Lease { node: shared.node, until: now.plus_seconds(LEASE_SECONDS) }
}

impl DeliveryLease {
    /// Takes the lease; `None` = another node has it.
    pub(super) async fn take(
        shared: &Dispatch,
        webhook: WebhookId,
    ) -> Result<Option<Self>, CommandError> {
        let Some((mut notes, version)) = shared.commands.webhooks.deliveries(webhook).await? else {
            return Ok(None);
        };
        let now = shared.clock.now();
        if notes.lease.is_some_and(|lease| lease.node != shared.node && lease.until > now) {
            return Ok(None);
        }
        notes.lease = Some(lease(shared, now));
        if !shared.commands.webhooks.save_deliveries(webhook, version, &notes).await? {
            return Ok(None);
        }
        let (version, saved) = (version + 1, Instant::now());
        Ok(Some(Self { webhook, notes, version, saved, changed: false }))
    }

    /// Something is to be noted, soon.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// Notes an attempt.
    pub(super) fn record(&mut self, attempt: Attempt) {
        self.notes.record(attempt);
        self.changed = true;
    }

    /// Writes what is due to be written.
    pub(super) async fn tend(&mut self, shared: &Dispatch) -> Result<(), Lost> {
        let age = self.saved.elapsed();
        if age >= RENEW_INTERVAL || self.changed && age >= SAVE_INTERVAL {
            self.save(shared).await
        } else {
            Ok(())
        }
    }

    /// Writes at once.
    pub(super) async fn save(&mut self, shared: &Dispatch) -> Result<(), Lost> {
        self.notes.lease = Some(lease(shared, shared.clock.now()));
        self.write(shared).await
    }

    async fn write(&mut self, shared: &Dispatch) -> Result<(), Lost> {
        let saved =
            shared.commands.webhooks.save_deliveries(self.webhook, self.version, &self.notes);
        if !saved.await? {
            return Err(Lost::Taken);
        }
        self.version += 1;
        self.saved = Instant::now();
        self.changed = false;
        Ok(())
    }

    /// Awaits something that may take longer than the lease lasts, and keeps the lease meanwhile.
    pub(super) async fn during<T>(
        &mut self,
        shared: &Dispatch,
        work: impl Future<Output = T>,
    ) -> Result<T, Lost> {
        let mut work = pin!(work);
        loop {
            match timeout_at(self.saved + RENEW_INTERVAL, &mut work).await {
                Ok(done) => return Ok(done),
                Err(_) => self.save(shared).await?,
            }
        }
    }

    /// Gives the lease back.
    pub(super) async fn give_back(mut self, shared: &Dispatch) -> Result<(), Lost> {
        self.notes.lease = None;
        self.write(shared).await
    }
}
