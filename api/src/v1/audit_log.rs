//! `GET /v1/items/{kind}/{id}/history` and `GET /v1/audit/events`: the history of an item and the
//! audit trail.

use super::{
    consistency,
    input::AccountFilter,
    item_access::load_visible,
    shape::{AuditEvent, List, Listed},
};
use crate::{
    extract::{ItemPath, ListQuery, Params, RequestMeta, bound},
    problem::{ApiResult, Problem},
    routing::{ALL, OVERSEERS, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use domain::{event::EventType, id::ItemRef, position::Position, role::Permission, time::Time};
use projections::{AuditFilter, AuditOrder, Model, ViewError};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which order.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderName {
    /// The last event first.
    #[default]
    Newest,
    /// The first event first.
    Oldest,
}

impl From<OrderName> for AuditOrder {
    fn from(name: OrderName) -> Self {
        match name {
            OrderName::Newest => Self::NewestFirst,
            OrderName::Oldest => Self::OldestFirst,
        }
    }
}

/// The parameters of a history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Stored names of events, separated by commas; one that ends in a dot is a beginning.
    #[serde(rename = "type")]
    types: Option<String>,
    /// `newest` (usual) or `oldest` first.
    #[param(inline)]
    #[serde(default)]
    order: OrderName,
    /// At most so many rows: 1 to 200, usually 50.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Count all rows too.
    #[serde(default)]
    count: bool,
}

/// The parameters of the audit trail.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// About this item, `kind:id`.
    item: Option<String>,
    /// By or about this account: `account:ID`, or the id alone.
    #[param(value_type = Option<String>)]
    account: Option<AccountFilter>,
    /// By this account: `account:ID`, or the id alone.
    #[param(value_type = Option<String>)]
    actor: Option<AccountFilter>,
    /// Stored names of events, separated by commas; one that ends in a dot is a beginning.
    #[serde(rename = "type")]
    types: Option<String>,
    /// At or after this position.
    from_position: Option<u64>,
    /// At or before this position.
    to_position: Option<u64>,
    /// At or after this instant, or from the beginning of this date on (UTC).
    from: Option<String>,
    /// Before this instant, or until the end of this date (UTC).
    to: Option<String>,
    /// `newest` (usual) or `oldest` first.
    #[param(inline)]
    #[serde(default)]
    order: OrderName,
    /// At most so many rows: 1 to 200, usually 50.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Count all rows too.
    #[serde(default)]
    count: bool,
}

/// Stored names of events, or beginnings of them, separated by commas.
pub(super) fn types(text: Option<&str>) -> ApiResult<Vec<String>> {
    let names = text.iter().flat_map(|text| text.split(','));
    names
        .map(|name| {
            let known = EventType::ALL.iter().any(|known| known.passes(name));
            if known {
                Ok(name.to_owned())
            } else {
                Err(Problem::field("query:type", no_event(name)))
            }
        })
        .collect()
}

/// What is said of a name that no event has: the names that may have been meant.
pub(super) fn no_event(name: &str) -> String {
    let family = name.split_once('.').map_or(name, |(family, _)| family);
    let of_family = |known: &&str| {
        known.strip_prefix(family).is_some_and(|rest| !family.is_empty() && rest.starts_with('.'))
    };
    let names = EventType::ALL.iter().map(|known| known.name());
    let known: Vec<&str> = names.filter(of_family).collect();
    if !known.is_empty() {
        return format!(
            "no event is called `{name}`: there are {}; `{family}.` with the dot means all of them",
            known.join(", ")
        );
    }
    let families = EventType::ALL.iter().map(|known| format!("{}.", known.family()));
    let mut families: Vec<String> = families.collect();
    families.sort_unstable();
    families.dedup();
    format!("no event is called `{name}`: names begin with {}", families.join(", "))
}

/// A range of positions; one that nothing can lie in is refused.
fn positions(from: Option<u64>, to: Option<u64>) -> ApiResult<[Option<Position>; 2]> {
    for (name, position) in [("from_position", from), ("to_position", to)] {
        if position == Some(0) {
            return Err(Problem::field(format!("query:{name}"), "positions begin with 1"));
        }
    }
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        let detail = format!("position {to} lies before `from_position`, {from}");
        return Err(Problem::field("query:to_position", detail));
    }
    Ok([from, to].map(|position| position.map(Position)))
}

/// The same of times.
fn times(from: Option<&str>, to: Option<&str>) -> ApiResult<[Option<Time>; 2]> {
    let (from, to) = (bound("from", from, false)?, bound("to", to, true)?);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Problem::field("query:to", format!("{to} lies before `from`, {from}")));
    }
    Ok([from, to])
}

async fn answer(
    app: &AppState,
    meta: &RequestMeta,
    filter: &AuditFilter,
    page: ListQuery,
) -> ApiResult<Listed<AuditEvent>> {
    let page = page.page()?;
    consistency::wait_for_position(app, meta, &[Model::AUDIT]).await?;
    let furthest = filter.from_position.max(filter.to_position);
    if let Some(position) = furthest {
        consistency::wait_briefly(app, meta.wait, &[Model::AUDIT], position).await?;
    }
    let found = app.views.audit(filter, &page).await?;
    let position = found.position;
    if let Some(asked) = furthest.filter(|asked| *asked > position) {
        let end = app.log.head().await.map_err(commands::CommandError::from)?.position;
        let late = asked <= end;
        let error = if late {
            ViewError::NotYet { position }
        } else {
            ViewError::Future { asked, position: end }
        };
        return Err(error.into());
    }
    let list: List<AuditEvent> = List::from_listing(found, Into::into);
    Ok(Listed::new(app, position, list))
}

register! {
    get_history => RouteAccess::read(ALL),
        "A page of events", CursorMismatch, ViewsUnavailable;
    list_audit_events => RouteAccess::read(OVERSEERS),
        "A page of events", CursorMismatch, ViewsUnavailable;
}

/// What happened to an item
///
/// For those who may share it, and for auditors.
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/history", tag = "lists")]
pub async fn get_history(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<HistoryQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<AuditEvent>> {
    let filter = AuditFilter {
        item: Some(item.clone()),
        types: types(query.types.as_deref())?,
        order: query.order.into(),
        ..AuditFilter::default()
    };
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: query.count };
    let seen = load_visible(&app, &meta, &item).await?;
    seen.require(Permission::Share)?;
    answer(&app, &meta, &filter, page).await
}

/// The audit trail
#[utoipa::path(get, path = "/v1/audit/events", tag = "audit")]
pub async fn list_audit_events(
    State(app): State<AppState>,
    Params(query): Params<AuditQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<AuditEvent>> {
    let item = query.item.as_deref().map(str::parse::<ItemRef>).transpose();
    let [from_position, to_position] = positions(query.from_position, query.to_position)?;
    let [from_time, to_time] = times(query.from.as_deref(), query.to.as_deref())?;
    let filter = AuditFilter {
        item: item.map_err(|error| Problem::field("query:item", error.to_string()))?,
        account: query.account.map(Into::into),
        actor: query.actor.map(Into::into),
        types: types(query.types.as_deref())?,
        from_position,
        to_position,
        from_time,
        to_time,
        order: query.order.into(),
    };
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: query.count };
    answer(&app, &meta, &filter, page).await
}
