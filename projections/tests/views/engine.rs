//! A fresh database of either engine for each test.

use deadpool_postgres::{Manager, Pool, Runtime};
use projections::{
    Database,
    store::{
        postgres::{self, PostgresOptions},
        sqlite::{self, OpenMode},
    },
};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};
use uuid::Uuid;

/// An engine, and room for any number of databases on it.
pub(crate) enum Engine {
    Sqlite { folder: TempDir, made: AtomicU32 },
    Postgres { pool: Pool, made: AtomicU32 },
}

/// One fresh place for tables; opened again it holds what it held.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Pool, PostgresOptions),
}

impl Engine {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite { folder: tempfile::tempdir().unwrap(), made: AtomicU32::new(0) }
    }

    pub(crate) async fn postgres() -> Self {
        Self::Postgres { pool: fresh_database().await.0, made: AtomicU32::new(0) }
    }

    /// A place that nobody used.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Sqlite { folder, made } => {
                let number = made.fetch_add(1, Ordering::Relaxed);
                Place::Sqlite(folder.path().join(format!("views-{number}.db")))
            }
            Self::Postgres { pool, made } => {
                let number = made.fetch_add(1, Ordering::Relaxed);
                let options = PostgresOptions {
                    data_schema: format!("data {number}"),
                    views_schema: format!("views {number}"),
                    ..PostgresOptions::default()
                };
                Place::Postgres(pool.clone(), options)
            }
        }
    }

    /// A database that nobody used.
    pub(crate) async fn fresh(&self) -> Database {
        self.place().open().await
    }
}

impl Place {
    pub(crate) async fn open(&self) -> Database {
        match self {
            Self::Sqlite(path) => sqlite::open(path, OpenMode::ReadWrite).await.unwrap(),
            Self::Postgres(pool, options) => {
                postgres::open(pool.clone(), options.clone()).await.unwrap()
            }
        }
    }
}

/// A database with a random name, and how to reach it.
pub(crate) async fn fresh_database() -> (Pool, Config) {
    #[expect(clippy::disallowed_methods, reason = "the one setting of the tests")]
    let server = std::env::var("SHARELOG_TEST_POSTGRES").expect(
        "SHARELOG_TEST_POSTGRES must hold the connection string of a PostgreSQL server for tests; \
         scripts/services.sh starts one",
    );
    let mut config: Config = server.parse().unwrap();
    let (client, connection) = config.connect(NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let name = format!("views_{}", Uuid::new_v4().simple());
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    config.dbname(&name);
    let manager = Manager::new(config.clone(), NoTls);
    let pool = Pool::builder(manager).max_size(8).runtime(Runtime::Tokio1).build().unwrap();
    (pool, config)
}
