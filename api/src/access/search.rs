//! `POST /access/v1/search/{subject,resource,action}`: who may, with what, and what?
//! (Authorization API 1.0, "Search APIs")

use super::{
    answer::{Found, FoundAction, FoundEntity, SearchContext},
    call::{self, Arrived, Call, Spot},
    decide::{Judge, action, item, named, past, past_visits, permission, typed},
    paging::{Page, question},
    schema,
    who::{Who, not_about_others},
    wire::{Object, SearchBody, Text, read},
};
use crate::{
    problem::{Fallible, FieldError, Problem},
    state::AppState,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use domain::{
    event::Visibility,
    id::{AccountId, ItemRef, KindName},
    item::Lifecycle,
    position::Position,
    principal::Principal,
    role::{Permission, Permissions, Role},
    time::Time,
};
use projections::{AsOf, ResourceQuery};
use serde::Serialize;

/// Which subjects may do something with a resource?
///
/// Named ones only: whom the item's visibility lets in is told in `context.open_to`.
#[utoipa::path(post, path = "/access/v1/search/subject", tag = "check",
    request_body = schema::SubjectSearch,
    responses((status = 200, description = "A page", body = Found<FoundEntity>)))]
pub async fn search_subjects(State(app): State<AppState>, request: Request) -> Response {
    let arrived = Arrived::at(&call::SEARCH_SUBJECT, &request);
    let answering = async {
        let call = Call::read(&app, &call::SEARCH_SUBJECT, request).await?;
        let body = read::<Object<SearchBody<'_>>>(&call.body)?.0;
        subjects(&app, &call, &body).await
    };
    arrived.answer(answering).await
}

/// With which resources of a kind may a subject do something?
///
/// Items that are open to any account or to anyone are not listed for that alone.
#[utoipa::path(post, path = "/access/v1/search/resource", tag = "check",
    request_body = schema::ResourceSearch,
    responses((status = 200, description = "A page", body = Found<FoundEntity>)))]
pub async fn search_resources(State(app): State<AppState>, request: Request) -> Response {
    let arrived = Arrived::at(&call::SEARCH_RESOURCE, &request);
    let answering = async {
        let call = Call::read(&app, &call::SEARCH_RESOURCE, request).await?;
        let body = read::<Object<SearchBody<'_>>>(&call.body)?.0;
        resources(&app, &call, &body).await
    };
    arrived.answer(answering).await
}

/// What may a subject do with a resource?
#[utoipa::path(post, path = "/access/v1/search/action", tag = "check",
    request_body = schema::ActionSearch,
    responses((status = 200, description = "A page", body = Found<FoundAction>)))]
pub async fn search_actions(State(app): State<AppState>, request: Request) -> Response {
    let arrived = Arrived::at(&call::SEARCH_ACTION, &request);
    let answering = async {
        let call = Call::read(&app, &call::SEARCH_ACTION, request).await?;
        let body = read::<Object<SearchBody<'_>>>(&call.body)?.0;
        actions(&app, &call, &body).await
    };
    arrived.answer(answering).await
}

fn refused(error: FieldError) -> Problem {
    Problem::fields(vec![error])
}

/// What a search says beside the entities that it names.
struct Asked<'a> {
    /// The past instant.
    at: Option<Time>,
    page: Page,
    visits: &'a [Text<'a>],
}

fn asked<'a>(
    spot: &Spot,
    call: &Call,
    body: &'a SearchBody<'a>,
    parts: &[&str],
) -> Fallible<Asked<'a>> {
    let context = body.context.as_ref().map(|context| &context.0);
    let at = context.and_then(|context| context.at.as_deref());
    let visits = context.and_then(|context| context.visits.as_deref()).unwrap_or_default();
    // Two callers may see different results: a token is its caller's.
    let who = call.caller.account.as_ref().map(AccountId::as_str).unwrap_or_default();
    let mut all = vec![spot.path(), who, at.unwrap_or_default()];
    all.extend_from_slice(parts);
    all.extend(visits.iter().map(|text| &**text));
    let page = Page::of(body.page.as_ref(), question(&all))?;
    let at = at.map(|text| past(text, call.now)).transpose()?;
    Ok(Asked { at, page, visits })
}

fn respond<R: Serialize>(
    app: &AppState,
    page: &Page,
    (results, next): (Vec<R>, Option<String>),
    context: SearchContext,
) -> Fallible<Response> {
    let position = context.position;
    let page = page.body(results.len(), next.as_deref());
    call::answer(app, position, &Found { page, context, results })
}

fn nothing(reason: &'static str, position: Position) -> SearchContext {
    SearchContext { reason: Some(reason), ..beside(position) }
}

