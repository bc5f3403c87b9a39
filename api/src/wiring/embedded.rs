//! Opens the embedded engines: SQLite files in the data folder.

use super::{DbParts, LogParts};
use crate::{
    exit::{Exit, Failure},
    settings::StoreSettings,
};
use commands::vault::sqlite::SqliteVault;
use eventlog::{
    SharedLog,
    clock_skew::Now,
    sqlite::{SqliteActivity, SqliteLog, SqliteOptions},
};
use projections::{
    Database,
    store::sqlite::{self, OpenMode},
};
use std::{path::PathBuf, sync::Arc};
use uuid::Uuid;

pub(super) async fn log(store: &StoreSettings, node: &str, now: Now) -> Result<LogParts, Failure> {
    let log = SqliteLog::open(&store.local("log.db"), SqliteOptions::default()).await?;
    let activity =
        SqliteActivity::open(&store.local("activity.db"), node, Uuid::new_v4(), now).await?;
    Ok(LogParts { keys: Arc::new(log.clone()), log: Arc::new(log), activity: Arc::new(activity) })
}

pub(super) async fn database(store: &StoreSettings) -> Result<DbParts, Failure> {
    let vault = SqliteVault::open(&store.local("vault.db")).await;
    let vault = vault.map_err(|error| Failure::unavailable(error.to_string()))?;
    let database = sqlite::open(&store.local("views.db"), OpenMode::ReadWrite).await?;
    Ok(DbParts { vault: Arc::new(vault), database })
}

pub(super) async fn reading_log(store: &StoreSettings) -> Result<SharedLog, Failure> {
    let path = there(store, "log.db")?;
    Ok(Arc::new(SqliteLog::open_read_only(&path).await?))
}

pub(super) async fn reading_database(store: &StoreSettings) -> Result<Database, Failure> {
    let path = there(store, "views.db")?;
    Ok(sqlite::open(&path, OpenMode::ReadOnly).await?)
}

fn there(store: &StoreSettings, name: &str) -> Result<PathBuf, Failure> {
    let path = store.local(name);
    if path.exists() {
        return Ok(path);
    }
    Err(Failure::new(
        Exit::Failed,
        format!(
            "{} not found; start the service once, or name its data folder with --data",
            path.display()
        ),
    ))
}
