//! Decorators of log and read models that a test makes fail in the middle of a request.

use crate::world::Client;
use async_trait::async_trait;
use domain::{
    access::Subject,
    id::{AccountId, ItemRef},
    position::Position,
    role::Permission,
    time::Time,
};
use eventlog::{Append, AppendError, Decorator, EventLog, LogError, fault_injection::FaultyLog};
use projections::{
    AccessAt, AccessPage, AsOf, AuditFilter, AuditRow, CatalogPage, CatalogQuery, Found, ItemRow,
    Listing, Model, Page, ProjectionStatus, Relation, ResourceQuery, RevokedAccess, ViewError,
    Views,
};
use std::{
    fmt,
    panic::resume_unwind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Words of a driver, which no client may see.
pub(crate) const DRIVER: &str = "connect to db.internal:5432 failed: password hunter2 (os error 7)";

/// What happens to appends.
#[derive(Clone, Default)]
pub(crate) enum Rig {
    /// They work.
    #[default]
    None,
    /// Nothing is stored, and nobody says so.
    Swallow,
    /// The record is stored, then the log is out of reach.
    CutOff,
    /// The record is stored and acknowledged, then the log is out of reach.
    ThenDown,
    /// Somebody else changes this item on another node just before.
    Rival(Client, String),
    /// The engine has a defect.
    Panic,
}

/// A log whose appends are rigged.
pub(crate) struct RiggedLog {
    faults: Arc<FaultyLog>,
    rig: Mutex<Rig>,
    appends: AtomicU64,
}

impl fmt::Debug for RiggedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RiggedLog").field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl RiggedLog {
    pub(crate) fn new(faults: Arc<FaultyLog>) -> Self {
        Self { faults, rig: Mutex::default(), appends: AtomicU64::new(0) }
    }

    /// From now on.
    pub(crate) fn set(&self, rig: Rig) {
        *self.rig.lock().unwrap() = rig;
        self.appends.store(0, Ordering::SeqCst);
    }

    /// How many appends were tried since it was rigged.
    pub(crate) fn appends(&self) -> u64 {
        self.appends.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Decorator for RiggedLog {
    fn within(&self) -> Result<&dyn EventLog, LogError> {
        Ok(self.faults.as_ref())
    }

    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        let rig = self.rig.lock().unwrap().clone();
        let number = self.appends.fetch_add(1, Ordering::SeqCst);
        let within = self.within()?;
        match rig {
            Rig::None => {}
            Rig::Swallow => return Err(AppendError::Unknown(DRIVER.to_owned())),
            Rig::CutOff => {
                within.try_append(append).await?;
                self.faults.set_down(true);
                return Err(AppendError::Unknown(DRIVER.to_owned()));
            }
            Rig::ThenDown => {
                let position = within.try_append(append).await?;
                self.faults.set_down(true);
                return Ok(position);
            }
            Rig::Rival(rival, path) => {
                let title = serde_json::json!({"title": format!("rival {number}")});
                rival.patch(&path, title).await.is(200);
            }
            Rig::Panic => resume_unwind(Box::new(DRIVER.to_owned())),
        }
        within.try_append(append).await
    }
}

/// What happens to questions.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// Each is answered so.
    Error(ViewError),
    /// The engine has a defect.
    Panic,
}

/// Read models that a test puts in trouble.
#[derive(Debug)]
pub(crate) struct RiggedViews {
    inner: Arc<dyn Views>,
    trouble: Mutex<Option<Trouble>>,
}

impl RiggedViews {
    pub(crate) fn new(inner: Arc<dyn Views>) -> Self {
        Self { inner, trouble: Mutex::default() }
    }

    /// From now on; `None` = they work again.
    pub(crate) fn set(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap() = trouble;
    }

    fn up(&self) -> Result<&dyn Views, ViewError> {
        let trouble = self.trouble.lock().unwrap().clone();
        match trouble {
            None => Ok(self.inner.as_ref()),
            Some(Trouble::Error(error)) => Err(error),
            Some(Trouble::Panic) => resume_unwind(Box::new(DRIVER.to_owned())),
        }
    }
}

#[async_trait]
impl Views for RiggedViews {
    async fn wait_for(
        &self,
        models: &[Model],
        position: Position,
        timeout: Duration,
    ) -> Result<Position, ViewError> {
        self.up()?.wait_for(models, position, timeout).await
    }

    async fn access_list(
        &self,
        item: &ItemRef,
        as_of: AsOf,
        now: Time,
        page: &Page,
    ) -> Result<AccessPage, ViewError> {
        self.up()?.access_list(item, as_of, now, page).await
    }

    async fn access_at(
        &self,
        item: &ItemRef,
        subject: &Subject,
        as_of: AsOf,
        now: Time,
    ) -> Result<AccessAt, ViewError> {
        self.up()?.access_at(item, subject, as_of, now).await
    }

    async fn revoked_access(
        &self,
        item: &ItemRef,
        subject: &Subject,
        permission: Permission,
        position: Position,
    ) -> Result<Option<RevokedAccess>, ViewError> {
        self.up()?.revoked_access(item, subject, permission, position).await
    }

    async fn resources(
        &self,
        query: &ResourceQuery,
        now: Time,
    ) -> Result<Listing<ItemRef>, ViewError> {
        self.up()?.resources(query, now).await
    }

    async fn items_of(
        &self,
        account: &AccountId,
        relation: Relation,
        now: Time,
        page: &Page,
    ) -> Result<Listing<ItemRow>, ViewError> {
        self.up()?.items_of(account, relation, now, page).await
    }

    async fn lookup(&self, refs: &[ItemRef]) -> Result<Found, ViewError> {
        self.up()?.lookup(refs).await
    }

    async fn catalog(&self, query: &CatalogQuery) -> Result<CatalogPage, ViewError> {
        self.up()?.catalog(query).await
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditRow>, ViewError> {
        self.up()?.audit(filter, page).await
    }

    async fn position_at(&self, time: Time) -> Result<Option<Position>, ViewError> {
        self.up()?.position_at(time).await
    }

    async fn statuses(&self, now: Time) -> Result<Vec<ProjectionStatus>, ViewError> {
        self.up()?.statuses(now).await
    }
}
