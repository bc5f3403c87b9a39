//! Creates, switches and removes generations in PostgreSQL, in short transactions that wait for
//! locks a bounded time.

use super::{PostgresOptions, cells, failed, views};
use crate::{
    store::{
        Control, Generation, StoreError,
        ddl::{self, Indexes},
        generation::belongs,
    },
    value::{Row, Value},
};
use async_trait::async_trait;
use deadpool_postgres::Object;
use domain::time::Time;
use tokio_postgres::types::ToSql;

/// A transaction. A connection that is not given back by a commit is closed.
pub(super) struct PostgresControl {
    client: Option<Object>,
    options: PostgresOptions,
}

impl PostgresControl {
    pub(super) async fn begin(
        client: Object,
        options: PostgresOptions,
    ) -> Result<Self, StoreError> {
        // What is changed here can be found out again from the log: no commit waits for the disk
        // while holding locks.
        let sql = format!(
            "BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL synchronous_commit = off; \
             SET LOCAL search_path TO {}",
            options.data()
        );
        let control = Self { client: Some(client), options };
        control.run(&sql).await?;
        Ok(control)
    }

    fn client(&self) -> Result<&Object, StoreError> {
        self.client
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("the transaction is over".to_owned()))
    }

    async fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.client()?.batch_execute(sql).await.map_err(|error| failed(&error))
    }
}

impl Drop for PostgresControl {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

fn references(parameters: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

#[async_trait]
impl Control for PostgresControl {
    fn schema(&self) -> String {
        format!("{}.", self.options.data())
    }

    fn lock(&self) -> &'static str {
        " FOR UPDATE"
    }

    async fn now(&mut self) -> Result<Time, StoreError> {
        let rows = self.query("SELECT clock_timestamp()", &[]).await?;
        let cell = rows.first().and_then(|row| row.first()).cloned().unwrap_or_default();
        cell.time().map_err(|error| StoreError::Refused(error.to_string()))
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = self.client()?.query(sql, &references(parameters)).await;
        rows.map_err(|error| failed(&error))?.iter().map(cells).collect()
    }

    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError> {
        let changed = self.client()?.execute(sql, &references(parameters)).await;
        changed.map_err(|error| failed(&error))
    }

    async fn create(&mut self, target: &Generation) -> Result<(), StoreError> {
        let mut all = ddl::POSTGRES.create_tables(target);
        all.push(ddl::index_statements(target, Indexes::UsedByRunner));
        self.run(&all.join(";\n")).await
    }

    async fn finish(&mut self, target: &Generation) -> Result<(), StoreError> {
        let mut all = vec![ddl::index_statements(target, Indexes::ForQuestions)];
        for (table, state) in target.tables() {
            all.push(format!("ANALYZE {}", target.table_name(table, state)));
        }
        self.run(&all.join(";\n")).await
    }

    async fn clear(&mut self, prefix: &str) -> Result<bool, StoreError> {
        let schema = Value::from(self.options.data_schema.as_str());
        let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = $1";
        let rows = self.query(sql, &[schema]).await?;
        let names = rows.iter().filter_map(|row| row.first()?.text().ok());
        let names: Vec<&str> = names.filter(|name| belongs(name, prefix)).collect();
        if !names.is_empty() {
            self.run(&format!("DROP TABLE {}", names.join(", "))).await?;
        }
        Ok(true)
    }

    async fn point_views(&mut self, target: &Generation) -> Result<(), StoreError> {
        match views::pointing(&self.options, target) {
            Some(sql) => self.run(&sql).await,
            None => Ok(()),
        }
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.run("COMMIT").await?;
        // Only now may the connection serve others.
        drop(self.client.take());
        Ok(())
    }
}
