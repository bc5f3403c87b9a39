//! `POST /access/v1/search/{subject,resource,action}`: searches for subjects, resources and
//! actions (Authorization API 1.0, "Search APIs").

use super::{
    answer::{Found, FoundAction, FoundEntity, SearchContext},
    endpoint::{Evaluated, EvaluationContext, EvaluationRequest},
    evaluator::{
        Evaluator, Past, action, item, named, permission, subject, typed, warnings_about_past,
    },
    paging::SearchPage,
    request::{Object, SearchBody, Text, read},
    schema,
    subject::{not_about_others, principal},
};
use crate::{
    problem::{ApiResult, FieldError, Problem, ProblemType},
    routing::{ALL, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use domain::{
    access::Subject,
    event::Visibility,
    id::{AccountId, ItemRef, KindName},
    lifecycle::Lifecycle,
    position::Position,
    principal::Principal,
    role::{Permission, Permissions, Role},
    time::Time,
};
use projections::{AsOf, CursorScope, ResourceQuery, index::Snapshot};
use serde::Serialize;
use std::panic::resume_unwind;
use tokio::task::spawn_blocking;

register! {
    search_subjects => RouteAccess::read(ALL),
        "A page of subjects", TimeInFuture, CursorMismatch, ViewsUnavailable;
    search_resources => RouteAccess::read(ALL),
        "A page of resources", TimeInFuture, CursorMismatch, ViewsUnavailable;
    search_actions => RouteAccess::read(ALL),
        "A page of actions", TimeInFuture, CursorMismatch, ViewsUnavailable;
}

/// Which subjects may do something with a resource?
///
/// Named ones only: whom the item's visibility lets in is told in `context.open_to`.
#[utoipa::path(post, path = "/access/v1/search/subject", tag = "check")]
pub async fn search_subjects(
    State(app): State<AppState>,
    EvaluationRequest { context, .. }: EvaluationRequest<schema::SubjectSearch>,
) -> ApiResult<Evaluated<Found<FoundEntity>>> {
    let body = read::<Object<SearchBody<'_>>>(&context.body)?.0;
    subjects(&app, &context, &body).await
}

/// With which resources of a kind may a subject do something?
///
/// Items that are open to any account or to anyone are not listed for that alone.
#[utoipa::path(post, path = "/access/v1/search/resource", tag = "check")]
pub async fn search_resources(
    State(app): State<AppState>,
    EvaluationRequest { context, .. }: EvaluationRequest<schema::ResourceSearch>,
) -> ApiResult<Evaluated<Found<FoundEntity>>> {
    let body = read::<Object<SearchBody<'_>>>(&context.body)?.0;
    resources(&app, &context, &body).await
}

/// What may a subject do with a resource?
#[utoipa::path(post, path = "/access/v1/search/action", tag = "check")]
pub async fn search_actions(
    State(app): State<AppState>,
    EvaluationRequest { context, .. }: EvaluationRequest<schema::ActionSearch>,
) -> ApiResult<Evaluated<Found<FoundAction>>> {
    let body = read::<Object<SearchBody<'_>>>(&context.body)?.0;
    actions(&app, &context, &body).await
}

fn refused(error: FieldError) -> Problem {
    Problem::fields(vec![error])
}

/// What a search says beside the entities that it names.
struct SearchRequest<'a> {
    /// The past moment.
    as_of: Option<AsOf>,
    page: SearchPage,
    visits: &'a [Text<'a>],
}

fn asked<'a>(
    path: &str,
    call: &EvaluationContext,
    body: &'a SearchBody<'a>,
    parts: &[&str],
) -> ApiResult<SearchRequest<'a>> {
    let context = body.context.as_ref().map(|context| &context.0);
    let past = Past::from_context(context);
    let visits = context.and_then(|context| context.visits.as_deref()).unwrap_or_default();
    // Two callers may see different results: a token is its caller's.
    let who = call.caller.account.as_ref().map(AccountId::as_str).unwrap_or_default();
    let position = past.position.map(|position| position.to_string()).unwrap_or_default();
    let mut all = vec![path, who, past.at.unwrap_or_default(), &position];
    all.extend_from_slice(parts);
    all.extend(visits.iter().map(|text| &**text));
    let page = SearchPage::new(body.page.as_ref(), CursorScope::new(&all))?;
    let as_of = past.moment(call.now)?;
    Ok(SearchRequest { as_of, page, visits })
}

