//! A thread that owns one SQLite connection, so that blocking calls leave the async threads.

use crate::vault::VaultError;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

/// Calls that may wait; more wait for a place.
const QUEUE: usize = 1_024;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The handle of a thread, which ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    queue: mpsc::Sender<Job>,
}

impl Worker {
    pub(super) fn start(name: &str, mut connection: Connection) -> Result<Self, VaultError> {
        let (queue, mut waiting) = mpsc::channel::<Job>(QUEUE);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Some(job) = waiting.blocking_recv() {
                    job(&mut connection);
                }
            })
            .map_err(|error| VaultError(format!("no thread: {error}")))?;
        Ok(Self { queue })
    }

    /// Runs a call on the connection.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, VaultError> {
        let ended = || VaultError("the vault's thread has ended".to_owned());
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Whoever asked may have gone.
            drop(answer.send(call(connection)));
        });
        self.queue.send(job).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?.map_err(|error| failed(&error))
    }
}

/// The error without the statement that caused it.
pub(super) fn failed(error: &rusqlite::Error) -> VaultError {
    if let rusqlite::Error::SqliteFailure(code, _) = error {
        VaultError(format!("SQLite: {code}"))
    } else {
        VaultError(format!("SQLite: {error}"))
    }
}
