//! `POST /v1/items/lookup`: many items at once, as the caller sees each.

use crate::{
    extract::{QueryRequest, RequestMeta},
    problem::{ApiResult, Problem, ProblemType},
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        item_access::{VisibleItem, load_visible},
        shape::{ItemBody, List, Listed, item_body},
    },
};
use axum::extract::State;
use domain::{
    id::{ItemId, ItemRef, KindName},
    position::Position,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// At most so many at once.
const MAX_ITEMS: usize = 200;
/// So many are loaded at the same time.
const MAX_CONCURRENT_LOADS: usize = 16;

/// Which item.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object such as {\"kind\":\"history\",\"id\":\"8f3a\"}")]
pub struct ItemInput {
    /// Its kind.
    #[schema(value_type = String, example = "history")]
    kind: KindName,
    /// The application's own id of it.
    #[schema(value_type = String, example = "8f3a")]
    id: ItemId,
}

/// Which items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupItems {
    /// At most 200.
    items: Vec<ItemInput>,
}

/// One of the items.
#[derive(Debug, Serialize, ToSchema)]
pub struct LookupRow {
    /// Its kind, as asked.
    pub kind: String,
    /// Its id, as asked.
    pub id: String,
    /// Is there one that the caller may know of?
    pub found: bool,
    /// The item; null when there is none.
    pub item: Option<ItemBody>,
}

async fn row(
    app: &AppState,
    meta: &RequestMeta,
    item: ItemRef,
) -> ApiResult<(Position, LookupRow)> {
    let (kind, id) = (item.kind.to_string(), item.id.to_string());
    match load_visible(app, meta, &item).await.and_then(VisibleItem::require_not_retired) {
        Ok(seen) => {
            let body = item_body(&app.public_url, &item, &seen.state, seen.access, seen.now);
            Ok((seen.state.position, LookupRow { kind, id, found: true, item: Some(body) }))
        }
        Err(problem)
            if matches!(problem.kind(), ProblemType::NotFound | ProblemType::ItemRetired) =>
        {
            Ok((Position::START, LookupRow { kind, id, found: false, item: None }))
        }
        Err(problem) => Err(problem),
    }
}

register! {
    lookup_items => RouteAccess::read(ALL),
        "The items, in the order requested";
}

/// Many items at once
#[utoipa::path(post, path = "/v1/items/lookup", tag = "items")]
pub async fn lookup_items(
    State(app): State<AppState>,
    QueryRequest { meta, body }: QueryRequest<LookupItems>,
) -> ApiResult<Listed<LookupRow>> {
    let LookupItems { items } = body;
    if items.len() > MAX_ITEMS {
        return Err(Problem::field("/items", format!("at most {MAX_ITEMS} at once")));
    }
    let rows: Vec<(Position, LookupRow)> = stream::iter(items)
        .map(|ItemInput { kind, id }| row(&app, &meta, ItemRef { kind, id }))
        .buffered(MAX_CONCURRENT_LOADS)
        .try_collect()
        .await?;
    let last = rows.iter().map(|(position, _)| *position).max().unwrap_or_default();
    let position = meta.position_of(last.max(app.commands.last_acknowledged()));
    let data = rows.into_iter().map(|(_, row)| row).collect();
    let found = List { data, total: None, next: None, position };
    Ok(Listed::new(&app, position, found))
}
