//! How is one moment of a SQLite file read? A read transaction on a connection of the pool.

use super::{Readers, blocking, failed, query};
use crate::{
    store::{Snapshot, StoreError},
    value::{Row, Value},
};
use async_trait::async_trait;
use rusqlite::Connection;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

pub(super) struct SqliteSnapshot {
    connection: Option<Connection>,
    _place: OwnedSemaphorePermit,
    readers: Arc<Readers>,
}

impl SqliteSnapshot {
    pub(super) async fn begin(
        connection: Connection,
        place: OwnedSemaphorePermit,
        readers: Arc<Readers>,
    ) -> Result<Self, StoreError> {
        let mut snapshot = Self { connection: Some(connection), _place: place, readers };
        snapshot.with(|connection| connection.execute_batch("BEGIN")).await?;
        Ok(snapshot)
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = self
            .connection
            .take()
            .ok_or_else(|| StoreError::Unavailable("the snapshot is over".to_owned()))?;
        let (connection, answer) = blocking(move || {
            let answer = work(&connection).map_err(|error| failed(&error));
            Ok((connection, answer))
        })
        .await?;
        self.connection = Some(connection);
        answer
    }
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    fn prefix(&self, projection: &str, version: u32) -> String {
        format!("{projection}_v{version}_")
    }

    fn schema(&self) -> String {
        String::new()
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let (sql, parameters) = (sql.to_owned(), parameters.to_vec());
        self.with(move |connection| query(connection, &sql, &parameters)).await
    }

    async fn end(mut self: Box<Self>) -> Result<(), StoreError> {
        self.with(|connection| connection.execute_batch("COMMIT")).await?;
        self.readers.idle.lock().extend(self.connection.take());
        Ok(())
    }
}
