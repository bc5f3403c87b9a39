//! `GET /v1/catalog`: the published items, for any caller.

use super::{
    consistency,
    input::AccountFilter,
    shape::{TotalBody, item_address, words},
};
use crate::{
    answer::Read,
    extract::{ListQuery, Params, RequestMeta, bound},
    problem::{ApiResult, Problem},
    routing::{Callers, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use commands::Caller;
use domain::{
    event::{CallerRole, CatalogAudience},
    id::{AccountId, KindName},
    position::Position,
    time::Time,
};
use projections::{CatalogQuery, CatalogRow, FacetCount, Model, Sort, SortField, Viewer};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};

/// The longest search text, in characters.
const MAX_SEARCH_CHARS: usize = 500;

/// The parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CatalogParams {
    /// Words that all must occur; the last one may be a beginning.
    q: Option<String>,
    /// Of this kind.
    #[param(value_type = Option<String>)]
    kind: Option<KindName>,
    /// With this tag.
    tag: Option<String>,
    /// Of this owner: `account:ID`, or the id alone.
    #[param(value_type = Option<String>)]
    owner: Option<AccountFilter>,
    /// Published at or after: an instant, or a date (its beginning).
    published_from: Option<String>,
    /// Published before: an instant, or a date (its end).
    published_to: Option<String>,
    /// `relevance`, `title`, `published_at`, `updated_at` or `owner`; with `-` in front the
    /// largest first.
    sort: Option<String>,
    /// At most so many rows: 1 to 200, usually 50.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Count all rows too.
    #[serde(default)]
    count: bool,
}

/// Who owns an entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogOwner {
    /// The account.
    #[schema(value_type = String)]
    pub id: AccountId,
    /// The name to show; names of people are not published.
    pub name: Option<String>,
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogEntry {
    /// The item's kind.
    pub kind: String,
    /// The application's own id of it.
    pub id: String,
    /// Title.
    pub title: String,
    /// Longer text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Who owns it.
    pub owner: CatalogOwner,
    /// Who sees the entry.
    #[schema(value_type = words::CatalogAudience)]
    pub audience: CatalogAudience,
    /// Address of a preview picture.
    pub preview: Option<String>,
    /// Where a person finds it.
    pub address: String,
    /// The readable part of its address.
    pub slug: Option<String>,
    /// Chosen by an administrator.
    pub featured: bool,
    /// When it was published.
    #[schema(value_type = words::Instant)]
    pub published_at: Time,
    /// When the entry last changed.
    #[schema(value_type = words::Instant)]
    pub updated_at: Time,
}

/// A value and how many entries have it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetBody {
    /// The value.
    pub value: String,
    /// How many.
    pub count: u64,
}

/// Counts over the whole result.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct FacetsBody {
    /// By kind.
    pub kind: Vec<FacetBody>,
    /// By tag.
    pub tag: Vec<FacetBody>,
}

/// A page of the catalog.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogBody {
    /// The entries.
    pub data: Vec<CatalogEntry>,
    /// Counts over the whole result; on the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<FacetsBody>,
    /// How many in all, when asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<TotalBody>,
    /// The cursor of the page after; null = this is the last.
    pub next: Option<String>,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

fn entry(public_url: &Url, row: CatalogRow) -> CatalogEntry {
    CatalogEntry {
        address: item_address(public_url, &row.item),
        kind: row.item.kind.into(),
        id: row.item.id.into(),
        title: row.title,
        description: row.description,
        tags: row.tags,
        owner: CatalogOwner { id: row.owner, name: None },
        audience: row.audience,
        preview: row.preview,
        slug: row.slug,
        featured: row.featured,
        published_at: row.published_at,
        updated_at: row.updated_at,
    }
}

fn facets(counts: Vec<FacetCount>) -> Vec<FacetBody> {
    counts.into_iter().map(|FacetCount { value, count }| FacetBody { value, count }).collect()
}

fn sort(text: Option<&str>, searching: bool) -> ApiResult<Sort> {
    let Some(text) = text else {
        let relevance = Sort { field: SortField::Relevance, descending: true };
        return Ok(if searching { relevance } else { Sort::default() });
    };
    let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
    let field = match name {
        "relevance" => return Ok(Sort { field: SortField::Relevance, descending: true }),
        "title" => SortField::Title,
        "published_at" => SortField::PublishedAt,
        "updated_at" => SortField::UpdatedAt,
        "owner" => SortField::Owner,
        _ => {
            let detail = "relevance, title, published_at, updated_at or owner, or one of these \
                          with - in front";
            return Err(Problem::field("query:sort", detail));
        }
    };
    Ok(Sort { field, descending })
}

fn viewer(caller: &Caller) -> Viewer {
    match (caller.role, &caller.account) {
        (CallerRole::Auditor, _) => Viewer::Everything,
        (_, Some(account)) => Viewer::Account(account.clone()),
        _ if caller.unrestricted() => Viewer::Everything,
        _ => Viewer::Anonymous,
    }
}

register! {
    get_catalog => RouteAccess::read(Callers::Anyone),
        "A page of catalog entries", CursorMismatch, ViewsUnavailable;
}

/// What is published
///
/// Without a token: what anyone may see. Featured entries and newer ones come first among equals.
#[utoipa::path(get, path = "/v1/catalog", tag = "catalog")]
pub async fn get_catalog(
    State(app): State<AppState>,
    Params(query): Params<CatalogParams>,
    meta: RequestMeta,
) -> ApiResult<Read<CatalogBody>> {
    let words = query.q.filter(|words| !words.trim().is_empty());
    if words.as_ref().is_some_and(|words| words.chars().count() > MAX_SEARCH_CHARS) {
        return Err(Problem::field("query:q", format!("at most {MAX_SEARCH_CHARS} characters")));
    }
    let first = query.cursor.is_none();
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: query.count }.page()?;
    let asked = CatalogQuery {
        sort: sort(query.sort.as_deref(), words.is_some())?,
        words,
        kind: query.kind,
        tag: query.tag,
        owner: query.owner.map(Into::into),
        published_from: bound("published_from", query.published_from.as_deref(), false)?,
        published_to: bound("published_to", query.published_to.as_deref(), true)?,
        viewer: viewer(&meta.caller),
        facets: first,
        page,
    };
    consistency::wait_for_position(&app, &meta, &[Model::CATALOG]).await?;
    let found = app.views.catalog(&asked).await?;
    let position = found.position;
    let body = CatalogBody {
        data: found.rows.into_iter().map(|row| entry(&app.public_url, row)).collect(),
        facets: found
            .facets
            .map(|counts| FacetsBody { kind: facets(counts.kind), tag: facets(counts.tag) }),
        total: found.total.map(Into::into),
        next: found.next,
        position,
    };
    Ok(Read::new(&app, position, body))
}