/// Who judges, at a position not before that of the page before.
async fn judge<'a>(
    app: &'a AppState,
    call: &'a EvaluationContext,
    page: &SearchPage,
) -> ApiResult<Evaluator<'a>> {
    let mut judge = Evaluator::new(app, call).await?;
    if judge.index.position() < page.position {
        judge.index = call.index_at(app, page.position).await?;
        judge.now = app.clock.now().max(judge.index.time());
    }
    Ok(judge)
}

fn respond<R: Serialize>(
    app: &AppState,
    page: &SearchPage,
    (results, next): (Vec<R>, Option<String>),
    context: SearchContext,
) -> ApiResult<Evaluated<Found<R>>> {
    let position = context.position;
    let page = page.body(results.len(), next.as_deref(), position);
    Evaluated::new(app, position, &Found { page, context, results })
}

fn nothing(reason: &'static str, position: Position) -> SearchContext {
    SearchContext { reason: Some(reason), ..SearchContext::at(position) }
}

/// Does a visibility give this?
fn opened(visibility: Visibility, open: bool, permission: Permission) -> Option<Visibility> {
    let gives =
        open && visibility != Visibility::Restricted && Role::Viewer.permissions().has(permission);
    gives.then_some(visibility)
}

/// Which principals a search for subjects of a type finds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PrincipalKind {
    Accounts,
    Groups,
    Anonymous,
}

fn principal_kind(kind: &str) -> Option<PrincipalKind> {
    match kind {
        "account" | "user" => Some(PrincipalKind::Accounts),
        "group" => Some(PrincipalKind::Groups),
        "anonymous" => Some(PrincipalKind::Anonymous),
        _ => None,
    }
}

async fn subjects(
    app: &AppState,
    call: &EvaluationContext,
    body: &SearchBody<'_>,
) -> ApiResult<Evaluated<Found<FoundEntity>>> {
    let kind = typed(body.subject.as_ref(), "/subject").map_err(refused)?;
    let name = action(body.action.as_ref(), None).map_err(refused)?;
    let resource = named(body.resource.as_ref(), None, "/resource").map_err(refused)?;
    let asked =
        asked("/access/v1/search/subject", call, body, &[kind, name, resource.0, resource.1])?;
    let mut judge = judge(app, call, &asked.page).await?;
    let position = judge.index.position();
    let item = item(resource).filter(|item| judge.index.item(item).is_some());
    // Whom else an item is shared with is for those who may share it.
    let lists = match &item {
        Some(item) => judge.scope.shares(&judge.index, item, judge.now),
        None => judge.scope.sees_all(),
    };
    if !lists {
        return Err(not_about_others());
    }
    let none = |reason| {
        let rows: (Vec<FoundEntity>, _) = (Vec::new(), None);
        respond(app, &asked.page, rows, nothing(reason, position))
    };
    let Some(wanted) = principal_kind(kind) else { return none("unknown_subject") };
    let Some(permission) = permission(name) else { return none("unknown_action") };
    let Some(item) = item else { return none("unknown_resource") };
    let (found, context) = match asked.as_of {
        None => {
            let (index, now, page) = (judge.index.clone(), judge.now, asked.page.clone());
            aside(move || subjects_now(&index, now, wanted, &item, permission, &page)).await??
        }
        Some(as_of) => {
            judge.fresh_views(as_of).await?;
            subjects_then(&judge, (wanted, permission, as_of), &item, &asked).await?
        }
    };
    let (ids, next) = found;
    let row = |id| FoundEntity { kind: kind.to_owned(), id };
    respond(app, &asked.page, (ids.into_iter().map(row).collect(), next), context)
}

/// Ids, and after which one the next page begins.
type Ids = (Vec<String>, Option<String>);

