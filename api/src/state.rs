//! The state that all handlers share: everything that the wiring passes to the edge.

use crate::v1::watch::Shown;
use commands::{Clock, Commands};
use eventlog::{Activity, SharedLog};
use projections::{AccessIndex, Generations, Views, feed::Feed};
use std::{ops::Deref, sync::Arc, time::Duration};
use url::Url;

/// What the edge is made of.
#[derive(Debug)]
pub struct AppDependencies {
    /// The write side.
    pub commands: Commands,
    /// The read side.
    pub views: Arc<dyn Views>,
    /// Which tables the read side reads.
    pub generations: Generations,
    /// Who may do what, from memory.
    pub index: AccessIndex,
    /// The event log; the edge reads it only.
    pub log: SharedLog,
    /// What is recorded, as it happens.
    pub feed: Feed<Shown>,
    /// The activity log.
    pub activity: Arc<dyn Activity>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The address that people reach the service under; never taken from a request.
    pub public_url: Url,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of a node's HTTP side.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a query waits for what this node last recorded, when the caller names no position.
    pub own_writes_wait: Duration,
    /// How long a query waits for the position that the caller names, without `Prefer: wait`.
    pub at_least_wait: Duration,
    /// The longest `Prefer: wait` that is honoured.
    pub longest_wait: Duration,
    /// How often a reader of the feed hears something, if only that there is nothing new.
    pub heartbeat: Duration,
    /// May webhooks lead to this machine and to private networks?
    pub private_webhooks: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            own_writes_wait: Duration::from_secs(1),
            at_least_wait: Duration::from_secs(5),
            longest_wait: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            private_webhooks: false,
        }
    }
}

/// The state of the router. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState(Arc<AppDependencies>);

impl AppState {
    /// From its parts.
    pub fn new(parts: AppDependencies) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = AppDependencies;

    fn deref(&self) -> &AppDependencies {
        &self.0
    }
}
