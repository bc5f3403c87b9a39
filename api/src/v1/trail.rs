//! `GET /v1/items/{kind}/{id}/history` and `GET /v1/audit/events`: what happened, by whom, and why.

use super::{
    eyes::look,
    fresh,
    shape::{AuditEvent, List, Page},
};
use crate::{
    extract::{Head, ItemPath, ListQuery, Params, instant},
    problem::{Fallible, Problem},
    state::AppState,
};
use axum::{extract::State, response::Response};
use domain::{
    event::CATALOG,
    id::{AccountId, ItemRef},
    position::Position,
    role::Permission,
};
use projections::{AuditFilter, AuditOrder, Model};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_history)).routes(routes!(list_audit_events))
}

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
    /// By or about this account.
    #[param(value_type = Option<String>)]
    account: Option<AccountId>,
    /// By this account.
    #[param(value_type = Option<String>)]
    actor: Option<AccountId>,
    /// Stored names of events, separated by commas; one that ends in a dot is a beginning.
    #[serde(rename = "type")]
    types: Option<String>,
    /// At or after this position.
    from_position: Option<u64>,
    /// At or before this position.
    to_position: Option<u64>,
    /// At or after this instant.
    from: Option<String>,
    /// Before this instant.
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
pub(super) fn types(text: Option<&str>) -> Fallible<Vec<String>> {
    let names = text.iter().flat_map(|text| text.split(','));
    names
        .map(|name| {
            let known = CATALOG.iter().any(|(known, _)| {
                *known == name || (name.ends_with('.') && known.starts_with(name))
            });
            if known {
                Ok(name.to_owned())
            } else {
                Err(Problem::field("query:type", format!("no event is called `{name}`")))
            }
        })
        .collect()
}

async fn answer(
    app: &AppState,
    head: &Head,
    filter: &AuditFilter,
    page: ListQuery,
) -> Fallible<Response> {
    let page = page.page()?;
    fresh::catch_up(app, head, &[Model::Audit]).await?;
    let found = app.views.audit(filter, &page).await?;
    let position = found.position;
    let list: List<AuditEvent> = List::of(found, Into::into);
    Ok(Page { app, position, version: None }.json(head, list))
}

/// What happened to an item
///
/// For those who may share it, and for auditors.
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/history", tag = "lists", params(HistoryQuery),
    responses((status = 200, description = "A page", body = List<AuditEvent>)))]
pub async fn get_history(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<HistoryQuery>,
    head: Head,
) -> Fallible<Response> {
    let filter = AuditFilter {
        item: Some(item.clone()),
        types: types(query.types.as_deref())?,
        order: query.order.into(),
        ..AuditFilter::default()
    };
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: query.count };
    let seen = look(&app, &head, &item).await?;
    seen.needs(Permission::Share)?;
    answer(&app, &head, &filter, page).await
}

/// The audit trail
#[utoipa::path(get, path = "/v1/audit/events", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page", body = List<AuditEvent>)))]
pub async fn list_audit_events(
    State(app): State<AppState>,
    Params(query): Params<AuditQuery>,
    head: Head,
) -> Fallible<Response> {
    let item = query.item.as_deref().map(str::parse::<ItemRef>).transpose();
    let filter = AuditFilter {
        item: item.map_err(|error| Problem::field("query:item", error.to_string()))?,
        account: query.account,
        actor: query.actor,
        types: types(query.types.as_deref())?,
        from_position: query.from_position.map(Position),
        to_position: query.to_position.map(Position),
        from_time: query.from.as_deref().map(|text| instant("from", text)).transpose()?,
        to_time: query.to.as_deref().map(|text| instant("to", text)).transpose()?,
        order: query.order.into(),
    };
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: query.count };
    answer(&app, &head, &filter, page).await
}
