//! Where was a command with this idempotency key recorded? An index of our own, as the broker
//! forgets.

use super::{
    JetStreamLog, Shared,
    feed::{Fed, Feed, Wanted},
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
const TRUSTED: Duration = Duration::from_mins(1);
/// How long a question waits for an index that is behind, as after a start.
const PATIENCE: Duration = Duration::from_secs(5);
/// Keys written in one transaction at most.
const BATCH: usize = 2_000;

#[derive(Debug, Clone)]
struct Progress {
    /// When everything recorded was last known.
    caught_up: Option<Instant>,
    stopped: Option<LogError>,
}

impl Progress {
    /// Nothing is missing that the broker may have forgotten.
    fn trusted(&self) -> bool {
        self.caught_up.is_some_and(|when| when.elapsed() <= TRUSTED)
    }
}

/// The index in a file of its own, fed by following the headers of the log. Rebuilt when lost.
#[derive(Debug)]
pub struct JetStreamKeyIndex {
    readers: Arc<Readers>,
    progress: watch::Receiver<Progress>,
    task: tokio::task::AbortHandle,
}

impl Drop for JetStreamKeyIndex {
    fn drop(&mut self) {
        self.task.abort();
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
        let shared = Arc::clone(&log.shared);
        let work = follow(shared, connection, last, told);
        let task = tokio::spawn(work).abort_handle();
        Ok(Self { readers: Arc::new(Readers::new(path)), progress, task })
    }
}

impl JetStreamKeyIndex {
    /// Waits until nothing is missing that the broker may have forgotten.
    async fn settled(&self) -> Result<(), LogError> {
        let mut progress = self.progress.clone();
        let settled = |progress: &Progress| progress.stopped.is_some() || progress.trusted();
        let Ok(Ok(progress)) = tokio::time::timeout(PATIENCE, progress.wait_for(settled)).await
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

fn key(fed: &Fed) -> Option<String> {
    let id = fed.message.headers.as_ref()?.get(header::NATS_MESSAGE_ID)?;
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

async fn follow(
    shared: Arc<Shared>,
    connection: Connection,
    last: Position,
    progress: watch::Sender<Progress>,
) {
    let wanted = Wanted {
        stream: shared.options.stream.clone(),
        filter: None,
        headers_only: true,
        dense: true,
    };
    let log = JetStreamLog { shared: Arc::clone(&shared) };
    let connection = Arc::new(Mutex::new(connection));
    let mut feed = Feed::new(shared, wanted, last.0);
    loop {
        match advance(&log, &mut feed, &connection).await {
            Ok(()) => progress.send_modify(|progress| {
                progress.caught_up = feed.caught_up().or(progress.caught_up);
            }),
            Err(error @ LogError::Unavailable(_)) => {
                tracing::debug!(%error, "the index of idempotency keys waits");
            }
            Err(error) => {
                tracing::error!(%error, "the index of idempotency keys has stopped");
                progress.send_modify(|progress| progress.stopped = Some(error));
                return;
            }
        }
    }
}

async fn advance(
    log: &JetStreamLog,
    feed: &mut Feed,
    connection: &Arc<Mutex<Connection>>,
) -> Result<(), LogError> {
    let came = feed.next(BATCH, Duration::from_secs(1)).await?;
    let Some(last) = came.last().map(|fed| fed.seq) else { return Ok(()) };
    let keys: Vec<(String, u64)> =
        came.iter().filter_map(|fed| Some((key(fed)?, fed.seq))).collect();
    // The first record is there, so there is an identity. Written until it is written: the feed has
    // gone on.
    loop {
        let done = match log.identity().await {
            Ok(identity) => {
                let log = identity.map(|log| log.to_string()).unwrap_or_default();
                let (connection, keys) = (Arc::clone(connection), keys.clone());
                blocking(move || {
                    write(&mut connection.lock(), &log, &keys, last).map_err(|error| failed(&error))
                })
                .await
            }
            Err(error) => Err(error),
        };
        match done {
            Err(error @ LogError::Unavailable(_)) => {
                tracing::warn!(%error, "the index of idempotency keys cannot be written");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            done => return done,
        }
    }
}

#[async_trait]
impl KeyIndex for JetStreamKeyIndex {
    async fn find(&self, key: &str) -> Result<Option<Position>, LogError> {
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