const fn beside(position: Position) -> SearchContext {
    SearchContext { open_to: None, reason: None, position, warnings: Vec::new() }
}

/// Does a visibility give this?
fn opened(visibility: Visibility, open: bool, permission: Permission) -> Option<Visibility> {
    let gives =
        open && visibility != Visibility::Restricted && Role::Viewer.permissions().has(permission);
    gives.then_some(visibility)
}

/// Which principals a search for subjects of a type finds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Accounts,
    Groups,
    Anonymous,
}

fn wanted(kind: &str) -> Option<Wanted> {
    match kind {
        "account" | "user" => Some(Wanted::Accounts),
        "group" => Some(Wanted::Groups),
        "anonymous" => Some(Wanted::Anonymous),
        _ => None,
    }
}

async fn subjects(app: &AppState, call: &Call, body: &SearchBody<'_>) -> Fallible<Response> {
    let kind = typed(body.subject.as_ref(), None, "/subject").map_err(refused)?;
    let name = action(body.action.as_ref(), None).map_err(refused)?;
    let resource = named(body.resource.as_ref(), None, "/resource").map_err(refused)?;
    let asked = asked(&call::SEARCH_SUBJECT, call, body, &[kind, name, resource.0, resource.1])?;
    let mut judge = Judge::new(app, call).await?;
    let position = judge.index.position();
    let item = item(resource).filter(|item| judge.index.item(item).is_some());
    // Whom else an item is shared with is for those who may share it.
    let lists = match &item {
        Some(item) => judge.reach.shares(&judge.index, item, judge.now),
        None => judge.reach.sees_all(),
    };
    if !lists {
        return Err(not_about_others());
    }
    let none = |reason| {
        let rows: (Vec<FoundEntity>, _) = (Vec::new(), None);
        respond(app, &asked.page, rows, nothing(reason, position))
    };
    let Some(wanted) = wanted(kind) else { return none("unknown_subject") };
    let Some(permission) = permission(name) else { return none("unknown_action") };
    let Some(item) = item else { return none("unknown_resource") };
    let (found, context) = match asked.at {
        None => subjects_now(&judge, wanted, &item, permission, &asked.page),
        Some(at) => {
            judge.fresh_views().await?;
            subjects_then(&judge, (wanted, permission, at), &item, &asked.page).await?
        }
    };
    let (ids, next) = found;
    let row = |id| FoundEntity { kind: kind.to_owned(), id };
    respond(app, &asked.page, (ids.into_iter().map(row).collect(), next), context)
}

/// Ids, and after which one the next page begins.
type Ids = (Vec<String>, Option<String>);

fn subjects_now(
    judge: &Judge<'_>,
    wanted: Wanted,
    item: &ItemRef,
    permission: Permission,
    page: &Page,
) -> (Ids, SearchContext) {
    let (index, now) = (&judge.index, judge.now);
    let facts = index.item(item);
    let open = facts.as_ref().is_some_and(|facts| facts.lifecycle == Lifecycle::Open);
    let visibility = facts.map(|facts| facts.visibility).unwrap_or_default();
    let open_to = opened(visibility, open, permission);
    let after = page.after.as_deref();
    let (ids, next) = match wanted {
        Wanted::Accounts => {
            let (ids, next) = index.subjects(item, permission, now, after, page.wanted());
            (ids.into_iter().map(String::from).collect(), next)
        }
        Wanted::Groups => {
            let (ids, next) = index.groups(item, permission, now, after, page.wanted());
            (ids.into_iter().map(String::from).collect(), next)
        }
        Wanted::Anonymous => page.take(anonymous(open_to), String::as_str),
    };
    (page.cut(ids, next), SearchContext { open_to, ..beside(index.position()) })
}

/// Nobody in particular, if the item is open to anyone.
fn anonymous(open_to: Option<Visibility>) -> impl Iterator<Item = String> {
    open_to.filter(|open| *open == Visibility::Public).map(|_| "anonymous".to_owned()).into_iter()
}

/// The page of a past list.
fn rows_of(page: &Page) -> projections::Page {
    let limit = u32::try_from(page.wanted()).unwrap_or(u32::MAX);
    projections::Page { limit, after: page.after.clone(), count: false }
}

