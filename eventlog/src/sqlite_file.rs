//! SQLite files: how they are opened, migrated, and used beside the async threads.

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use std::{
    io,
    ops::Deref,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Connections that read one file at the same time.
const MAX_READERS: usize = 8;
/// How long a statement waits for another connection or process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept per connection.
const MAX_CACHED_STATEMENTS: usize = 128;
/// Calls that wait for a [`Worker`]; further callers wait for room.
const MAX_QUEUED_CALLS: usize = 1_024;

/// What went wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// SQLite's own error.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The schema could not be brought to the newest version.
    #[error("SQLite schema: {0}")]
    Schema(#[from] refinery::Error),
    /// The file could not be created.
    #[error("SQLite file: {0}")]
    File(#[from] io::Error),
    /// The thread that worked on it, or the connection, is gone.
    #[error("SQLite: {0}")]
    Lost(String),
}

/// How a file is opened for writing.
#[derive(Debug, Clone, Copy)]
pub struct FileOptions {
    /// `FULL`: a commit is on disk when it returns. `NORMAL`: it may be lost in a power cut. `OFF`:
    /// the file itself may be.
    pub synchronous: &'static str,
    /// Deleted content is overwritten.
    pub secure_delete: bool,
    /// Only the owner of this process can read the file.
    pub owner_only: bool,
}

impl FileOptions {
    /// Nothing but the durability of commits.
    pub const fn new(synchronous: &'static str) -> Self {
        Self { synchronous, secure_delete: false, owner_only: false }
    }
}

/// Opens or creates a file for writing.
pub fn open(path: &Path, options: FileOptions) -> Result<Connection, SqliteError> {
    if options.owner_only {
        create_for_owner(path)?;
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", options.synchronous)?;
    connection.pragma_update(None, "secure_delete", options.secure_delete)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // So that REPLACE asks the triggers that refuse deletes.
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
    Ok(connection)
}

fn create_for_owner(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}

/// Opens a file for writing and brings it to the newest schema.
pub fn open_migrated(
    path: &Path,
    options: FileOptions,
    migrations: &refinery::Runner,
) -> Result<Connection, SqliteError> {
    let mut connection = open(path, options)?;
    migrations.run(&mut connection)?;
    Ok(connection)
}

/// Runs work that blocks beside the async threads.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<SqliteError> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| SqliteError::Lost(format!("a task ended: {error}")))?
}

/// Works on a held connection beside the async threads. One that is lost on the way is not put
/// back.
pub async fn with<C, T>(
    held: &mut Option<C>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, SqliteError>
where
    C: Deref<Target = Connection> + Send + 'static,
    T: Send + 'static,
{
    let ended = || SqliteError::Lost("the transaction is over".to_owned());
    let connection = held.take().ok_or_else(ended)?;
    let (connection, answer) = blocking(move || {
        let answer = work(&connection);
        Ok::<_, SqliteError>((connection, answer))
    })
    .await?;
    *held = Some(connection);
    Ok(answer?)
}

/// Read-only connections to one file, a bounded number of them.
#[derive(Debug)]
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// A connection of [`Readers`]; closed when it is dropped and not given back.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Reader {
    /// Leaves the connection, which is in no transaction, to the next reader.
    pub fn give_back(self) {
        self.readers.idle.lock().push(self.connection);
    }
}

impl Readers {
    /// Of a file that exists when it is first read.
    pub fn new(path: &Path) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(MAX_READERS));
        Arc::new(Self { path: path.to_owned(), idle: Mutex::default(), permits })
    }

    /// A connection; waits while all are in use.
    pub async fn acquire(self: &Arc<Self>) -> Result<Reader, SqliteError> {
        let permit = self.permit().await?;
        let readers = Arc::clone(self);
        blocking(move || readers.connect(permit)).await
    }

    /// Reads in a snapshot that holds everything committed before.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let permit = self.permit().await?;
        let readers = Arc::clone(self);
        blocking(move || {
            let mut reader = readers.connect(permit)?;
            let transaction = reader.connection.transaction()?;
            let found = query(&transaction)?;
            drop(transaction);
            reader.give_back();
            Ok(found)
        })
        .await
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, SqliteError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        permit.map_err(|error| SqliteError::Lost(error.to_string()))
    }

    fn connect(self: Arc<Self>, permit: OwnedSemaphorePermit) -> Result<Reader, SqliteError> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        Ok(Reader { connection, readers: self, _permit: permit })
    }

    fn open(&self) -> Result<Connection, SqliteError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
        Ok(connection)
    }
}

type Call = Box<dyn FnOnce(&mut Connection) + Send>;

/// A thread that owns a connection; it ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Worker {
    queue: mpsc::Sender<Call>,
}

impl Worker {
    /// Starts the thread.
    pub fn start(name: &str, mut connection: Connection) -> Result<Self, SqliteError> {
        let (queue, mut waiting) = mpsc::channel::<Call>(MAX_QUEUED_CALLS);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(call) = waiting.blocking_recv() {
                call(&mut connection);
            }
        })?;
        Ok(Self { queue })
    }

    /// Runs a call on the connection. Dropped while it waits for the answer, the call still runs.
    pub async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let ended = || SqliteError::Lost("the thread has ended".to_owned());
        let (answer, answered) = oneshot::channel();
        let call: Call = Box::new(move |connection| {
            // The caller may be gone.
            drop(answer.send(call(connection)));
        });
        self.queue.send(call).await.map_err(|_| ended())?;
        Ok(answered.await.map_err(|_| ended())??)
    }
}