/// Looks through what may be long, apart from those who answer short questions.
async fn aside<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    spawn_blocking(look).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => Problem::new(ProblemType::ViewsUnavailable, "the service ends"),
    })
}

fn subjects_now(
    index: &Snapshot,
    now: Time,
    wanted: PrincipalKind,
    item: &ItemRef,
    permission: Permission,
    page: &SearchPage,
) -> ApiResult<(Ids, SearchContext)> {
    let facts = index.item(item);
    let open = facts.as_ref().is_some_and(|facts| facts.lifecycle == Lifecycle::Open);
    let visibility = facts.map(|facts| facts.visibility).unwrap_or_default();
    let open_to = opened(visibility, open, permission);
    let after = page.after.as_deref();
    let (ids, next) = match wanted {
        PrincipalKind::Accounts => {
            let (ids, next) = index.subjects(item, permission, now, after, page.wanted())?;
            (ids.into_iter().map(String::from).collect(), next)
        }
        PrincipalKind::Groups => {
            let (ids, next) = index.groups(item, permission, now, after, page.wanted())?;
            (ids.into_iter().map(String::from).collect(), next)
        }
        PrincipalKind::Anonymous => page.take(anonymous(open_to), &["anonymous"], String::as_str),
    };
    Ok((page.cut(ids, next), SearchContext { open_to, ..SearchContext::at(index.position()) }))
}

/// Nobody in particular, if the item is open to anyone.
fn anonymous(open_to: Option<Visibility>) -> impl Iterator<Item = String> {
    open_to.filter(|open| *open == Visibility::Public).map(|_| "anonymous".to_owned()).into_iter()
}

/// The page of a past list.
fn rows_of(page: &SearchPage) -> projections::Page {
    let limit = u32::try_from(page.wanted()).unwrap_or(u32::MAX);
    projections::Page { limit, after: page.after.clone(), count: false }
}

async fn subjects_then(
    judge: &Evaluator<'_>,
    (wanted, permission, as_of): (PrincipalKind, Permission, AsOf),
    item: &ItemRef,
    SearchRequest { page, visits, .. }: &SearchRequest<'_>,
) -> ApiResult<(Ids, SearchContext)> {
    let list = judge.app.views.access_list(item, as_of, judge.now, &rows_of(page)).await?;
    let open_to = opened(list.open_to, true, permission);
    let warnings = warnings_about_past(visits, list.as_of.0, list.known_from);
    let context = SearchContext::at(list.position).then(list.as_of);
    let context = SearchContext { open_to, warnings, ..context };
    if wanted == PrincipalKind::Anonymous {
        return Ok((page.take(anonymous(open_to), &["anonymous"], String::as_str), context));
    }
    // Rows of others are left out, so that a page may be shorter than its limit. Who is named has
    // what the item gives to all beside.
    let given = |own: Permissions| own.has(permission) || open_to.is_some();
    let may = list.rows.into_iter().filter(|row| given(row.permissions));
    let ids = may.filter_map(|row| match row.principal {
        Principal::Account(id) if wanted == PrincipalKind::Accounts => Some(id.to_string()),
        Principal::Group(id) if wanted == PrincipalKind::Groups => Some(id.to_string()),
        Principal::Account(_) | Principal::Group(_) | Principal::Link(_) | Principal::Anonymous => {
            None
        }
    });
    Ok((page.cut(ids.collect(), list.next), context))
}

