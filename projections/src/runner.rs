//! Who follows the log and applies changes? One task per projection; the only writer of the tables.

use crate::store::Database;
use eventlog::{SharedLog, TextOpener};
use std::{future::Future, sync::Arc, time::Duration};

/// How the runner works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerOptions {
    /// At most so many records in one transaction.
    pub batch: usize,
    /// The longest pause before trying again after a loss of database or log.
    pub longest_pause: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { batch: 2048, longest_pause: Duration::from_secs(5) }
    }
}

/// Follows the log for all projections. Safe to run on many nodes.
#[derive(Debug)]
pub struct Runner {
    _log: SharedLog,
    _opener: Arc<dyn TextOpener>,
    _database: Database,
    _options: RunnerOptions,
}

impl Runner {
    /// A runner of all projections.
    pub fn new(
        log: SharedLog,
        opener: Arc<dyn TextOpener>,
        database: Database,
        options: RunnerOptions,
    ) -> Self {
        Self { _log: log, _opener: opener, _database: database, _options: options }
    }

    /// Runs until `stop` is ready; batches under way are finished. Losses of database and log are
    /// waited out; a projection that cannot go on records why and stands, the others go on.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        stop.await;
    }
}
