//! Writes a batch to PostgreSQL: whole columns as arrays, one statement per touched table.

use super::{PostgresOptions, batch_start, failed, number};
use crate::{
    store::{Batch, BatchStart, Generation, Progress, StoreError, ddl::postgres_type},
    table::{RowState, Shape, Table},
    value::{Row, Value},
};
use async_trait::async_trait;
use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// An open transaction. A connection that is not given back by [`Batch::commit`] is closed.
pub(super) struct PostgresBatch {
    client: Option<Object>,
    schema: String,
    prefix: String,
    name: Value,
    version: Value,
    generation: Value,
    start: BatchStart,
}

fn over() -> StoreError {
    StoreError::Unavailable("the transaction is over".to_owned())
}

/// `unnest($1::text[], …) AS k(c0, …)` over these columns.
fn arrays(table: &Table, columns: &[&str]) -> String {
    let list: Vec<String> = (1..)
        .zip(columns)
        .map(|(place, name)| format!("${place}::{}[]", postgres_type(table.kind_of(name))))
        .collect();
    format!("unnest({})", list.join(", "))
}

fn joined(columns: &[&str]) -> String {
    let pairs: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, name)| format!("t.{} = k.c{place}", PostgresOptions::quoted(name)))
        .collect();
    pairs.join(" AND ")
}

fn aliases(columns: &[&str]) -> String {
    (0..columns.len()).map(|place| format!("c{place}")).collect::<Vec<_>>().join(", ")
}

fn list(columns: &[&str], before: &str) -> String {
    let quoted: Vec<String> =
        columns.iter().map(|name| format!("{before}{}", PostgresOptions::quoted(name))).collect();
    quoted.join(", ")
}

/// The rows' cells, column by column.
fn turned(rows: Vec<Row>, width: usize) -> Vec<Vec<Value>> {
    let mut columns: Vec<Vec<Value>> = (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        let mut cells = row.into_iter();
        for column in &mut columns {
            column.push(cells.next().unwrap_or_default());
        }
    }
    columns
}

fn references(columns: &[Vec<Value>]) -> Vec<&(dyn ToSql + Sync)> {
    columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect()
}

impl PostgresBatch {
    pub(super) async fn begin(
        client: Object,
        schema: String,
        target: &Generation,
    ) -> Result<Self, StoreError> {
        let mut batch = Self {
            client: Some(client),
            prefix: format!("{schema}.{}", target.prefix()),
            schema,
            name: target.name().into(),
            version: number(u64::from(target.projection.version())),
            generation: number(u64::from(target.generation)),
            start: BatchStart::default(),
        };
        let sql = format!(
            "SELECT log, position, time, live, EXISTS (SELECT FROM {0}.controls c \
             WHERE c.projection = p.projection AND c.paused_at IS NOT NULL) \
             FROM {0}.progress p \
             WHERE projection = $1 AND version = $2 AND generation = $3 FOR UPDATE",
            batch.schema
        );
        let client = batch.client()?;
        client.batch_execute("BEGIN").await.map_err(|error| failed(&error))?;
        let statement = client.prepare_cached(&sql).await.map_err(|error| failed(&error))?;
        let row = client
            .query_opt(&statement, &[&batch.name, &batch.version, &batch.generation])
            .await
            .map_err(|error| failed(&error))?;
        let gone = || StoreError::Unavailable("the generation is gone".to_owned());
        batch.start = batch_start(&row.ok_or_else(gone)?)?;
        Ok(batch)
    }

    fn client(&self) -> Result<&Object, StoreError> {
        self.client.as_ref().ok_or_else(over)
    }

    fn table(&self, table: &Table, side: RowState) -> String {
        format!("{}{}{}", self.prefix, table.name, side.suffix())
    }

    async fn execute(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(|error| failed(&error))?;
        client.execute(&statement, parameters).await.map_err(|error| failed(&error))
    }
}

