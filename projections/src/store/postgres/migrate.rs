//! Migrations of PostgreSQL: tables, views and the reader role, one node at a time.

use super::{PostgresOptions, failed};
use crate::{
    projection,
    store::{StoreError, ddl},
};
use deadpool_postgres::Object;
use refinery::{Migration, Runner};

/// The migrations, in order; never edited once released.
const MIGRATIONS: &[(&str, &str)] = &[
    ("V1__tables", include_str!("../../../migrations/postgres/V1__tables.sql")),
    ("V2__views", include_str!("../../../migrations/postgres/V2__views.sql")),
    ("V3__generations", include_str!("../../../migrations/postgres/V3__generations.sql")),
];

/// The texts, which say how tables of another generation are made too.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().map(|(_, text)| *text).chain([ddl::INDEXES])
}

/// Serialises migrations of all nodes; any number that nobody else uses.
const LOCK: i64 = 0x5348_4152_454c_4f47;

pub(super) async fn run(client: &mut Object, options: &PostgresOptions) -> Result<(), StoreError> {
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await
        .map_err(|error| failed(&error))?;
    let done = migrated(client, options).await;
    client
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK])
        .await
        .map_err(|error| failed(&error))?;
    done
}

async fn migrated(client: &mut Object, options: &PostgresOptions) -> Result<(), StoreError> {
    let (data, views) = (options.data(), PostgresOptions::quoted(&options.views_schema));
    let schemas = format!(
        "CREATE SCHEMA IF NOT EXISTS {data}; CREATE SCHEMA IF NOT EXISTS {views}; \
         SET search_path TO {data}"
    );
    client.batch_execute(&schemas).await.map_err(|error| failed(&error))?;
    make_reader(client, options).await?;
    let migrations = MIGRATIONS
        .iter()
        .map(|(name, sql)| {
            let sql = sql
                .replace("{data}", &data)
                .replace("{views}", &views)
                .replace("{reader}", &PostgresOptions::quoted(&options.reader_role));
            Migration::unapplied(name, &sql)
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut runner = Runner::new(&migrations);
    runner.set_migration_table_name("migrations");
    let raw: &mut tokio_postgres::Client = client;
    runner.run_async(raw).await.map_err(|error| StoreError::Refused(super::chain(&error)))?;
    for projection in projection::all() {
        let sql = format!(
            "INSERT INTO {data}.progress (projection, version, live, position, time, updated_at) \
             SELECT $1::text, $2::bigint, true, 0, 'epoch', now() WHERE NOT EXISTS \
             (SELECT FROM {data}.progress WHERE projection = $1::text AND live)"
        );
        let version = i64::from(projection.version());
        client
            .execute(&sql, &[&projection.name(), &version])
            .await
            .map_err(|error| failed(&error))?;
        let sql = format!(
            "SELECT generation FROM {data}.progress \
             WHERE projection = $1::text AND version = $2::bigint AND live"
        );
        let live = client
            .query_opt(&sql, &[&projection.name(), &version])
            .await
            .map_err(|error| failed(&error))?;
        let Some(live) = live else { continue };
        let generation: i64 = live.try_get(0).map_err(|error| failed(&error))?;
        let later = ddl::missing_indexes(projection, generation)?;
        client.batch_execute(&later).await.map_err(|error| failed(&error))?;
    }
    client.batch_execute("RESET search_path").await.map_err(|error| failed(&error))?;
    super::views::refresh(client, options).await
}

/// The role belongs to the whole server: two databases may make it at once.
async fn make_reader(client: &Object, options: &PostgresOptions) -> Result<(), StoreError> {
    let role = PostgresOptions::quoted(&options.reader_role);
    let literal = options.reader_role.replace('\'', "''");
    let sql = format!(
        "DO $do$ BEGIN \
           IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{literal}') THEN \
             CREATE ROLE {role} NOLOGIN; \
           END IF; \
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; \
         END $do$"
    );
    client.batch_execute(&sql).await.map_err(|error| failed(&error))
}
