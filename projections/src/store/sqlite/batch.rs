//! Writes a batch to SQLite: prepared statements, row by row, in one immediate transaction.

use super::{BATCH_START, Writing, batch_start, fresh, named, query};
use crate::{
    store::{Batch, BatchStart, Generation, Progress, StoreError},
    table::{RowState, Shape, Table},
    value::{Row, Value},
};
use async_trait::async_trait;
use eventlog::sqlite_file;
use rusqlite::{Connection, params_from_iter};
use uuid::Uuid;

/// An open transaction on the one writing connection.
pub(super) struct SqliteBatch {
    connection: Option<Writing>,
    prefix: String,
    named: [Value; 3],
    start: BatchStart,
    erased: bool,
}

impl SqliteBatch {
    pub(super) async fn begin(
        connection: Writing,
        target: &Generation,
    ) -> Result<Self, StoreError> {
        let named = named(target);
        let mut batch = Self {
            connection: Some(connection),
            prefix: target.prefix(),
            named: named.clone(),
            start: BatchStart::default(),
            erased: false,
        };
        let found = batch
            .with(move |connection| {
                fresh(connection)?;
                connection.execute_batch("BEGIN IMMEDIATE")?;
                query(connection, BATCH_START, &named)
            })
            .await?;
        batch.start = batch_start(&found)?
            .ok_or_else(|| StoreError::Unavailable("the generation is gone".to_owned()))?;
        Ok(batch)
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(sqlite_file::with(&mut self.connection, work).await?)
    }

    fn table(&self, table: &Table, side: RowState) -> String {
        format!("{}{}{}", self.prefix, table.name, side.suffix())
    }

    /// Runs one statement for each row.
    async fn each(&mut self, sql: String, rows: Vec<Row>) -> Result<(), StoreError> {
        self.with(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            for row in &rows {
                statement.execute(params_from_iter(row))?;
            }
            Ok(())
        })
        .await
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn conditions(names: &[&str]) -> String {
    let each = (1..).zip(names).map(|(place, name)| format!("\"{name}\" = ?{place}"));
    each.collect::<Vec<_>>().join(" AND ")
}

#[async_trait]
impl Batch for SqliteBatch {
    fn start(&self) -> &BatchStart {
        &self.start
    }

    async fn load(
        &mut self,
        table: &'static Table,
        side: RowState,
        columns: &[&str],
        keys: Vec<Row>,
    ) -> Result<Vec<Row>, StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE {}",
            list(&table.column_names(side)),
            self.table(table, side),
            conditions(columns)
        );
        self.with(move |connection| {
            let mut found = Vec::new();
            for key in &keys {
                found.extend(query(connection, &sql, key)?);
            }
            Ok(found)
        })
        .await
    }

    async fn remove(&mut self, table: &'static Table, keys: Vec<Row>) -> Result<(), StoreError> {
        let columns = table.key_names();
        let table = self.table(table, RowState::Open);
        self.each(format!("DELETE FROM {table} WHERE {}", conditions(&columns)), keys).await
    }

    async fn put(
        &mut self,
        table: &'static Table,
        side: RowState,
        rows: Vec<Row>,
    ) -> Result<(), StoreError> {
        let columns = table.column_names(side);
        let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        let replaces = side == RowState::Open && table.shape != Shape::Journal;
        let sql = format!(
            "INSERT {}INTO {} ({}) VALUES ({})",
            if replaces { "OR REPLACE " } else { "" },
            self.table(table, side),
            list(&columns),
            places.join(", ")
        );
        self.each(sql, rows).await
    }

    async fn erase(&mut self, table: &'static Table, keys: &[Uuid]) -> Result<(), StoreError> {
        let keys: Vec<Row> = keys.iter().map(|key| vec![key.to_string().into()]).collect();
        for side in table.states() {
            for (text, key) in table.texts {
                let table = self.table(table, *side);
                let sql = format!("UPDATE {table} SET {text} = NULL WHERE {key} = ?1");
                self.each(sql, keys.clone()).await?;
            }
        }
        self.erased = true;
        Ok(())
    }

    async fn leave(self: Box<Self>) -> Result<(), StoreError> {
        drop(self);
        Ok(())
    }

    async fn commit(mut self: Box<Self>, to: &Progress) -> Result<(), StoreError> {
        let [name, version, generation] = self.named.clone();
        let row = vec![
            name,
            version,
            self.start.progress.position.into(),
            to.log.map(|log| log.to_string()).into(),
            to.position.into(),
            to.time.into(),
            generation,
        ];
        let erased = self.erased;
        let sql = "UPDATE progress SET log = ?4, position = ?5, time = ?6, \
                   updated_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER), \
                   stopped_position = NULL, stopped_why = NULL \
                   WHERE projection = ?1 AND version = ?2 AND generation = ?7 AND position = ?3";
        let moved = self.with(move |connection| {
            let moved = connection.prepare_cached(sql)?.execute(params_from_iter(&row))?;
            if moved == 1 {
                connection.execute_batch("COMMIT")?;
            }
            if erased {
                // What was erased stands in the write-ahead log until it is emptied.
                let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                connection.query_row(sql, [], |row| row.get::<_, i64>(0))?;
            }
            Ok(moved)
        });
        if moved.await? != 1 {
            return Err(StoreError::Unavailable("the checkpoint moved meanwhile".to_owned()));
        }
        drop(self.connection.take());
        Ok(())
    }
}
