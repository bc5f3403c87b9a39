//! Creation of control tables and of the first generation of each projection in SQLite.

use crate::{
    PROJECTIONS,
    projection::Projection,
    store::{
        Generation, StoreError,
        ddl::{self, Indexes},
        migration_error::migration_failed,
    },
};
use eventlog::sqlite_file::SqliteError;
use refinery::{Migration, Runner};
use rusqlite::{Connection, OptionalExtension as _};

/// The control tables, in order; never edited once released. Tables of projections are generated.
const MIGRATIONS: &[(&str, &str)] =
    &[("V1__control", include_str!("../../../migrations/sqlite/V1__control.sql"))];

pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    let migrations = MIGRATIONS
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, sql))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut runner = Runner::new(&migrations);
    runner.set_migration_table_name("migrations");
    runner.run(connection).map_err(|error| migration_failed(&error))?;
    for projection in PROJECTIONS {
        ensure_tables(connection, *projection).map_err(SqliteError::from)?;
    }
    Ok(())
}

/// Makes the first tables of a projection, or the indexes that are missing on those that are read.
fn ensure_tables(
    connection: &Connection,
    projection: &'static dyn Projection,
) -> Result<(), rusqlite::Error> {
    let sql = "SELECT version, generation FROM progress WHERE projection = ?1 AND live";
    let live = connection
        .query_row(sql, [projection.name()], |row| Ok((row.get::<_, u32>(0)?, row.get(1)?)))
        .optional()?;
    let Some((version, generation)) = live else {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(&create_statements(&Generation::first(projection)))?;
        let sql = "INSERT INTO progress (projection, version, live, position, time, updated_at) \
                   VALUES (?1, ?2, true, 0, 0, 0)";
        connection.execute(sql, (projection.name(), projection.version()))?;
        return connection.execute_batch("COMMIT");
    };
    // Tables of another version are replaced by a build.
    if version != projection.version() {
        return Ok(());
    }
    let live = Generation { projection, generation };
    connection.execute_batch(&ddl::index_statements(&live, Indexes::All))
}

/// Makes a generation with every index: one made later would keep the only writer for as long as
/// it takes.
pub(super) fn create_statements(generation: &Generation) -> String {
    let mut all = ddl::SQLITE.create_tables(generation);
    all.push(ddl::index_statements(generation, Indexes::All));
    all.join(";\n")
}