async fn resources(
    app: &AppState,
    call: &EvaluationContext,
    body: &SearchBody<'_>,
) -> ApiResult<Evaluated<Found<FoundEntity>>> {
    let subject = subject(body.subject.as_ref(), None).map_err(refused)?;
    let name = action(body.action.as_ref(), None).map_err(refused)?;
    let kind = typed(body.resource.as_ref(), "/resource").map_err(refused)?;
    let asked =
        asked("/access/v1/search/resource", call, body, &[subject.0, subject.1, name, kind])?;
    let mut judge = judge(app, call, &asked.page).await?;
    let principal = principal(subject.0, subject.1);
    if !principal.as_ref().is_none_or(|principal| judge.scope.covers(principal)) {
        return Err(not_about_others());
    }
    let position = judge.index.position();
    let none = |reason| {
        let rows: (Vec<FoundEntity>, _) = (Vec::new(), None);
        respond(app, &asked.page, rows, nothing(reason, position))
    };
    let Some(principal) = principal else { return none("unknown_subject") };
    let Some(permission) = permission(name) else { return none("unknown_action") };
    let ((items, next), context) = match asked.as_of {
        None => {
            let (visits, mut warnings) = call.visits(app, &principal, asked.visits).await?;
            warnings.extend(unlisted(&principal, !visits.is_empty()));
            let (index, now, page) = (judge.index.clone(), judge.now, asked.page.clone());
            let (subject, kind) = (Subject::new(principal), kind.to_owned());
            let look = move || {
                let after = page.after.as_deref();
                index.resources(&subject, &kind, permission, now, after, page.wanted())
            };
            (aside(look).await??, SearchContext { warnings, ..SearchContext::at(position) })
        }
        Some(as_of) => {
            judge.fresh_views(as_of).await?;
            resources_then(&judge, principal, (kind, permission, as_of), &asked).await?
        }
    };
    let row = |item: ItemRef| FoundEntity { kind: item.kind.into(), id: item.id.into() };
    let found = asked.page.cut(items.into_iter().map(row).collect(), next);
    respond(app, &asked.page, found, context)
}

/// Why something that a check permits is not among the items found.
fn unlisted(principal: &Principal, visits: bool) -> Option<&'static str> {
    if visits {
        return Some("items of opened links are not listed: their links lead to them");
    }
    let warning = "only items that are open to anyone are seen so, and those are not listed";
    Some(warning).filter(|_| *principal == Principal::Anonymous)
}

/// Items, and after which one the next page begins.
type Items = (Vec<ItemRef>, Option<String>);

async fn resources_then(
    judge: &Evaluator<'_>,
    principal: Principal,
    (kind, permission, as_of): (&str, Permission, AsOf),
    asked: &SearchRequest<'_>,
) -> ApiResult<(Items, SearchContext)> {
    // No item has a kind that none can be called.
    let Ok(kind) = KindName::parse(kind) else {
        return Ok((Items::default(), SearchContext::at(judge.index.position())));
    };
    let mut warnings = warnings_about_past(asked.visits, judge.now, None);
    warnings.extend(unlisted(&principal, false));
    let (subject, page) = (Subject::new(principal), rows_of(&asked.page));
    let query = ResourceQuery { subject, kind, permission, as_of, page };
    let list = judge.app.views.resources(&query, judge.now).await?;
    Ok(((list.rows, list.next), SearchContext { warnings, ..SearchContext::at(list.position) }))
}

async fn actions(
    app: &AppState,
    call: &EvaluationContext,
    body: &SearchBody<'_>,
) -> ApiResult<Evaluated<Found<FoundAction>>> {
    let subject = subject(body.subject.as_ref(), None).map_err(refused)?;
    let resource = named(body.resource.as_ref(), None, "/resource").map_err(refused)?;
    let parts = [subject.0, subject.1, resource.0, resource.1];
    let asked = asked("/access/v1/search/action", call, body, &parts)?;
    let mut judge = judge(app, call, &asked.page).await?;
    let (principal, item) = (principal(subject.0, subject.1), item(resource));
    let (permissions, context) = match (&principal, &item) {
        (None, _) => (Permissions::NONE, nothing("unknown_subject", judge.index.position())),
        (_, None) => (Permissions::NONE, nothing("unknown_resource", judge.index.position())),
        (Some(principal), Some(item)) => {
            judge.permissions(principal, item, asked.as_of, asked.visits).await?
        }
    };
    let names = permissions.iter().map(|permission| FoundAction { name: permission.name() });
    let all = Permission::ALL.map(Permission::name);
    let found = asked.page.take(names, &all, |action| action.name);
    respond(app, &asked.page, found, context)
}