impl Drop for PostgresBatch {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

#[async_trait]
impl Batch for PostgresBatch {
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
            "SELECT {} FROM {} t JOIN {} AS k({}) ON {}",
            list(&table.column_names(side), "t."),
            self.table(table, side),
            arrays(table, columns),
            aliases(columns),
            joined(columns),
        );
        let keys = turned(keys, columns.len());
        let client = self.client()?;
        let statement = client.prepare_cached(&sql).await.map_err(|error| failed(&error))?;
        let rows =
            client.query(&statement, &references(&keys)).await.map_err(|error| failed(&error))?;
        rows.iter().map(super::cells).collect()
    }

    async fn remove(&mut self, table: &'static Table, keys: Vec<Row>) -> Result<(), StoreError> {
        let columns = table.key_names();
        let sql = format!(
            "DELETE FROM {} t USING {} AS k({}) WHERE {}",
            self.table(table, RowState::Open),
            arrays(table, &columns),
            aliases(&columns),
            joined(&columns),
        );
        let keys = turned(keys, columns.len());
        self.execute(&sql, &references(&keys)).await?;
        Ok(())
    }

    async fn put(
        &mut self,
        table: &'static Table,
        side: RowState,
        rows: Vec<Row>,
    ) -> Result<(), StoreError> {
        let columns = table.column_names(side);
        let sql = put_sql(table, side, &self.table(table, side));
        let cells = turned(rows, columns.len());
        self.execute(&sql, &references(&cells)).await?;
        Ok(())
    }

    async fn erase(&mut self, table: &'static Table, keys: &[Uuid]) -> Result<(), StoreError> {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        for side in table.states() {
            for (text, key) in table.texts {
                let table = self.table(table, *side);
                let sql = format!("UPDATE {table} SET {text} = NULL WHERE {key} = ANY($1)");
                self.execute(&sql, &[&keys]).await?;
            }
        }
        Ok(())
    }

    async fn leave(mut self: Box<Self>) -> Result<(), StoreError> {
        self.client()?.batch_execute("ROLLBACK").await.map_err(|error| failed(&error))?;
        drop(self.client.take());
        Ok(())
    }

    async fn commit(mut self: Box<Self>, to: &Progress) -> Result<(), StoreError> {
        let sql = format!(
            "UPDATE {}.progress SET log = $4, position = $5, time = $6, updated_at = now(), \
             stopped_position = NULL, stopped_why = NULL \
             WHERE projection = $1 AND version = $2 AND generation = $7 AND position = $3",
            self.schema
        );
        let log = Value::from(to.log.map(|log| log.to_string()));
        let before = Value::from(self.start.progress.position);
        let (position, time) = (Value::from(to.position), Value::from(to.time));
        let parameters: [&(dyn ToSql + Sync); 7] =
            [&self.name, &self.version, &before, &log, &position, &time, &self.generation];
        if self.execute(&sql, &parameters).await? != 1 {
            return Err(StoreError::Unavailable("the checkpoint moved meanwhile".to_owned()));
        }
        self.client()?.batch_execute("COMMIT").await.map_err(|error| failed(&error))?;
        // Only now may the connection serve others.
        drop(self.client.take());
        Ok(())
    }
}

/// Inserts rows given as arrays; open and plain rows replace those with their key.
pub(crate) fn put_sql(table: &Table, side: RowState, full: &str) -> String {
    let columns = table.column_names(side);
    let mut sql = format!(
        "INSERT INTO {full} ({}) SELECT * FROM {}",
        list(&columns, ""),
        arrays(table, &columns)
    );
    if side == RowState::Open && table.shape != Shape::Journal {
        let (key, rest) = columns.split_at(table.key.min(columns.len()));
        let sets: Vec<String> = rest
            .iter()
            .map(|name| {
                let name = PostgresOptions::quoted(name);
                format!("{name} = excluded.{name}")
            })
            .collect();
        sql = format!("{sql} ON CONFLICT ({}) DO UPDATE SET {}", list(key, ""), sets.join(", "));
    }
    sql
}
