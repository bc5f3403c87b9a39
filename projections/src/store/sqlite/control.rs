//! Creates, switches and removes generations in SQLite, in short immediate transactions on the one
//! writing connection.

use super::{Writing, fresh, migrate::create_statements, query};
use crate::{
    store::{Control, Generation, StoreError, generation::belongs},
    value::{Row, Value},
};
use async_trait::async_trait;
use domain::time::Time;
use eventlog::sqlite_file;
use rusqlite::{Connection, params_from_iter};

/// So many rows are removed in one transaction: `secure_delete` writes each page.
const MAX_CLEARED_ROWS: usize = 2_000;

pub(super) struct SqliteControl {
    connection: Option<Writing>,
}

impl SqliteControl {
    pub(super) async fn begin(connection: Writing) -> Result<Self, StoreError> {
        let mut control = Self { connection: Some(connection) };
        control
            .with(|connection| {
                fresh(connection)?;
                connection.execute_batch("BEGIN IMMEDIATE")
            })
            .await?;
        Ok(control)
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(sqlite_file::with(&mut self.connection, work).await?)
    }
}

#[async_trait]
impl Control for SqliteControl {
    fn schema(&self) -> String {
        String::new()
    }

    fn lock(&self) -> &'static str {
        ""
    }

    async fn now(&mut self) -> Result<Time, StoreError> {
        let sql = "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)";
        let micros = self.with(|connection| connection.query_row(sql, [], |row| row.get(0)));
        Time::from_micros(micros.await?).map_err(|error| StoreError::Refused(error.to_string()))
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let (sql, parameters) = (sql.to_owned(), parameters.to_vec());
        self.with(move |connection| query(connection, &sql, &parameters)).await
    }

    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError> {
        let (sql, parameters) = (sql.replace('$', "?"), parameters.to_vec());
        let changed =
            self.with(move |connection| connection.execute(&sql, params_from_iter(&parameters)));
        Ok(u64::try_from(changed.await?).unwrap_or(u64::MAX))
    }

    async fn create(&mut self, target: &Generation) -> Result<(), StoreError> {
        let all = create_statements(target);
        self.with(move |connection| connection.execute_batch(&all)).await
    }

    async fn finish(&mut self, _: &Generation) -> Result<(), StoreError> {
        Ok(())
    }

    async fn clear(&mut self, prefix: &str) -> Result<bool, StoreError> {
        let prefix = prefix.to_owned();
        self.with(move |connection| {
            let mut names =
                connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
            let names = names.query_map([], |row| row.get(0))?;
            let names = names.collect::<Result<Vec<String>, _>>()?;
            let Some(table) = names.iter().find(|name| belongs(name, &prefix)) else {
                return Ok(true);
            };
            let sql = format!(
                "DELETE FROM {table} WHERE rowid IN \
                 (SELECT rowid FROM {table} LIMIT {MAX_CLEARED_ROWS})"
            );
            if connection.execute(&sql, [])? < MAX_CLEARED_ROWS {
                connection.execute_batch(&format!("DROP TABLE {table}"))?;
            }
            Ok(false)
        })
        .await
    }

    /// There are none.
    async fn point_views(&mut self, _: &Generation) -> Result<(), StoreError> {
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.with(|connection| connection.execute_batch("COMMIT")).await?;
        drop(self.connection.take());
        Ok(())
    }
}
