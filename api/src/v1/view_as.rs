//! `GET /v1/view-as` and `GET /v1/items/{kind}/{id}/view-as`: what an account, a group or the
//! bearer of a link sees.

use super::{
    consistency,
    explain::{permission, subject, subject_with_visits},
    item_access::{ItemAccess, VisibleItem, load_visible},
    shape::{ItemBody, List, Listed, PrincipalBody, item_body, words},
};
use crate::{
    answer::Read,
    authzen::QueryScope,
    extract::{ItemPath, ListQuery, Params, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use domain::{
    access::{AccessDecision, PathKind, Subject},
    id::{ItemRef, KindName},
    position::Position,
    principal::Principal,
    role::{Permission, Permissions, Role},
    time::Time,
};
use projections::{CursorMismatch, CursorScope, Model, index::Snapshot, value::CellError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Whose view of all items.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ViewAsQuery {
    /// Whose: `account:ID`, `group:ID`, `link:ID` or `anonymous`.
    #[param(example = "account:a-22")]
    subject: String,
    /// Items of this kind.
    #[param(value_type = Option<String>)]
    kind: Option<KindName>,
    /// Items with which this is permitted; usually `browse`.
    permission: Option<String>,
    /// At most so many rows: 1 to 200, usually 50.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Whose view of one item.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ViewItemAsQuery {
    /// Whose: `account:ID`, `group:ID`, `link:ID` or `anonymous`.
    #[param(example = "account:a-22")]
    subject: String,
}

/// An item that somebody sees.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ViewRow {
    /// Its kind.
    #[schema(example = "history")]
    pub kind: String,
    /// The application's own id of it.
    #[schema(example = "8f3a")]
    pub id: String,
    /// Its title; null = none, or erased.
    pub title: Option<String>,
    /// The strongest role within the permissions.
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// What is permitted.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// The kinds of ways that give it.
    #[schema(value_type = Vec<String>, example = json!(["grant"]))]
    pub paths: Vec<&'static str>,
    /// First instant at which that could change by the clock alone.
    #[schema(value_type = Option<words::Instant>)]
    pub valid_until: Option<Time>,
}

/// One item as somebody sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ItemView {
    /// Who sees it.
    pub subject: PrincipalBody,
    /// Is it seen at all?
    pub visible: bool,
    /// The item as it is shown then; null = it is not.
    pub item: Option<ItemBody>,
    /// The strongest role within the permissions.
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// What is permitted.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// The kinds of ways that give it.
    #[schema(value_type = Vec<String>, example = json!(["grant"]))]
    pub paths: Vec<&'static str>,
    /// First instant at which that could change by the clock alone.
    #[schema(value_type = Option<words::Instant>)]
    pub valid_until: Option<Time>,
    /// Why openings of links that were presented gave nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

fn ways(decision: &AccessDecision) -> Vec<&'static str> {
    decision.paths.iter().map(PathKind::name).collect()
}

register! {
    view_as => RouteAccess::read(ALL),
        "A page of items", CursorMismatch, ViewsUnavailable;
    view_item_as => RouteAccess::read(ALL),
        "The view", ViewsUnavailable;
}

/// What somebody sees of all items
///
/// Kind by kind, and of a kind in the order in which the log first named them. Items that are open
/// to any account or to anyone are not listed for that alone. About oneself and about anonymous
/// visitors for everybody; about others for administrators, auditors and applications that act for
/// nobody.
#[utoipa::path(get, path = "/v1/view-as", tag = "check")]
pub async fn view_as(
    State(app): State<AppState>,
    Params(query): Params<ViewAsQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<ViewRow>> {
    let who = subject(&query.subject)?;
    let wanted = query.permission.as_deref().map(|text| permission("permission", text));
    let wanted = wanted.transpose()?.unwrap_or(Permission::Browse);
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: false }.page()?;
    if !QueryScope::new(&meta.caller).covers(&who) {
        let detail =
            "what others see of all items is for administrators, auditors and applications";
        return Err(Problem::not_permitted(detail));
    }
    let kind = query.kind.as_ref().map(KindName::as_str).unwrap_or_default();
    let cursors = CursorScope::new(&["view-as", &who.to_string(), kind, wanted.name()]);
    let after = page.after.as_deref().map(|text| place(cursors, text)).transpose()?;
    let mut index = consistency::index_at_least(&app, meta.at_least, meta.wait).await?;
    let known = after.as_ref().map(|(position, _)| *position);
    if known > Some(index.position()) {
        index = consistency::index_at_least(&app, known, meta.wait).await?;
    }
    let after = after.map(|(_, item)| item);
    let now = app.clock.now().max(index.time());
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let wanted = Wanted { app: &app, index: &index, now, permission: wanted };
    let mut found = wanted.rows(&who, query.kind.as_ref(), after.as_ref(), limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more);
    let key = |item: &ItemRef| [index.position().into(), item.to_string().into()];
    let next = next.map(|(item, _)| cursors.encode(&key(item)));
    // Titles stand in the read models.
    consistency::wait_for_position(&app, &meta, &[Model::ACCESS]).await?;
    let data = titled(&app, found).await?;
    let position = index.position();
    let list = List { data, total: None, next, position };
    Ok(Listed::new(&app, position, list))
}

/// The position of the page before and the last item on it.
fn place(cursors: CursorScope, cursor: &str) -> Result<(Position, ItemRef), CursorMismatch> {
    let key = cursors.decode(cursor, 2)?;
    let [position, item] = key.as_slice() else { return Err(CursorMismatch) };
    let read = || Ok((position.position()?, item.parse()?));
    read().map_err(|_: CellError| CursorMismatch)
}

struct Wanted<'a> {
    app: &'a AppState,
    index: &'a Snapshot,
    now: Time,
    permission: Permission,
}