async fn subjects_then(
    judge: &Judge<'_>,
    (wanted, permission, at): (Wanted, Permission, Time),
    item: &ItemRef,
    page: &Page,
) -> Fallible<(Ids, SearchContext)> {
    let list = judge.app.views.access_list(item, AsOf::Time(at), judge.now, &rows_of(page)).await?;
    let open_to = opened(list.open_to, true, permission);
    let context = SearchContext { open_to, ..beside(list.position) };
    if wanted == Wanted::Anonymous {
        return Ok((page.take(anonymous(open_to), String::as_str), context));
    }
    // Rows of others are left out, so that a page may be shorter than its limit.
    let may = list.rows.into_iter().filter(|row| row.permissions.has(permission));
    let ids = may.filter_map(|row| match row.principal {
        Principal::Account(id) if wanted == Wanted::Accounts => Some(id.to_string()),
        Principal::Group(id) if wanted == Wanted::Groups => Some(id.to_string()),
        Principal::Account(_) | Principal::Group(_) | Principal::Link(_) | Principal::Anonymous => {
            None
        }
    });
    Ok((page.cut(ids.collect(), list.next), context))
}

async fn resources(app: &AppState, call: &Call, body: &SearchBody<'_>) -> Fallible<Response> {
    let subject = named(body.subject.as_ref(), None, "/subject").map_err(refused)?;
    let name = action(body.action.as_ref(), None).map_err(refused)?;
    let kind = typed(body.resource.as_ref(), None, "/resource").map_err(refused)?;
    let asked = asked(&call::SEARCH_RESOURCE, call, body, &[subject.0, subject.1, name, kind])?;
    let mut judge = Judge::new(app, call).await?;
    let who = Who::named(subject.0, subject.1);
    if !judge.reach.covers(&who) {
        return Err(not_about_others());
    }
    let position = judge.index.position();
    let none = |reason| {
        let rows: (Vec<FoundEntity>, _) = (Vec::new(), None);
        respond(app, &asked.page, rows, nothing(reason, position))
    };
    if who == Who::Nobody {
        return none("unknown_subject");
    }
    let Some(permission) = permission(name) else { return none("unknown_action") };
    let ((items, next), context) = match asked.at {
        None => {
            let (visits, warnings) = call.visits(app, asked.visits).await?;
            let (subject, after) = (who.subject(visits), asked.page.after.as_deref());
            let wanted = asked.page.wanted();
            let found = judge.index.resources(&subject, kind, permission, judge.now, after, wanted);
            (found, SearchContext { warnings, ..beside(position) })
        }
        Some(at) => {
            judge.fresh_views().await?;
            resources_then(&judge, &who, (kind, permission, at), &asked).await?
        }
    };
    let row = |item: ItemRef| FoundEntity { kind: item.kind.into(), id: item.id.into() };
    let found = asked.page.cut(items.into_iter().map(row).collect(), next);
    respond(app, &asked.page, found, context)
}

/// Items, and after which one the next page begins.
type Items = (Vec<ItemRef>, Option<String>);

async fn resources_then(
    judge: &Judge<'_>,
    who: &Who,
    (kind, permission, at): (&str, Permission, Time),
    asked: &Asked<'_>,
) -> Fallible<(Items, SearchContext)> {
    // No item has a kind that none can be called.
    let Ok(kind) = KindName::parse(kind) else {
        return Ok((Items::default(), beside(judge.index.position())));
    };
    let query = ResourceQuery {
        asker: who.asker(),
        kind,
        permission,
        as_of: AsOf::Time(at),
        page: rows_of(&asked.page),
    };
    let list = judge.app.views.resources(&query, judge.now).await?;
    let warnings = past_visits(asked.visits);
    Ok(((list.rows, list.next), SearchContext { warnings, ..beside(list.position) }))
}

async fn actions(app: &AppState, call: &Call, body: &SearchBody<'_>) -> Fallible<Response> {
    let subject = named(body.subject.as_ref(), None, "/subject").map_err(refused)?;
    let resource = named(body.resource.as_ref(), None, "/resource").map_err(refused)?;
    let parts = [subject.0, subject.1, resource.0, resource.1];
    let asked = asked(&call::SEARCH_ACTION, call, body, &parts)?;
    let mut judge = Judge::new(app, call).await?;
    let (who, item) = (Who::named(subject.0, subject.1), item(resource));
    let (permissions, context) = match (&who, &item) {
        (Who::Nobody, _) => (Permissions::NONE, nothing("unknown_subject", judge.index.position())),
        (_, None) => (Permissions::NONE, nothing("unknown_resource", judge.index.position())),
        (_, Some(item)) => {
            let (permissions, position, warnings) =
                judge.permissions(&who, item, asked.at, asked.visits).await?;
            (permissions, SearchContext { warnings, ..beside(position) })
        }
    };
    let names = permissions.iter().map(|permission| FoundAction { name: permission.name() });
    let found = asked.page.take(names, |action| action.name);
    respond(app, &asked.page, found, context)
}
