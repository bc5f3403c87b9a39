//! Wires the engines of this process. The only module that names concrete ones.

mod embedded;
mod index_authority;
mod jetstream;
mod lock;
mod metered_log;
mod postgres;

pub(crate) use postgres::tls;

pub use index_authority::IndexAuthority;
pub use lock::DataLock;
use metered_log::MeteredLog;

use crate::{
    exit::{Exit, Failure},
    settings::{DbEngine, LogEngine, StoreSettings},
};
use commands::{Clock, vault::ServerKey, vault::Vault};
use domain::time::Time;
use eventlog::{Activity, KeyIndex, SharedLog, SharedTailLog};
use projections::Database;
use std::{fs, io, path::Path, sync::Arc};
use uuid::Uuid;

/// The engines of a process that accepts commands.
#[derive(Debug)]
pub struct Engines {
    /// The event log.
    pub log: SharedLog,
    /// Finds commands by their idempotency key.
    pub keys: Arc<dyn KeyIndex>,
    /// The activity log.
    pub activity: Arc<dyn Activity>,
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// The key that wraps what is secret in the vault.
    pub server_key: ServerKey,
    /// The database of the read models.
    pub database: Database,
    /// The permanent name of this node.
    pub node: String,
    /// Warnings for the operator about this choice.
    pub warnings: Vec<String>,
}

/// The engines of a reading command. It changes nothing and needs no lock.
#[derive(Debug)]
pub struct ReadOnlyEngines {
    /// The event log.
    pub log: SharedLog,
    /// The database of the read models.
    pub database: Database,
}

/// The log with what belongs to it.
struct LogParts {
    log: SharedLog,
    keys: Arc<dyn KeyIndex>,
    activity: Arc<dyn Activity>,
}

/// The database with what lies in it.
struct DbParts {
    vault: Arc<dyn Vault>,
    database: Database,
}

/// The names of the engines chosen.
pub fn engine_names(store: &StoreSettings) -> (&'static str, &'static str) {
    let log = match store.log {
        LogEngine::Embedded => "SQLite",
        LogEngine::JetStream(_) => "NATS JetStream",
    };
    let db = match store.db {
        DbEngine::Embedded => "SQLite",
        DbEngine::Postgres(_) => "PostgreSQL",
    };
    (log, db)
}

/// Makes the data folder, for its owner only, and takes it for this process.
pub fn take_data_folder(store: &StoreSettings) -> Result<DataLock, Failure> {
    make_folder(&store.data)?;
    lock::take(&store.data)
}

/// Opens everything for a process that accepts commands. The caller holds the [`DataLock`].
pub async fn open(store: &StoreSettings, clock: Arc<dyn Clock>) -> Result<Engines, Failure> {
    make_folder(&store.data)?;
    let server_key = server_key(&store.key_file)?;
    let now: eventlog::clock_skew::Now = Arc::new(move || clock.now());
    let node = node(&store.data)?;
    let log = match &store.log {
        LogEngine::Embedded => embedded::log(store, &node, now).await?,
        LogEngine::JetStream(servers) => jetstream::log(store, servers, &node, now).await?,
    };
    let db = match &store.db {
        DbEngine::Embedded => embedded::database(store).await?,
        DbEngine::Postgres(address) => postgres::database(store, address).await?,
    };
    Ok(Engines {
        log: Arc::new(SharedTailLog::new(Arc::new(MeteredLog(log.log)))),
        keys: log.keys,
        activity: log.activity,
        vault: db.vault,
        server_key,
        database: db.database,
        node,
        warnings: warnings(store),
    })
}

/// Opens what reading commands need, beside a running service.
pub async fn open_reading(store: &StoreSettings) -> Result<ReadOnlyEngines, Failure> {
    let log = match &store.log {
        LogEngine::Embedded => embedded::reading_log(store).await?,
        LogEngine::JetStream(servers) => jetstream::reading_log(store, servers).await?,
    };
    let database = match &store.db {
        DbEngine::Embedded => embedded::reading_database(store).await?,
        DbEngine::Postgres(address) => postgres::reading_database(store, address).await?,
    };
    Ok(ReadOnlyEngines { log, database })
}

fn warnings(store: &StoreSettings) -> Vec<String> {
    let mut warnings = Vec::new();
    let embedded = (store.log == LogEngine::Embedded, store.db == DbEngine::Embedded);
    if embedded.0 != embedded.1 {
        warnings.push(
            "mixed engines: run one node only; SQLite with SQLite and NATS JetStream with \
             PostgreSQL are the pairs made for each other"
                .to_owned(),
        );
    }
    if let Some(warning) = loose_key(&store.key_file) {
        warnings.push(warning);
    }
    warnings
}

/// Says so when others than its owner can read the server key.
pub fn loose_key(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Some(format!(
                "the key file {} can be read by others (mode {mode:o}); chmod 600 it",
                path.display()
            ));
        }
    }
    None
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|error| at(path, "cannot make the data folder", &error))
}

fn server_key(path: &Path) -> Result<ServerKey, Failure> {
    ServerKey::load_or_create(path).map_err(|error| at(path, "cannot use the key file", &error))
}

/// The permanent name of this node: a file in its data folder.
fn node(data: &Path) -> Result<String, Failure> {
    let path = data.join("node");
    match fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
        Ok(_) => write_node(&path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => write_node(&path),
        Err(error) => Err(at(&path, "cannot read", &error)),
    }
}

/// The same, as an id; one that no other process has when the file was changed by hand.
pub fn node_id(data: &Path) -> Result<Uuid, Failure> {
    Ok(node(data)?.parse().unwrap_or_else(|_| Uuid::new_v4()))
}

fn write_node(path: &Path) -> Result<String, Failure> {
    let name = Uuid::new_v4().simple().to_string();
    fs::write(path, format!("{name}\n")).map_err(|error| at(path, "cannot write", &error))?;
    Ok(name)
}

/// Writes a secret to a file that only its owner can read; fails when it is there already.
pub fn write_secret(path: &Path, secret: &str) -> io::Result<()> {
    use io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

fn at(path: &Path, what: &str, error: &io::Error) -> Failure {
    let exit =
        if error.kind() == io::ErrorKind::InvalidData { Exit::Damaged } else { Exit::Failed };
    Failure::new(exit, format!("{what} {}: {error}", path.display()))
}

/// What the clock of the last record and this node's clock say, for `doctor`.
pub async fn clock_difference(log: &SharedLog, now: Time) -> Result<Option<i64>, Failure> {
    let clock = log.clock().await?;
    Ok(clock.map(|clock| now.as_micros().saturating_sub(clock.as_micros())))
}
