//! How are the questions answered from SQL tables?

use super::*;
use crate::store::Database;
use eventlog::SharedLog;

/// The questions over either engine.
#[derive(Debug)]
pub(crate) struct SqlViews {
    database: Database,
    log: Option<SharedLog>,
}

impl SqlViews {
    pub(crate) fn new(database: Database, log: Option<SharedLog>) -> Self {
        Self { database, log }
    }
}

fn later<T>(views: &SqlViews) -> Result<T, ViewError> {
    let _ = (&views.database, &views.log);
    Err(ViewError::Unavailable("not yet".to_owned()))
}

#[async_trait]
impl Views for SqlViews {
    async fn wait_for(&self, _: &[Model], _: Position, _: Duration) -> Result<Position, ViewError> {
        later(self)
    }
    async fn access_list(
        &self,
        _: &ItemRef,
        _: AsOf,
        _: Time,
        _: &Page,
    ) -> Result<AccessPage, ViewError> {
        later(self)
    }
    async fn items_of(
        &self,
        _: &AccountId,
        _: Relation,
        _: Time,
        _: &Page,
    ) -> Result<Listing<ItemRow>, ViewError> {
        later(self)
    }
    async fn lookup(&self, _: &[ItemRef]) -> Result<Found, ViewError> {
        later(self)
    }
    async fn catalog(&self, _: &CatalogQuery) -> Result<CatalogPage, ViewError> {
        later(self)
    }
    async fn audit(&self, _: &AuditFilter, _: &Page) -> Result<Listing<AuditRow>, ViewError> {
        later(self)
    }
    async fn position_at(&self, _: Time) -> Result<Option<Position>, ViewError> {
        later(self)
    }
    async fn statuses(&self, _: Time) -> Result<Vec<ProjectionStatus>, ViewError> {
        later(self)
    }
}
