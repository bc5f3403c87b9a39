//! Creation of schemas, control tables, the reader role, and the first generation of each
//! projection in PostgreSQL; one node at a time.

use super::{PostgresOptions, failed};
use crate::{
    PROJECTIONS,
    projection::Projection,
    store::{
        Generation, StoreError,
        ddl::{self, Indexes},
        migration_error::migration_failed,
    },
};
use deadpool_postgres::Object;
use refinery::{Migration, Runner};

/// The control tables, in order; never edited once released. Tables of projections are generated.
const MIGRATIONS: &[(&str, &str)] =
    &[("V1__control", include_str!("../../../migrations/postgres/V1__control.sql"))];

/// Serialises migrations of all nodes; any number that nobody else uses.
const LOCK: i64 = 0x5348_4152_454c_4f47;
/// PostgreSQL cuts longer names.
const MAX_NAME_BYTES: usize = 63;

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
        .map(|(name, sql)| Migration::unapplied(name, &options.filled(sql)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut runner = Runner::new(&migrations);
    runner.set_migration_table_name("migrations");
    let raw: &mut tokio_postgres::Client = client;
    runner.run_async(raw).await.map_err(|error| migration_failed(&error))?;
    for projection in PROJECTIONS {
        ensure_tables(client, options, *projection).await?;
    }
    client.batch_execute("RESET search_path").await.map_err(|error| failed(&error))?;
    super::views::refresh(client, options).await
}

/// Makes the first tables of a projection, or the indexes that are missing on those that are read.
async fn ensure_tables(
    client: &Object,
    options: &PostgresOptions,
    projection: &'static dyn Projection,
) -> Result<(), StoreError> {
    let sql = "SELECT version, generation FROM progress WHERE projection = $1 AND live";
    let live = client.query_opt(sql, &[&projection.name()]).await;
    let Some(live) = live.map_err(|error| failed(&error))? else {
        let first = Generation::first(projection);
        let mut all = ddl::POSTGRES.create_tables(&first);
        all.push(ddl::index_statements(&first, Indexes::All));
        // Names of projections are ours: none needs to be quoted.
        all.push(format!(
            "INSERT INTO progress (projection, version, live, position, time, updated_at) \
             VALUES ('{}', {}, true, 0, 'epoch', now())",
            projection.name(),
            projection.version()
        ));
        let sql = format!("BEGIN; {}; COMMIT", all.join(";\n"));
        return client.batch_execute(&sql).await.map_err(|error| failed(&error));
    };
    // Tables of another version are replaced by a build.
    if live.get::<_, i64>(0) != i64::from(projection.version()) {
        return Ok(());
    }
    let generation = u32::try_from(live.get::<_, i64>(1))
        .map_err(|_| StoreError::Refused(format!("`{}` is damaged", projection.name())))?;
    // Making an index locks its table even where it exists: only those that are missing are made.
    let sql = "SELECT indexname::text FROM pg_indexes WHERE schemaname = $1";
    let rows = client.query(sql, &[&options.data_schema]).await.map_err(|error| failed(&error))?;
    let known: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let all = ddl::create_indexes(&Generation { projection, generation }, Indexes::All);
    let missing = all.into_iter().filter(|(name, _)| {
        let name = name.get(..MAX_NAME_BYTES).unwrap_or(name);
        known.iter().all(|one| one != name)
    });
    let missing: Vec<String> = missing.map(|(_, sql)| sql).collect();
    client.batch_execute(&missing.join(";\n")).await.map_err(|error| failed(&error))
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
