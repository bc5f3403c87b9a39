//! A snapshot of PostgreSQL: a read-only transaction at repeatable read.

use super::{cells, failed};
use crate::{
    store::{Digest, ReadTransaction, StoreError},
    value::{CellError, Row, Value},
};
use async_trait::async_trait;
use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;

/// A read transaction. It is ended when the next user begins on the connection, or dropped with it.
pub(super) struct PostgresRead {
    client: Option<Object>,
    schema: String,
}

impl PostgresRead {
    pub(super) async fn begin(client: Object, schema: String) -> Result<Self, StoreError> {
        let snapshot = Self { client: Some(client), schema };
        if let Some(client) = &snapshot.client {
            client
                .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
                .map_err(|error| failed(&error))?;
        }
        Ok(snapshot)
    }
}

impl Drop for PostgresRead {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

#[async_trait]
impl ReadTransaction for PostgresRead {
    fn schema(&self) -> String {
        format!("{}.", self.schema)
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let client = self
            .client
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("the snapshot is over".to_owned()))?;
        let statement = client.prepare_cached(sql).await.map_err(|error| failed(&error))?;
        let parameters: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = client.query(&statement, &parameters).await.map_err(|error| failed(&error))?;
        rows.iter().map(cells).collect()
    }

    async fn digest(&mut self, table: &str) -> Result<Digest, StoreError> {
        let sql = format!(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {table} t"
        );
        let rows = self.query(&sql, &[]).await?;
        let Some([rows, sum]) = rows.first().map(Vec::as_slice) else {
            return Err(StoreError::Refused("a digest lacks columns".to_owned()));
        };
        let wrong = |error: CellError| StoreError::Refused(error.to_string());
        let sum = sum.text().map_err(wrong)?.to_owned();
        Ok(Digest { rows: rows.count().map_err(wrong)?, sum })
    }

    async fn end(mut self: Box<Self>) -> Result<(), StoreError> {
        if let Some(client) = &self.client {
            client.batch_execute("COMMIT").await.map_err(|error| failed(&error))?;
        }
        drop(self.client.take());
        Ok(())
    }
}
