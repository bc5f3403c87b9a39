//! `GET /v1/items/{kind}/{id}/access`: the access list of an item, now or at a past moment, with
//! its reasons.

use super::{
    consistency,
    item_access::{VisibleItem, load_visible},
    shape::{AddressBody, ItemName, PrincipalBody, ProvenanceBody, TotalBody, words},
};
use crate::{
    answer::Read,
    extract::{ItemPath, ListQuery, Params, RequestMeta, parse_moment},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use commands::{Address, Profile};
use domain::{
    access::AccessPath,
    event::{CallerRole, Visibility},
    id::{GrantId, LinkId},
    position::{EventId, Position},
    principal::Principal,
    role::{Permission, Permissions, Role, Withheld},
    time::Time,
};
use projections::{AccessPage, AccessRow, AsOf, Model};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessQuery {
    /// The moment: an instant, or a date, which stands for its end (UTC).
    at: Option<String>,
    /// The position instead.
    at_position: Option<u64>,
    /// `people`: names and addresses too.
    include: Option<String>,
    /// `members`: groups as the accounts in them.
    expand: Option<String>,
    /// At most so many rows: 1 to 200, usually 50.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Count all rows too.
    #[serde(default)]
    count: bool,
}

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AsOfBody {
    /// The time, at which windows are judged.
    #[schema(value_type = words::Instant)]
    pub time: Time,
    /// The last position that counts.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// One way by which somebody has access.
#[derive(Debug, Serialize, ToSchema)]
pub struct PathBody {
    /// `owner`, `grant`, `link` or `visibility`.
    #[schema(example = "grant")]
    pub via: &'static str,
    /// The grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub grant: Option<GrantId>,
    /// The link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub link: Option<LinkId>,
    /// The role it gives.
    #[schema(value_type = words::Role)]
    pub role: Role,
    /// What it holds back of the role.
    #[schema(value_type = Vec<words::Withheld>)]
    pub withhold: Vec<Withheld>,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    pub ends_at: Option<Time>,
    /// Where a grant came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceBody>,
    /// Who gave it; null = the service itself, or an application for nobody.
    pub given_by: Option<PrincipalBody>,
    /// When it was first given.
    #[schema(value_type = words::Instant)]
    pub since: Time,
    /// The events that made it what it is.
    #[schema(value_type = Vec<String>, example = json!(["42-0", "44-0"]))]
    pub events: Vec<EventId>,
}

/// The person behind an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonBody {
    /// The name to show.
    pub name: Option<String>,
    /// E-mail addresses; auditors see none.
    pub addresses: Vec<AddressBody>,
}

/// What one principal may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessBody {
    /// Who.
    pub principal: PrincipalBody,
    /// The strongest role within the permissions.
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// The union over the paths.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// When the first of these permissions ends by the clock; null = none does.
    #[schema(value_type = Option<words::Instant>)]
    pub until: Option<Time>,
    /// By which ways.
    pub paths: Vec<PathBody>,
    /// The person, when asked and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonBody>,
}

/// Who has access.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessList {
    /// The item.
    pub item: ItemName,
    /// The moment that was asked about.
    pub as_of: AsOfBody,
    /// Before this, access is unknown, which is not the same as nobody.
    #[schema(value_type = Option<words::Instant>)]
    pub known_from: Option<Time>,
    /// Version of the role table in force then.
    pub rules: u32,
    /// Who saw it without a grant then.
    #[schema(value_type = words::Visibility)]
    pub open_to: Visibility,
    /// A row per principal.
    pub data: Vec<AccessBody>,
    /// How many in all, when asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<TotalBody>,
    /// The cursor of the page after; null = this is the last.
    pub next: Option<String>,
    /// The last position known.
    #[schema(value_type = u64)]
    pub position: Position,
}

fn path(path: AccessPath) -> PathBody {
    PathBody {
        via: path.source.name(),
        grant: path.source.grant(),
        link: path.source.link(),
        provenance: path.source.granted().map(|(_, provenance)| provenance.clone().into()),
        role: path.role,
        withhold: path.withhold,
        starts_at: path.window.starts_at,
        ends_at: path.window.ends_at,
        given_by: path.given_by.as_ref().map(PrincipalBody::account),
        since: path.since.unwrap_or_default(),
        events: path.events,
    }
}

async fn person(
    app: &AppState,
    principal: &Principal,
    auditor: bool,
) -> ApiResult<Option<PersonBody>> {
    let Principal::Account(id) = principal else { return Ok(None) };
    let state = app.commands.load_account(id).await?;
    let Some(Profile { name, addresses }) = app.commands.profile(&state).await? else {
        return Ok(None);
    };
    let shown = addresses.into_iter().filter(|_| !auditor);
    let addresses =
        shown.map(|Address { address, verified }| AddressBody { address, verified }).collect();
    Ok(Some(PersonBody { name, addresses }))
}

async fn row(
    app: &AppState,
    meta: &RequestMeta,
    people: bool,
    row: AccessRow,
) -> ApiResult<AccessBody> {
    let auditor = meta.caller.role == CallerRole::Auditor;
    let person = if people { person(app, &row.principal, auditor).await? } else { None };
    Ok(AccessBody {
        principal: (&row.principal).into(),
        role: row.role,
        permissions: row.permissions,
        until: row.until,
        paths: row.paths.into_iter().map(path).collect(),
        person,
    })
}

async fn shape(
    app: &AppState,
    meta: &RequestMeta,
    item: ItemName,
    people: bool,
    found: AccessPage,
) -> ApiResult<AccessList> {
    let mut data = Vec::with_capacity(found.rows.len());
    for access in found.rows {
        data.push(row(app, meta, people, access).await?);
    }
    let (time, position) = found.as_of;
    Ok(AccessList {
        item,
        as_of: AsOfBody { time, position },
        known_from: found.known_from,
        rules: found.rules,
        open_to: found.open_to,
        data,
        total: found.total.map(Into::into),
        next: found.next,
        position: found.position,
    })
}

fn word(name: &str, sent: Option<&str>, known: &str) -> ApiResult<bool> {
    match sent {
        None => Ok(false),
        Some(text) if text == known => Ok(true),
        Some(_) => Err(Problem::field(format!("query:{name}"), format!("`{known}` is expected"))),
    }
}

register! {
    get_access => RouteAccess::read(ALL),
        "A page of principals with access", TimeInFuture, CursorMismatch, ViewsUnavailable;
}

/// Who may do what with an item, now or at a past moment, and why
///
/// For those who may share it, and for auditors. Before `known_from` the answer is unknown, not
/// nobody.
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/access", tag = "lists")]
pub async fn get_access(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<AccessQuery>,
    meta: RequestMeta,
) -> ApiResult<Read<AccessList>> {
    let people = word("include", query.include.as_deref(), "people")?;
    // Groups have no members yet, so that expanding them changes nothing.
    word("expand", query.expand.as_deref(), "members")?;
    let now = app.clock.now();
    let as_of = parse_moment(query.at.as_deref(), query.at_position, now)?;
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: query.count }.page()?;
    let seen: VisibleItem = load_visible(&app, &meta, &item).await?;
    seen.require(Permission::Share)?;
    consistency::wait_for_position(&app, &meta, &[Model::ACCESS]).await?;
    if let AsOf::Position(position) = as_of {
        consistency::wait_briefly(&app, meta.wait, &[Model::ACCESS], position).await?;
    }
    let found = app.views.access_list(&item, as_of, now, &page).await?;
    let position = found.position;
    let list = shape(&app, &meta, ItemName::new(&item, &seen.state), people, found).await?;
    Ok(Read::new(&app, position, list))
}
