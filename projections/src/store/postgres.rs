//! Read models in PostgreSQL.

use super::{Database, Store, StoreError};
use deadpool_postgres::Pool;
use std::sync::Arc;

/// Names that can be chosen, so that several deployments share one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Schema of our tables.
    pub data_schema: String,
    /// Schema of the views for dashboards.
    pub views_schema: String,
    /// Role that may read the views and nothing else.
    pub reader_role: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            data_schema: "sharelog_data".to_owned(),
            views_schema: "sharelog".to_owned(),
            reader_role: "sharelog_reader".to_owned(),
        }
    }
}

#[derive(Debug)]
struct PostgresStore {
    _pool: Pool,
    _options: PostgresOptions,
}

impl Store for PostgresStore {}

/// Opens the database; creates or migrates tables and views.
pub async fn open(pool: Pool, options: PostgresOptions) -> Result<Database, StoreError> {
    Ok(Arc::new(PostgresStore { _pool: pool, _options: options }))
}
