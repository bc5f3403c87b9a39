//! Delivers events to webhooks: one task per webhook, on one node at a time.
//!
//! Each webhook gets its events in the order of the log: the next one is sent when the one before
//! was delivered or given up. The progress is kept in the vault (`commands`), with a lease of the
//! node that delivers; when the node dies another takes over, and what it had not saved yet is
//! delivered again under the same id.

mod client;
mod lease;
mod sign;
pub mod target;
mod worker;

use crate::{settings::RetrySchedule, shutdown::Shutdown, v1::watch::Shown};
use client::Sender;
use commands::{Clock, CommandError, Commands};
use domain::{event::WebhookStatus, id::WebhookId};
use projections::feed::Feed;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

/// How often it is looked which webhooks there are.
const LOOKUP_INTERVAL: Duration = Duration::from_secs(1);
/// Webhooks asked for at once.
const LOOKUP_PAGE_LEN: u32 = 200;
/// How long deliveries under way may take at the end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// How deliveries are made.
#[derive(Debug, Clone)]
pub struct WebhookOptions {
    /// When a delivery that failed is tried again.
    pub schedule: RetrySchedule,
    /// May receivers have addresses of this machine and of private networks?
    pub private: bool,
    /// How long a receiver may take to answer.
    pub timeout: Duration,
    /// The most deliveries under way at a time.
    pub at_once: usize,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self {
            schedule: RetrySchedule::default(),
            private: false,
            timeout: Duration::from_secs(20),
            at_once: 64,
        }
    }
}

/// What all deliveries of a node share.
struct Dispatch {
    commands: Commands,
    feed: Feed<Shown>,
    clock: Arc<dyn Clock>,
    schedule: RetrySchedule,
    sender: Sender,
    node: Uuid,
    ending: Shutdown,
}

/// Delivers to webhooks.
pub struct WebhookDispatcher(Arc<Dispatch>);

impl std::fmt::Debug for WebhookDispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookDispatcher").field("node", &self.0.node).finish_non_exhaustive()
    }
}

impl WebhookDispatcher {
    /// For a node, which keeps its name over restarts and so gets its own leases back at once.
    pub fn new(
        commands: Commands,
        feed: Feed<Shown>,
        clock: Arc<dyn Clock>,
        options: WebhookOptions,
        (node, ending): (Uuid, Shutdown),
        tls: rustls::ClientConfig,
    ) -> Self {
        let sender = Sender::new(&options, tls);
        let schedule = options.schedule;
        Self(Arc::new(Dispatch { commands, feed, clock, schedule, sender, node, ending }))
    }

    /// Delivers until the service ends.
    pub async fn run(self) {
        let mut tasks = JoinSet::new();
        let mut running: HashMap<WebhookId, AbortHandle> = HashMap::new();
        while !self.0.ending.begun() {
            if let Err(error) = self.begin(&mut tasks, &mut running).await {
                tracing::warn!(%error, "the webhooks cannot be looked up; tries again");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOKUP_INTERVAL) => {}
                () = self.0.ending.wait() => {}
            }
            while tasks.try_join_next().is_some() {}
            running.retain(|_, task| !task.is_finished());
        }
        let rest = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, rest).await.is_err() {
            tracing::warn!("some deliveries did not end in time; they are made again");
        }
    }

    /// Begins what is not under way.
    async fn begin(
        &self,
        tasks: &mut JoinSet<()>,
        running: &mut HashMap<WebhookId, AbortHandle>,
    ) -> Result<(), CommandError> {
        let mut after = None;
        loop {
            let found = self.0.commands.webhooks.list(after, LOOKUP_PAGE_LEN).await?;
            for (id, state) in &found {
                let active =
                    state.terms.as_ref().is_some_and(|t| t.status == WebhookStatus::Active);
                if active && !running.contains_key(id) {
                    let work = worker::run(self.0.clone(), *id, state.clone());
                    running.insert(*id, tasks.spawn(work));
                }
            }
            after = found.last().map(|(id, _)| *id);
            if found.len() < LOOKUP_PAGE_LEN as usize {
                return Ok(());
            }
        }
    }
}
