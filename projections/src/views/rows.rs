//! The rows of each answer.

use super::stored_item::StoredItem;
use crate::Build;
use domain::{
    access::{
        AccessPath, DenialReason, PathKinds, Subject, denial_reason, describe_paths, permissions,
        permitting_kinds,
    },
    event::{CatalogAudience, Visibility},
    id::{AccountId, CommandId, GroupId, ItemRef, TokenId},
    lifecycle::Lifecycle,
    position::{EventId, Position},
    principal::Principal,
    role::{Permission, Permissions, Role},
    time::Time,
};
use serde_json::Value;

/// How many rows a list has in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub value: u64,
    /// `false` = at least so many.
    pub exact: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// The cursor of the page after; `None` = this is the last.
    pub next: Option<String>,
    /// How many in all, when asked.
    pub total: Option<Total>,
    /// The position evaluated at.
    pub position: Position,
}

/// What one principal may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// Who.
    pub principal: Principal,
    /// The strongest role that lies within the permissions; `None` = less than the weakest.
    pub role: Option<Role>,
    /// The union over the paths.
    pub permissions: Permissions,
    /// When the first of these permissions ends by the clock; `None` = none does.
    pub until: Option<Time>,
    /// By which paths.
    pub paths: Vec<AccessPath>,
}

/// Who has access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPage {
    /// The rows.
    pub rows: Vec<AccessRow>,
    /// The cursor of the page after.
    pub next: Option<String>,
    /// How many in all, when asked.
    pub total: Option<Total>,
    /// The last position known.
    pub position: Position,
    /// The moment that was asked about.
    pub as_of: (Time, Position),
    /// When the item was registered: before, access is unknown; `None` = never.
    pub known_from: Option<Time>,
    /// Version of the role table in force then.
    pub rules: u32,
    /// Who saw it without a grant then.
    pub open_to: Visibility,
}

/// What one principal had of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessAt {
    /// When the item was registered: before, access is unknown; `None` = never.
    pub known_from: Option<Time>,
    /// The moment that was asked about.
    pub as_of: (Time, Position),
    /// Version of the role table in force then.
    pub rules: u32,
    /// The last position known.
    pub position: Position,
    pub(super) subject: Subject,
    /// What was open of the item then; `None` = it was not registered yet.
    pub(super) item: Option<StoredItem>,
}

impl AccessAt {
    /// Where in its life the item was; `None` = it was not registered yet.
    pub fn lifecycle(&self) -> Option<Lifecycle> {
        self.item.as_ref().map(|item| item.lifecycle)
    }

    /// By which paths, those outside their windows too.
    pub fn paths(&self) -> Vec<AccessPath> {
        let item = self.item.iter();
        item.flat_map(|item| describe_paths(item, &self.subject, |_| true)).collect()
    }

    /// The union over the paths that held.
    pub fn permissions(&self) -> Permissions {
        let item = self.item.as_ref();
        item.map(|item| permissions(item, &self.subject, self.as_of.0)).unwrap_or_default()
    }

    /// The kinds of the paths that gave a permission.
    pub fn permitting(&self, permission: Permission) -> PathKinds {
        let item = self.item.as_ref();
        item.map(|item| permitting_kinds(item, &self.subject, permission, self.as_of.0))
            .unwrap_or_default()
    }

    /// Why the subject did not have a permission; `None` = it had.
    pub fn denial_reason(&self, permission: Permission) -> Option<DenialReason> {
        match &self.item {
            None => Some(DenialReason::UnknownItem),
            Some(item) => denial_reason(item, &self.subject, permission, self.as_of.0),
        }
    }
}

/// Access that one principal had to an item and lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedAccess {
    /// The path, as it was when it ended.
    pub path: AccessPath,
    /// Effective time of the record that ended it.
    pub recorded_to: Time,
    /// The position of that record.
    pub position: Position,
}

impl RevokedAccess {
    /// Had its window passed before a record ended it?
    pub fn by_clock(&self) -> bool {
        self.path.window.ended(self.recorded_to)
    }

    /// First instant at which it gave nothing.
    pub fn at(&self) -> Time {
        self.path.window.ends_at.map_or(self.recorded_to, |end| end.min(self.recorded_to))
    }
}

