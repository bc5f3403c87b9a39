//! Answers the questions from SQL tables. One text for both engines wherever they agree.
//!
//! In the texts `@` stands before the name of a table of the projection, whose live version is read
//! in the same snapshot as the rows.

mod access;
mod access_at;
mod audit;
mod catalog;
mod item_facts;
mod items;
mod moment;
mod progress;
mod resources;
mod revoked_access;

use crate::{
    AccessAt, AccessPage, AsOf, AuditFilter, AuditRow, CatalogPage, CatalogQuery, Found, ItemRow,
    Listing, Model, PROJECTIONS, Page, ProjectionStatus, Relation, ResourceQuery, RevokedAccess,
    ViewError, Views,
    store::{Database, ReadTransaction, StoreError},
    value::{CellError, Row, Value},
};
use async_trait::async_trait;
use domain::{
    access::Subject,
    id::{AccountId, ItemRef},
    position::Position,
    role::Permission,
    time::Time,
};
use eventlog::SharedLog;
use progress::ProgressWatch;
use std::{sync::Arc, time::Duration};

/// The questions over either engine.
#[derive(Debug)]
pub(crate) struct SqlViews {
    database: Database,
    log: Option<SharedLog>,
    progress: Arc<ProgressWatch>,
}

impl From<StoreError> for ViewError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<CellError> for ViewError {
    fn from(error: CellError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// One moment of one projection's tables.
struct ModelReader {
    snapshot: Box<dyn ReadTransaction>,
    prefix: String,
    /// The last position applied.
    position: Position,
}

impl SqlViews {
    pub(crate) fn new(database: Database, log: Option<SharedLog>) -> Self {
        Self { database, log, progress: Arc::default() }
    }

    /// Begins to read a model: its live version and checkpoint, in the snapshot of all that
    /// follows.
    async fn read(&self, model: Model) -> Result<ModelReader, ViewError> {
        let mut snapshot = self.database.snapshot().await?;
        let name = model.name();
        let sql = format!(
            "SELECT version, position, generation FROM {}progress \
             WHERE projection = $1 AND live",
            snapshot.schema()
        );
        let rows = snapshot.query(&sql, &[name.into()]).await?;
        let Some([version, position, generation]) = rows.first().map(Vec::as_slice) else {
            return Err(ViewError::Unavailable(format!("`{name}` has no tables yet")));
        };
        let (version, position) = (version.small()?, position.position()?);
        if known_version(model) != Some(version) {
            return Err(ViewError::Unavailable(format!(
                "the tables of `{name}` have version {version}, which this release does not know"
            )));
        }
        let prefix = snapshot.prefix(name, version, generation.small()?);
        Ok(ModelReader { snapshot, prefix, position })
    }
}

/// The version of a model that this release knows.
fn known_version(model: Model) -> Option<u32> {
    let projection = PROJECTIONS.iter().find(|projection| projection.name() == model.name());
    projection.map(|projection| projection.version())
}

impl ModelReader {
    /// Rows of a query with `@` before the names of the projection's tables.
    async fn rows(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, ViewError> {
        Ok(self.snapshot.query(&sql.replace('@', &self.prefix), parameters).await?)
    }

    /// The number that a query answers.
    async fn count(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, ViewError> {
        let rows = self.rows(sql, parameters).await?;
        Ok(rows.first().map_or(Ok(0), |row| cell(row, 0).count())?)
    }

    async fn end(self) -> Result<(), ViewError> {
        Ok(self.snapshot.end().await?)
    }
}

/// A query under construction: text and the parameters it names.
#[derive(Debug, Clone, Default)]
struct Sql {
    parameters: Vec<Value>,
    conditions: Vec<String>,
}

impl Sql {
    /// Adds a parameter; answers how the text names it.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("${}", self.parameters.len())
    }
    /// Adds a condition.
    fn and_where(&mut self, condition: String) {
        self.conditions.push(condition);
    }
    /// All conditions.
    fn where_clause(&self) -> String {
        if self.conditions.is_empty() { "true".to_owned() } else { self.conditions.join(" AND ") }
    }
}

/// A cell; one beyond the row is null, which its reading refuses.
fn cell(row: &Row, place: usize) -> &Value {
    static NOTHING: Value = Value::Null;
    row.get(place).unwrap_or(&NOTHING)
}

/// One row more than asked was read: is there a next page, and from which row on?
fn page<T>(mut rows: Vec<T>, limit: u32) -> (Vec<T>, bool) {
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

/// So many rows must be read to know whether there is a next page.
fn one_more(limit: u32) -> Value {
    Value::Int(i64::from(limit.max(1)) + 1)
}

#[async_trait]
impl Views for SqlViews {
    async fn wait_for(
        &self,
        models: &[Model],
        position: Position,
        timeout: Duration,
    ) -> Result<Position, ViewError> {
        self.wait(models, position, timeout).await
    }
    async fn access_list(
        &self,
        item: &ItemRef,
        as_of: AsOf,
        now: Time,
        page: &Page,
    ) -> Result<AccessPage, ViewError> {
        self.list_access(item, as_of, now, page).await
    }
    async fn access_at(
        &self,
        item: &ItemRef,
        subject: &Subject,
        as_of: AsOf,
        now: Time,
    ) -> Result<AccessAt, ViewError> {
        self.read_access_at(item, subject, as_of, now).await
    }
    async fn revoked_access(
        &self,
        item: &ItemRef,
        subject: &Subject,
        permission: Permission,
        position: Position,
    ) -> Result<Option<RevokedAccess>, ViewError> {
        self.last_revoked(item, subject, permission, position).await
    }
    async fn resources(
        &self,
        query: &ResourceQuery,
        now: Time,
    ) -> Result<Listing<ItemRef>, ViewError> {
        self.list_resources(query, now).await
    }
    async fn items_of(
        &self,
        account: &AccountId,
        relation: Relation,
        now: Time,
        page: &Page,
    ) -> Result<Listing<ItemRow>, ViewError> {
        self.list_items(account, relation, now, page).await
    }
    async fn lookup(&self, refs: &[ItemRef]) -> Result<Found, ViewError> {
        self.find_items(refs).await
    }
    async fn catalog(&self, query: &CatalogQuery) -> Result<CatalogPage, ViewError> {
        self.search(query).await
    }
    async fn audit(
        &self,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditRow>, ViewError> {
        self.trail(filter, page).await
    }
    async fn position_at(&self, time: Time) -> Result<Option<Position>, ViewError> {
        let mut reader = self.read(Model::ACCESS).await?;
        let position = reader.position_at(time).await?;
        reader.end().await?;
        Ok(position)
    }
    async fn statuses(&self, now: Time) -> Result<Vec<ProjectionStatus>, ViewError> {
        self.all_statuses(now).await
    }
}
