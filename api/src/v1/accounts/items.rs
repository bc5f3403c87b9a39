//! `GET /v1/accounts/{account}/items`: the items that an account owns, has received, or shares.

use super::concerns;
use crate::{
    extract::{AccountPath, ListQuery, Params, RequestMeta, typed_in_path},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        consistency,
        shape::{List, Listed, PrincipalBody, item_address, words},
    },
};
use axum::extract::State;
use domain::{
    event::{CatalogAudience, Visibility},
    lifecycle::Lifecycle,
    position::Position,
    role::{Permissions, Role},
    time::Time,
};
use projections::{ItemRow, Model, Relation};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};

/// How the account and its items belong together.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelationName {
    /// It owns them.
    Owned,
    /// It has an open grant on them.
    SharedWith,
    /// It owns them, and somebody else has access.
    SharedBy,
}

impl From<RelationName> for Relation {
    fn from(name: RelationName) -> Self {
        match name {
            RelationName::Owned => Self::Owned,
            RelationName::SharedWith => Self::SharedWith,
            RelationName::SharedBy => Self::SharedBy,
        }
    }
}

/// The parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemsQuery {
    /// How the account and the items belong together.
    #[param(inline)]
    relation: RelationName,
    /// At most so many rows: 1 to 200, usually 50.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Count all rows too.
    #[serde(default)]
    count: bool,
}

/// An item in the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountItem {
    /// Its kind.
    pub kind: String,
    /// The application's own id of it.
    pub id: String,
    /// Who owns it.
    pub owner: PrincipalBody,
    /// Title; null = none, or erased.
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
    #[schema(value_type = words::Lifecycle)]
    pub state: Lifecycle,
    /// Who sees it without a grant.
    #[schema(value_type = words::Visibility)]
    pub visibility: Visibility,
    /// For whom it is in the catalog; null = it is not.
    #[schema(value_type = Option<words::CatalogAudience>)]
    pub published: Option<CatalogAudience>,
    /// Where a person finds it.
    pub address: String,
    /// The strongest role of the account.
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// What the account may do.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// When the first of these permissions ends by the clock.
    #[schema(value_type = Option<words::Instant>)]
    pub until: Option<Time>,
    /// When it was registered.
    #[schema(value_type = words::Instant)]
    pub registered_at: Time,
    /// When it last changed.
    #[schema(value_type = words::Instant)]
    pub updated_at: Time,
    /// Position of that change.
    #[schema(value_type = u64)]
    pub version: Position,
}

fn row(public_url: &Url, row: ItemRow) -> AccountItem {
    AccountItem {
        address: item_address(public_url, &row.item),
        kind: row.item.kind.into(),
        id: row.item.id.into(),
        owner: PrincipalBody::account(&row.owner),
        title: row.title,
        description: row.description,
        tags: row.tags,
        preview: row.preview,
        in_library: row.in_library,
        state: row.lifecycle,
        visibility: row.visibility,
        published: row.published,
        role: row.role,
        permissions: row.permissions,
        until: row.until,
        registered_at: row.registered_at,
        updated_at: row.updated_at,
        version: row.version,
    }
}

register! {
    list_account_items => RouteAccess::read(ALL),
        "A page of items", CursorMismatch, ViewsUnavailable;
}

/// The items that an account owns, has got, or shares
#[utoipa::path(get, path = "/v1/accounts/{account}/items", tag = "accounts")]
pub async fn list_account_items(
    State(app): State<AppState>,
    AccountPath { account }: AccountPath,
    Params(query): Params<ItemsQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<AccountItem>> {
    let id = account.resolve(meta.caller.account.as_ref())?;
    if !concerns(&meta.caller, &id, true) {
        return Err(Problem::not_found("account"));
    }
    let ItemsQuery { relation, limit, cursor, count } = query;
    let page = ListQuery { limit, cursor, count }.page()?;
    consistency::wait_for_position(&app, &meta, &[Model::ACCESS]).await?;
    let found = app.views.items_of(&id, relation.into(), app.clock.now(), &page).await?;
    if found.rows.is_empty()
        && let Some(problem) = typed_in_path("account", id.as_str())
    {
        return Err(problem);
    }
    let position = found.position;
    let list = List::from_listing(found, |found| row(&app.public_url, found));
    Ok(Listed::new(&app, position, list))
}