/// An item in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// Which.
    pub item: ItemRef,
    /// Who owns it.
    pub owner: AccountId,
    /// Title; `None` = none, or erased.
    pub title: Option<String>,
    /// Longer text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Address of a preview picture.
    pub preview: Option<String>,
    /// Does it belong to the owner's library?
    pub in_library: bool,
    /// Where in its life it is.
    pub lifecycle: Lifecycle,
    /// Who sees it without a grant.
    pub visibility: Visibility,
    /// Is it in the catalog, and for whom?
    pub published: Option<CatalogAudience>,
    /// When it was registered.
    pub registered_at: Time,
    /// When its description, lifecycle or visibility last changed.
    pub updated_at: Time,
    /// Position of that change.
    pub version: Position,
    /// Open grants, windows not regarded.
    pub grants: u32,
    /// Open links, windows not regarded.
    pub links: u32,
    /// What the account of the question may do by owning or by its own grants.
    pub permissions: Permissions,
    /// The strongest role within these.
    pub role: Option<Role>,
    /// When the first of these ends by the clock.
    pub until: Option<Time>,
}

/// Items by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In the order asked; `permissions` are empty here.
    pub rows: Vec<Option<ItemRow>>,
    /// The position evaluated at.
    pub position: Position,
}

/// An entry of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogRow {
    /// Which item.
    pub item: ItemRef,
    /// Title.
    pub title: String,
    /// Longer text.
    pub description: Option<String>,
    /// Tags as written.
    pub tags: Vec<String>,
    /// Address of a preview picture.
    pub preview: Option<String>,
    /// The readable part of its address.
    pub slug: Option<String>,
    /// Who owns it.
    pub owner: AccountId,
    /// Who sees it.
    pub audience: CatalogAudience,
    /// The groups of audience `groups`.
    pub groups: Vec<GroupId>,
    /// Chosen by an administrator.
    pub featured: bool,
    /// When it was published.
    pub published_at: Time,
    /// When the entry was last changed.
    pub updated_at: Time,
    /// Position of that change.
    pub version: Position,
}

/// A value and how many entries have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCount {
    /// The value.
    pub value: String,
    /// How many.
    pub count: u64,
}

/// Counts over the whole result, the most frequent first; at most 100 values each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By kind.
    pub kind: Vec<FacetCount>,
    /// By tag, lower-cased.
    pub tag: Vec<FacetCount>,
}

/// A page of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogPage {
    /// The rows.
    pub rows: Vec<CatalogRow>,
    /// The cursor of the page after.
    pub next: Option<String>,
    /// How many in all, when asked.
    pub total: Option<Total>,
    /// Counts, when asked.
    pub facets: Option<Facets>,
    /// The position evaluated at.
    pub position: Position,
}

/// What an event is about, beside its item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `account`, `group`, `link` or `token`.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// An event of the audit trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Where it stands.
    pub id: EventId,
    /// Effective time.
    pub time: Time,
    /// The command that it belongs to.
    pub command: CommandId,
    /// Stored name.
    pub name: String,
    /// Stored version.
    pub v: u32,
    /// The account that acted or was acted for.
    pub actor: Option<AccountId>,
    /// An application acted for somebody not signed in.
    pub anonymous: bool,
    /// The part of the service that acted by itself, e.g. `sweeper`.
    pub system: Option<String>,
    /// The label of the application's token.
    pub app: Option<String>,
    /// The token that was presented.
    pub token: Option<TokenId>,
    /// The item.
    pub item: Option<ItemRef>,
    /// Who or what else it is about.
    pub target: Option<Target>,
    /// What was before; private texts that were erased are null.
    pub before: Option<Value>,
    /// What is after.
    pub after: Option<Value>,
    /// Why, in the actor's words; `None` = none given, or erased.
    pub reason: Option<String>,
    /// The ticket.
    pub ticket: Option<String>,
    /// The command that this one undoes.
    pub undoes: Option<CommandId>,
    /// Where it was imported from.
    pub source: Option<String>,
    /// Version of the role table in force.
    pub rules: u32,
    /// The event in plain words, without private text.
    pub text: String,
}

/// Why and where a projection stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The record it could not take in.
    pub position: Position,
    /// Why, in words.
    pub why: String,
}

/// How far a projection has come.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The version of its tables that is read.
    pub version: u32,
    /// The last position it knows.
    pub position: Position,
    /// Effective time of that record.
    pub time: Time,
    /// The end of the log; `None` = not known.
    pub head: Option<Position>,
    /// How many records it is behind.
    pub lag_records: Option<u64>,
    /// How old the oldest record is that it does not know, in seconds.
    pub lag_seconds: Option<f64>,
    /// When it last moved, by the database's clock.
    pub updated_at: Time,
    /// Set when it will not go on by itself.
    pub stopped: Option<Stopped>,
    /// Which generation of the version's tables is read.
    pub generation: u32,
    /// Since when somebody has paused it.
    pub paused: Option<Time>,
    /// The generation being built beside it, or the last one that was.
    pub build: Option<Build>,
}
