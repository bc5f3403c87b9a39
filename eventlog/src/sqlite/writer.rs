//! The writer of the SQLite log: one thread, which commits everything that waits in one
//! transaction.

use super::{integer, last, message, version};
use crate::{Append, AppendError, LogError, sqlite_file::SqliteError};
use domain::position::Position;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use std::time::{Duration, Instant};
use tokio::sync::{
    mpsc::{self, error::TryRecvError},
    oneshot, watch,
};

/// Appends that wait for the writer; further callers wait for room.
const MAX_QUEUED_APPENDS: usize = 8_192;

/// How long the writer waits for as many appends as the last group had: the callers that
/// were just answered need a moment to come back, and a sync to disk costs far more.
const GROUP_WAIT: Duration = Duration::from_micros(200);

type AppendResult = Result<Position, AppendError>;

struct Job {
    stream: String,
    append: Append,
    answer: oneshot::Sender<AppendResult>,
}

/// The handle of the writer's thread, which ends when the last handle is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread; the receiver has the head after every commit.
    pub(super) fn start(
        connection: Connection,
        group: usize,
    ) -> Result<(Self, watch::Receiver<u64>), LogError> {
        let (queue, waiting) = mpsc::channel(MAX_QUEUED_APPENDS);
        let head = last(&connection).map_err(SqliteError::from)?;
        let (head, moved) = watch::channel(head.0);
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || run(connection, waiting, group.max(1), &head))
            .map_err(|error| LogError::Unavailable(format!("no thread: {error}")))?;
        Ok((Self { queue }, moved))
    }

    pub(super) async fn append(&self, append: &Append) -> AppendResult {
        let (answer, answered) = oneshot::channel();
        let job = Job { stream: append.stream().to_string(), append: append.clone(), answer };
        self.queue
            .send(job)
            .await
            .map_err(|_| LogError::Unavailable("the writer has ended".to_owned()))?;
        answered.await.map_err(|_| AppendError::Unknown("the writer has ended".to_owned()))?
    }
}

fn run(
    mut connection: Connection,
    mut waiting: mpsc::Receiver<Job>,
    group: usize,
    head: &watch::Sender<u64>,
) {
    let mut jobs = Vec::with_capacity(group);
    let mut before = 0;
    while waiting.blocking_recv_many(&mut jobs, group) > 0 {
        gather(&mut waiting, &mut jobs, before);
        before = jobs.len();
        match commit(&mut connection, &jobs) {
            Ok((answers, last)) => {
                head.send_if_modified(|known| std::mem::replace(known, last.0) != last.0);
                for (job, answer) in jobs.drain(..).zip(answers) {
                    // The caller may be gone; the record is stored.
                    drop(job.answer.send(answer));
                }
            }
            Err(error) => {
                for job in jobs.drain(..) {
                    drop(job.answer.send(Err(error.clone())));
                }
            }
        }
    }
}

fn gather(waiting: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>, hoped: usize) {
    let until = Instant::now() + GROUP_WAIT;
    while jobs.len() < hoped && Instant::now() < until {
        match waiting.try_recv() {
            Ok(job) => jobs.push(job),
            Err(TryRecvError::Empty) => std::thread::yield_now(),
            Err(TryRecvError::Disconnected) => return,
        }
    }
}

/// One transaction for all jobs; each is checked against what the earlier ones of the group did.
fn commit(
    connection: &mut Connection,
    jobs: &[Job],
) -> Result<(Vec<AppendResult>, Position), AppendError> {
    let before = |error: rusqlite::Error| AppendError::Log(SqliteError::from(error).into());
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(before)?;
    let done = stage(&transaction, jobs).map_err(before)?;
    // A commit that fails may still have reached the disk.
    transaction.commit().map_err(|error| AppendError::Unknown(format!("SQLite: {error}")))?;
    Ok(done)
}

fn stage(connection: &Connection, jobs: &[Job]) -> rusqlite::Result<(Vec<AppendResult>, Position)> {
    let mut head = last(connection)?;
    let mut time = connection
        .prepare_cached("SELECT time FROM record WHERE position = ?1")?
        .query_row([integer(head)], |row| row.get::<_, i64>(0))
        .optional()?
        .unwrap_or(i64::MIN);
    let mut insert = connection.prepare_cached(
        "INSERT INTO record (position, stream, message, time, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut answers = Vec::with_capacity(jobs.len());
    for Job { stream, append, .. } in jobs {
        let id = append.message_id();
        answers.push(if version(connection, stream)? != append.expected() {
            Err(AppendError::Conflict)
        } else if let Some(position) = message(connection, &id)? {
            Err(AppendError::Duplicate(position))
        } else {
            head = head.next();
            time = time.max(append.at().as_micros());
            insert.execute(params![integer(head), stream, id, time, append.bytes().as_ref()])?;
            Ok(head)
        });
    }
    Ok((answers, head))
}
