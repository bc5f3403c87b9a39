//! The questions of the read side, and their answers.
//!
//! Every answer names the position that it was evaluated at; checkpoint and rows are read in one
//! snapshot.

mod rows;
pub(crate) mod sql;
pub(crate) mod stored_item;

pub use rows::*;

use crate::{PROJECTIONS, cursor::CursorMismatch};
use async_trait::async_trait;
use domain::{
    access::Subject,
    id::{AccountId, ItemRef, KindName},
    position::Position,
    role::Permission,
    time::Time,
};
use std::{fmt, sync::LazyLock, time::Duration};

/// A read model that is asked, by the name of its projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model(&'static str);

impl Model {
    /// Items, grants, links, visibility, accounts: everything that an access question reads.
    pub const ACCESS: Self = Self("access");
    /// Published items.
    pub const CATALOG: Self = Self("catalog");
    /// Every event.
    pub const AUDIT: Self = Self("audit");

    /// The models of all projections, in the order of their list.
    pub fn all() -> &'static [Self] {
        static ALL: LazyLock<Vec<Model>> = LazyLock::new(|| {
            PROJECTIONS.iter().map(|projection| Model(projection.name())).collect()
        });
        &ALL
    }

    /// The projection's name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The database does not answer, or holds tables of another release.
    #[error("the read models cannot be read: {0}")]
    Unavailable(String),
    /// The position asked for was not reached in time.
    #[error("the read models have come to position {position} only")]
    NotYet {
        /// How far they have come.
        position: Position,
    },
    /// A projection has stopped and will not go on by itself.
    #[error("projection `{projection}` has stopped at position {position}: {why}")]
    Stopped {
        /// Which.
        projection: String,
        /// The last position it knows.
        position: Position,
        /// Why.
        why: String,
    },
    /// Somebody has paused a projection; it stands until it is resumed.
    #[error("projection `{projection}` is paused since {since} and stands at position {position}")]
    Paused {
        /// Which.
        projection: String,
        /// The last position it knows.
        position: Position,
        /// Since when.
        since: Time,
    },
    /// The cursor belongs to another list, filter or order, or is none of ours.
    #[error("{CursorMismatch}")]
    Cursor,
    /// The requested position lies beyond what is known.
    #[error("position {asked} lies beyond {position}, the last one known")]
    Future {
        /// Asked about.
        asked: Position,
        /// The last one known.
        position: Position,
    },
}

impl From<CursorMismatch> for ViewError {
    fn from(_: CursorMismatch) -> Self {
        Self::Cursor
    }
}

/// The moment an access question is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The last known position, windows at the caller's time.
    #[default]
    Now,
    /// The last position with effective time at or before this one, windows at this time.
    Time(Time),
    /// This position, windows at its effective time.
    Position(Position),
}

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub limit: u32,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// Count all rows too.
    pub count: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 50, after: None, count: false }
    }
}

/// Which items somebody could do something with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceQuery {
    /// Who. What a link gives does not count.
    pub subject: Subject,
    /// Items of this kind.
    pub kind: KindName,
    /// What.
    pub permission: Permission,
    /// When.
    pub as_of: AsOf,
    /// Which part; rows are not counted.
    pub page: Page,
}

/// How an account and its items belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// It owns them.
    Owned,
    /// It has an open grant on them, inside its window.
    SharedWith,
    /// It owns them and there is an open grant, link, publication or wider visibility.
    SharedBy,
}

/// Who looks at the catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Viewer {
    /// Not signed in: entries for anyone.
    #[default]
    Anonymous,
    /// An account: those and the internal ones, and its own.
    Account(AccountId),
    /// An administrator or auditor: all entries.
    Everything,
}

/// What the catalog is sorted by. Ties are broken by kind and id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SortField {
    /// How well it fits the words; featured and newer ones first among equals.
    Relevance,
    /// Title, lower-cased.
    Title,
    /// When it was published.
    #[default]
    PublishedAt,
    /// When it was last changed.
    UpdatedAt,
    /// The owner's account id.
    Owner,
}