impl Wanted<'_> {
    /// The first items after one: kind by kind, and of a kind in the order in which the log first
    /// named them, so that none changes its place between pages.
    async fn rows(
        &self,
        who: &Principal,
        kind: Option<&KindName>,
        after: Option<&ItemRef>,
        limit: usize,
    ) -> ApiResult<Vec<(ItemRef, AccessDecision)>> {
        if let Principal::Link(link) = who {
            let item = self.app.commands.item_of_link(*link).await?;
            let item = item.filter(|item| kind.is_none_or(|kind| *kind == item.kind));
            let Some(item) = item.filter(|item| after.is_none_or(|after| item > after)) else {
                return Ok(Vec::new());
            };
            let decision = self.index.check(&Subject::from(who), &item, self.now);
            let seen = decision.permissions.has(self.permission);
            return Ok(if seen { vec![(item, decision)] } else { Vec::new() });
        }
        // Openings of links lead to one item each; they do not belong to a list.
        let subject = &Subject::from(who);
        let system = self.app.commands.system();
        let kinds = system.kinds.keys().filter(|name| {
            kind.is_none_or(|kind| kind == *name) && after.is_none_or(|after| **name >= after.kind)
        });
        let mut found = Vec::new();
        for kind in kinds {
            let behind = after.filter(|after| after.kind == *kind);
            found.extend(self.of_kind(subject, kind, behind, limit - found.len())?);
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    fn of_kind(
        &self,
        subject: &Subject,
        kind: &KindName,
        after: Option<&ItemRef>,
        limit: usize,
    ) -> ApiResult<Vec<(ItemRef, AccessDecision)>> {
        let (kind, after) = (kind.as_str(), after.map(|item| item.id.as_str()));
        let found = self.index.resources(subject, kind, self.permission, self.now, after, limit);
        let (items, _) = found?;
        let judged = items.into_iter().map(|item| {
            let decision = self.index.check(subject, &item, self.now);
            (item, decision)
        });
        Ok(judged.collect())
    }
}

async fn titled(app: &AppState, found: Vec<(ItemRef, AccessDecision)>) -> ApiResult<Vec<ViewRow>> {
    let refs: Vec<ItemRef> = found.iter().map(|(item, _)| item.clone()).collect();
    let known = if refs.is_empty() { Vec::new() } else { app.views.lookup(&refs).await?.rows };
    let titles = known.into_iter().map(|row| row.and_then(|row| row.title));
    let titles = titles.chain(std::iter::repeat(None));
    let row = |((item, decision), title): ((ItemRef, AccessDecision), Option<String>)| ViewRow {
        kind: item.kind.into(),
        id: item.id.into(),
        title,
        role: Role::strongest_within(decision.permissions),
        permissions: decision.permissions,
        paths: ways(&decision),
        valid_until: decision.valid_until,
    };
    Ok(found.into_iter().zip(titles).map(row).collect())
}

/// One item as somebody sees it
///
/// About oneself and about anonymous visitors for who may browse the item, about others for who may
/// share it.
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/view-as", tag = "check")]
pub async fn view_item_as(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<ViewItemAsQuery>,
    meta: RequestMeta,
) -> ApiResult<Read<ItemView>> {
    let who = subject(&query.subject)?;
    let seen: VisibleItem = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    if !QueryScope::new(&meta.caller).covers(&who) {
        seen.require(Permission::Share)?;
    }
    let known = meta.at_least.unwrap_or_default().max(seen.state.position);
    let index = consistency::index_at_least(&app, Some(known), meta.wait).await?;
    let now = seen.now.max(index.time());
    let subject = subject_with_visits(&app, &meta.caller, &who).await?;
    let decision = index.check(&subject, &item, now);
    let visible = decision.permissions.has(Permission::Browse);
    let access = ItemAccess { rights: decision.permissions, everything: false };
    let view = ItemView {
        subject: PrincipalBody::from(&who),
        visible,
        item: visible.then(|| item_body(&app.public_url, &item, &seen.state, access, now)),
        role: Role::strongest_within(decision.permissions),
        permissions: decision.permissions,
        paths: ways(&decision),
        valid_until: decision.valid_until,
        warnings: seen.ignored_visits,
        position: index.position(),
    };
    Ok(Read::new(&app, index.position(), view))
}
