//! What must be passed in to open the write side.

use crate::{Authority, Clock, vault::ServerKey, vault::Vault};
use domain::kind::Kinds;
use eventlog::{Activity, KeyIndex, SharedLog};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Everything the write side is made of.
#[derive(Debug, Clone)]
pub struct Dependencies {
    /// The event log.
    pub log: SharedLog,
    /// Finds commands by their idempotency key.
    pub keys: Arc<dyn KeyIndex>,
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// The key that wraps what is secret in the vault.
    pub server_key: ServerKey,
    /// The activity log.
    pub activity: Arc<dyn Activity>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Knows what other streams than the item's say of an account; `None` = only its own stream is
    /// asked, and nothing is inherited.
    pub authority: Option<Arc<dyn Authority>>,
    /// Settings.
    pub settings: Settings,
}

/// Settings of the write side.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The release, as `log.started` records it.
    pub release: String,
    /// The kinds configured; `None` = those on the log, at first start the default ones.
    pub kinds: Option<Kinds>,
    /// How long an append may take, doubts included, before its outcome is called unknown.
    pub append_budget: Duration,
    /// Memory for folded states, in bytes (estimated).
    pub cache_bytes: u64,
    /// File for saved folds; `None` = none are saved. Disposable.
    pub folds: Option<PathBuf>,
    /// States of streams with at least so many events are saved.
    pub fold_events: usize,
    /// How long a visit lasts at most, in seconds.
    pub visit_seconds: i64,
    /// How many passwords are checked at the same time.
    pub password_checks: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            release: env!("CARGO_PKG_VERSION").to_owned(),
            kinds: None,
            append_budget: Duration::from_secs(10),
            cache_bytes: 256 * 1024 * 1024,
            folds: None,
            fold_events: 500,
            visit_seconds: 15 * 60,
            password_checks: 2,
        }
    }
}
