//! A snapshot of a SQLite file: a read transaction on a connection of the pool.

use super::query;
use crate::{
    store::{Digest, ReadTransaction, StoreError},
    value::{Row, Value},
};
use async_trait::async_trait;
use eventlog::sqlite_file::{self, Reader};
use rusqlite::{Connection, types::ValueRef};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

pub(super) struct SqliteRead {
    reader: Option<Reader>,
}

impl SqliteRead {
    pub(super) async fn begin(reader: Reader) -> Result<Self, StoreError> {
        let mut snapshot = Self { reader: Some(reader) };
        snapshot.with(|connection| connection.execute_batch("BEGIN")).await?;
        Ok(snapshot)
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(sqlite_file::with(&mut self.reader, work).await?)
    }
}

#[async_trait]
impl ReadTransaction for SqliteRead {
    fn schema(&self) -> String {
        String::new()
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let (sql, parameters) = (sql.to_owned(), parameters.to_vec());
        self.with(move |connection| query(connection, &sql, &parameters)).await
    }

    async fn digest(&mut self, table: &str) -> Result<Digest, StoreError> {
        let sql = format!("SELECT * FROM {table}");
        self.with(move |connection| digest(connection, &sql)).await
    }

    async fn end(mut self: Box<Self>) -> Result<(), StoreError> {
        self.with(|connection| connection.execute_batch("COMMIT")).await?;
        if let Some(reader) = self.reader.take() {
            reader.give_back();
        }
        Ok(())
    }
}

/// Rows are hashed here, one by one: SQLite has no function for it.
fn digest(connection: &Connection, sql: &str) -> Result<Digest, rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let (mut count, mut sum) = (0_u64, 0_u64);
    while let Some(row) = rows.next()? {
        let mut hasher = DefaultHasher::new();
        for place in 0..width {
            match row.get_ref(place)? {
                ValueRef::Null => 0_u8.hash(&mut hasher),
                ValueRef::Integer(number) => (1_u8, number).hash(&mut hasher),
                ValueRef::Real(number) => (2_u8, number.to_bits()).hash(&mut hasher),
                ValueRef::Text(bytes) => (3_u8, bytes).hash(&mut hasher),
                ValueRef::Blob(bytes) => (4_u8, bytes).hash(&mut hasher),
            }
        }
        count += 1;
        sum = sum.wrapping_add(hasher.finish());
    }
    Ok(Digest { rows: count, sum: sum.to_string() })
}
