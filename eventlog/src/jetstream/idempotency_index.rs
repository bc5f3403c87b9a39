//! The idempotency index: where a command with a key was recorded. Our own, because the broker
//! forgets.

mod sqlite;

use super::{
    JetStreamLog, Shared,
    ordered_consumer::{Delivered, OrderedConsumer, ReadSpec},
};
use crate::{EventLog as _, KeyIndex, LogError};
use async_nats::header;
use async_trait::async_trait;
use domain::position::Position;
use sqlite::KeyFile;
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// The broker itself arbitrates keys younger than its duplicate window (2 min); the index must know
/// everything older, with room to spare.
const MAX_TRUSTED_LAG: Duration = Duration::from_mins(1);
/// How long a question waits for an index that is behind, as after a start.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often what this node appended is indexed.
const UPKEEP_INTERVAL: Duration = Duration::from_millis(200);
/// How often the log is asked where it ends.
const HEAD_INTERVAL: Duration = Duration::from_secs(1);
/// What this node has not acknowledged itself by then, others have appended.
const FOREIGN_APPEND_DELAY: Duration = Duration::from_millis(500);
/// Keys written in one transaction at most.
const MAX_BATCH_KEYS: usize = 2_000;

#[derive(Debug, Clone)]
struct Progress {
    /// When everything recorded was last known.
    caught_up: Option<Instant>,
    stopped: Option<LogError>,
}

impl Progress {
    /// Nothing is missing that the broker may have forgotten.
    fn trusted(&self) -> bool {
        self.caught_up.is_some_and(|when| when.elapsed() <= MAX_TRUSTED_LAG)
    }
}

/// The index in a file of its own, fed by what this node appends and by the headers of what others
/// append. Rebuilt when lost.
pub struct JetStreamKeyIndex {
    file: KeyFile,
    progress: watch::Receiver<Progress>,
    task: tokio::task::AbortHandle,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for JetStreamKeyIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JetStreamKeyIndex")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl Drop for JetStreamKeyIndex {
    fn drop(&mut self) {
        self.task.abort();
        self.shared.pending.stop();
    }
}

impl JetStreamKeyIndex {
    /// Opens or creates the file and starts following.
    pub async fn open(log: &JetStreamLog, path: &Path) -> Result<Self, LogError> {
        let (identity, head) = (log.identity().await?, log.head().await?.position);
        let (file, last) = KeyFile::open(path, identity, head).await?;
        let caught_up = (last == head).then(Instant::now);
        let (sender, progress) = watch::channel(Progress { caught_up, stopped: None });
        log.shared.pending.keep();
        let work = Upkeep {
            log: log.clone(),
            file: file.clone(),
            last: last.0,
            seen: None,
            looked: None,
            settled: false,
        };
        let task = tokio::spawn(work.run(sender)).abort_handle();
        let shared = Arc::clone(&log.shared);
        Ok(Self { file, progress, task, shared })
    }
}

impl JetStreamKeyIndex {
    /// Waits until nothing is missing that the broker may have forgotten.
    async fn settled(&self) -> Result<(), LogError> {
        let mut progress = self.progress.clone();
        let settled = |progress: &Progress| progress.stopped.is_some() || progress.trusted();
        let Ok(Ok(progress)) = tokio::time::timeout(WAIT_TIMEOUT, progress.wait_for(settled)).await
        else {
            let why = "the index of idempotency keys has not caught up with the log";
            return Err(LogError::Unavailable(why.to_owned()));
        };
        progress.stopped.clone().map_or(Ok(()), Err)
    }
}

fn key(delivered: &Delivered) -> Option<String> {
    let id = delivered.message.headers.as_ref()?.get(header::NATS_MESSAGE_ID)?;
    id.as_str().strip_prefix("k:").map(str::to_owned)
}

/// Keeps the index up to date: what this node appends is taken up as acknowledged, what others
/// append is read from the log.
struct Upkeep {
    log: JetStreamLog,
    file: KeyFile,
    /// Everything up to here is in the index.
    last: u64,
    /// Where the log ended when it was asked, and when that was.
    seen: Option<(u64, Instant)>,
    looked: Option<Instant>,
    /// Nothing was missing once.
    settled: bool,
}

impl Upkeep {
    async fn run(mut self, progress: watch::Sender<Progress>) {
        loop {
            match self.turn().await {
                Ok(Some(when)) => progress.send_modify(|now| now.caught_up = Some(when)),
                Ok(None) => {}
                Err(error @ LogError::Unavailable(_)) => {
                    tracing::debug!(%error, "the index of idempotency keys waits");
                }
                Err(error) => {
                    tracing::error!(%error, "the index of idempotency keys has stopped");
                    progress.send_modify(|progress| progress.stopped = Some(error));
                    return;
                }
            }
            tokio::time::sleep(UPKEEP_INTERVAL).await;
        }
    }

    /// One round; answers since when nothing is missing, when that was found out.
    async fn turn(&mut self) -> Result<Option<Instant>, LogError> {
        self.take_up().await?;
        if self.seen.is_none() && self.looked.is_none_or(|looked| looked.elapsed() >= HEAD_INTERVAL)
        {
            let asked = Instant::now();
            self.seen = Some((self.log.head().await?.position.0, asked));
            self.looked = Some(asked);
        }
        let Some((head, when)) = self.seen else { return Ok(None) };
        if self.last < head {
            if self.settled && when.elapsed() < FOREIGN_APPEND_DELAY {
                return Ok(None);
            }
            self.read_up_to(head).await?;
        }
        self.seen = None;
        self.settled = true;
        Ok(Some(when))
    }

    async fn take_up(&mut self) -> Result<(), LogError> {
        loop {
            let (keys, end) = self.log.shared.pending.run(self.last, MAX_BATCH_KEYS);
            if end == self.last {
                return Ok(());
            }
            self.write(keys, end).await?;
        }
    }

    /// Everything from the log, own and others'.
    async fn read_up_to(&mut self, head: u64) -> Result<(), LogError> {
        let wanted = ReadSpec {
            stream: self.log.shared.options.stream.clone(),
            filter: None,
            headers_only: true,
            dense: true,
        };
        let mut consumer = OrderedConsumer::new(Arc::clone(&self.log.shared), wanted, self.last);
        while self.last < head {
            let came = consumer.next(MAX_BATCH_KEYS, WAIT_TIMEOUT).await?;
            let Some(end) = came.last().map(|delivered| delivered.seq) else {
                return Err(LogError::Unavailable("no record came".to_owned()));
            };
            let keys = came
                .iter()
                .filter_map(|delivered| Some((key(delivered)?, delivered.seq)))
                .collect();
            self.write(keys, end).await?;
        }
        Ok(())
    }

    async fn write(&mut self, keys: Vec<(String, u64)>, end: u64) -> Result<(), LogError> {
        // There is a record, so there is an identity.
        let log = self.log.identity().await?.map(|log| log.to_string()).unwrap_or_default();
        self.file.write(log, keys, end).await?;
        self.last = end;
        self.log.shared.pending.taken_up(end);
        Ok(())
    }
}

#[async_trait]
impl KeyIndex for JetStreamKeyIndex {
    async fn find(&self, key: &str) -> Result<Option<Position>, LogError> {
        if let Some(position) = self.shared.pending.find(key) {
            return Ok(Some(position));
        }
        self.settled().await?;
        self.file.find(key).await
    }
}
