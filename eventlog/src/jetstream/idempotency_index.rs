//! The idempotency index: where a command with a key was recorded. Our own, because the broker
//! forgets.

use super::{
    JetStreamLog, Shared,
    ordered_consumer::{Delivered, OrderedConsumer, ReadSpec},
};
use crate::{
    EventLog as _, KeyIndex, LogError,
    sqlite::store::{self, Readers, blocking, failed},
};
use async_nats::header;
use async_trait::async_trait;
use domain::{id::LogId, position::Position};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// The broker itself arbitrates keys younger than its duplicate window (2 min); the index must know
/// everything older, with room to spare.
const MAX_TRUSTED_LAG: Duration = Duration::from_mins(1);
/// How long a question waits for an index that is behind, as after a start.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often what this node appended is taken up.
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
    readers: Arc<Readers>,
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
        let owned = path.to_owned();
        let (connection, last) = blocking(move || {
            let connection = store::open(&owned, store::KEYS)?;
            let last = resume(&connection, identity, head).map_err(|error| failed(&error))?;
            Ok((connection, last))
        })
        .await?;
        let caught_up = (last == head).then(Instant::now);
        let (told, progress) = watch::channel(Progress { caught_up, stopped: None });
        log.shared.pending.keep();
        let work = Upkeep {
            log: log.clone(),
            connection: Arc::new(Mutex::new(connection)),
            last: last.0,
            seen: None,
            looked: None,
            settled: false,
        };
        let task = tokio::spawn(work.run(told)).abort_handle();
        let shared = Arc::clone(&log.shared);
        Ok(Self { readers: Arc::new(Readers::new(path)), progress, task, shared })
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

/// From where to go on; from the start when the file belongs to another log or knows more than
/// there is.
fn resume(
    connection: &Connection,
    identity: Option<LogId>,
    head: Position,
) -> rusqlite::Result<Position> {
    let known: Option<(String, i64)> = connection
        .query_row("SELECT log, position FROM progress", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((log, position)) = known else { return Ok(Position::START) };
    let position = Position(u64::try_from(position).unwrap_or(0));
    if identity.is_some_and(|identity| identity.to_string() == log) && position <= head {
        return Ok(position);
    }
    connection.execute_batch("DELETE FROM key; DELETE FROM progress;")?;
    Ok(Position::START)
}

fn key(delivered: &Delivered) -> Option<String> {
    let id = delivered.message.headers.as_ref()?.get(header::NATS_MESSAGE_ID)?;
    id.as_str().strip_prefix("k:").map(str::to_owned)
}

fn write(
    connection: &mut Connection,
    log: &str,
    keys: &[(String, u64)],
    last: u64,
) -> rusqlite::Result<()> {
    let integer = |position: u64| i64::try_from(position).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO key (key, position) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?;
        for (key, position) in keys {
            insert.execute(params![key, integer(*position)])?;
        }
    }
    transaction.execute(
        "INSERT INTO progress (one, log, position) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET log = excluded.log, position = excluded.position",
        params![log, integer(last)],
    )?;
    transaction.commit()
}

/// Keeps the index up to date: what this node appends is taken up as acknowledged, what others
/// append is read from the log.
struct Upkeep {
    log: JetStreamLog,
    connection: Arc<Mutex<Connection>>,
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
        let connection = Arc::clone(&self.connection);
        blocking(move || {
            write(&mut connection.lock(), &log, &keys, end).map_err(|error| failed(&error))
        })
        .await?;
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
        let wanted = key.to_owned();
        self.settled().await?;
        self.readers
            .read(move |connection| {
                connection
                    .prepare_cached("SELECT position FROM key WHERE key = ?1")?
                    .query_row([wanted], |row| row.get::<_, i64>(0))
                    .optional()
            })
            .await
            .map(|found| found.map(|found| Position(u64::try_from(found).unwrap_or(0))))
    }
}