/// A sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub field: SortField,
    /// The largest first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { field: SortField::PublishedAt, descending: true }
    }
}

/// What is looked for in the catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogQuery {
    /// Words, all of which must occur (the last one may be a beginning) in title, tags or
    /// description.
    pub words: Option<String>,
    /// Of this kind.
    pub kind: Option<KindName>,
    /// With this tag (compared lower-cased).
    pub tag: Option<String>,
    /// Of this owner.
    pub owner: Option<AccountId>,
    /// Published at or after.
    pub published_from: Option<Time>,
    /// Published before.
    pub published_to: Option<Time>,
    /// In which order.
    pub sort: Sort,
    /// Who looks.
    pub viewer: Viewer,
    /// Count kinds and tags too.
    pub facets: bool,
    /// Which part.
    pub page: Page,
}

/// Which order of the audit trail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AuditOrder {
    /// The last event first.
    #[default]
    NewestFirst,
    /// The first event first (exports).
    OldestFirst,
}

/// Which events of the audit trail. All conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// About this item.
    pub item: Option<ItemRef>,
    /// By or about this account.
    pub account: Option<AccountId>,
    /// By this account.
    pub actor: Option<AccountId>,
    /// Of these stored names; empty = all. A name ending in `.` is a beginning (`grant.`).
    pub types: Vec<String>,
    /// At or after this position.
    pub from_position: Option<Position>,
    /// At or before this position.
    pub to_position: Option<Position>,
    /// At or after this time.
    pub from_time: Option<Time>,
    /// Before this time.
    pub to_time: Option<Time>,
    /// In which order.
    pub order: AuditOrder,
}

/// The questions. `Arc<dyn Views>` is what the edge holds.
#[async_trait]
pub trait Views: Send + Sync + fmt::Debug {
    /// Waits until all these models have come to a position; answers the least position reached.
    async fn wait_for(
        &self,
        models: &[Model],
        position: Position,
        timeout: Duration,
    ) -> Result<Position, ViewError>;

    /// Who has access to an item: a row per principal, ordered by principal (owner, accounts,
    /// groups, links, anonymous).
    async fn access_list(
        &self,
        item: &ItemRef,
        as_of: AsOf,
        now: Time,
        page: &Page,
    ) -> Result<AccessPage, ViewError>;

    /// What one principal had of an item at a moment.
    async fn access_at(
        &self,
        item: &ItemRef,
        subject: &Subject,
        as_of: AsOf,
        now: Time,
    ) -> Result<AccessAt, ViewError>;

    /// What gave one principal a permission on an item and had ended at a position, whatever it was
    /// that ended it; of several the one that ended last.
    async fn revoked_access(
        &self,
        item: &ItemRef,
        subject: &Subject,
        permission: Permission,
        position: Position,
    ) -> Result<Option<RevokedAccess>, ViewError>;

    /// With which items one principal could do something at a moment by a way of its own (owner,
    /// grants), ordered by id. Items that were open to any account or to anyone are not listed for
    /// that alone.
    async fn resources(
        &self,
        query: &ResourceQuery,
        now: Time,
    ) -> Result<Listing<ItemRef>, ViewError>;

    /// The items of an account, ordered by kind and id.
    async fn items_of(
        &self,
        account: &AccountId,
        relation: Relation,
        now: Time,
        page: &Page,
    ) -> Result<Listing<ItemRow>, ViewError>;

    /// Items by name, in the order asked; `None` = never registered.
    async fn lookup(&self, refs: &[ItemRef]) -> Result<Found, ViewError>;

    /// Published items.
    async fn catalog(&self, query: &CatalogQuery) -> Result<CatalogPage, ViewError>;

    /// Recorded events.
    async fn audit(
        &self,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditRow>, ViewError>;

    /// The last position with an effective time at or before this one; `None` = the log began
    /// later.
    async fn position_at(&self, time: Time) -> Result<Option<Position>, ViewError>;

    /// How far each projection has come.
    async fn statuses(&self, now: Time) -> Result<Vec<ProjectionStatus>, ViewError>;
}
