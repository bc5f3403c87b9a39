//! `/catalog`: what has been published for everyone.

use super::view::{Frame, HtmlPage};
use crate::AppState;
use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use domain::{
    id::{AccountId, KindName},
    position::Position,
};
use projections::{
    CatalogPage, CatalogQuery, CatalogRow, FacetCount, Model, Page, Sort, SortField, ViewError,
    Viewer,
};
use url::form_urlencoded;

/// Entries on a page.
const PAGE_SIZE: u32 = 24;
/// Values to narrow down by, of each sort.
const MAX_FACETS: usize = 8;

#[derive(Template)]
#[template(path = "catalog.html")]
struct Catalog {
    frame: Frame,
    words: String,
    kept: Vec<(&'static str, String)>,
    narrow: Vec<Facet>,
    summary: String,
    entries: Vec<Entry>,
    next: Option<String>,
}

struct Facet {
    label: String,
    count: u64,
    on: bool,
    address: String,
}

struct Entry {
    kind: String,
    title: String,
    description: Option<String>,
    preview: Option<String>,
    owner: String,
    published: String,
    featured: bool,
    address: String,
}

/// What the visitor looks for, as the query of the address says it.
#[derive(Debug, Clone, Default)]
struct CatalogFilter {
    words: String,
    kind: Option<String>,
    tag: Option<String>,
    owner: Option<String>,
    cursor: Option<String>,
}

pub(super) async fn show(State(app): State<AppState>, RawQuery(query): RawQuery) -> HtmlPage {
    let filter = CatalogFilter::parse(query.as_deref().unwrap_or_default());
    let Some(query) = filter.query() else { return bad_request() };
    if let Err(page) = catch_up(&app).await {
        return page;
    }
    match app.views.catalog(&query).await {
        Ok(found) => HtmlPage::new(&filter.shown(found)),
        Err(ViewError::Cursor) => bad_request(),
        Err(error) => unavailable(&error),
    }
}

/// What this node has recorded is to be seen, if that takes but a moment.
async fn catch_up(app: &AppState) -> Result<(), HtmlPage> {
    let position = app.commands.last_acknowledged();
    if position == Position::START {
        return Ok(());
    }
    match app.views.wait_for(&[Model::CATALOG], position, app.limits.own_writes_wait).await {
        Ok(_) | Err(ViewError::NotYet { .. }) => Ok(()),
        Err(error) => Err(unavailable(&error)),
    }
}

fn unavailable(error: &ViewError) -> HtmlPage {
    tracing::warn!(%error, "the catalog cannot be shown");
    HtmlPage::unavailable()
}

fn bad_request() -> HtmlPage {
    HtmlPage::message(
        StatusCode::BAD_REQUEST,
        "This search is not valid",
        "The address may be mistyped or out of date. Start again from the catalog.",
    )
}

impl CatalogFilter {
    fn parse(query: &str) -> Self {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value: String = value.chars().take(2000).collect();
            let value = Some(value).filter(|value| !value.is_empty());
            match &*name {
                "q" => filter.words = value.unwrap_or_default().chars().take(200).collect(),
                "kind" => filter.kind = value,
                "tag" => filter.tag = value,
                "owner" => filter.owner = value,
                "cursor" => filter.cursor = value,
                _ => {}
            }
        }
        filter
    }

    /// The query to the read side; `None` = a parameter is not valid.
    fn query(&self) -> Option<CatalogQuery> {
        let searching = !self.words.trim().is_empty();
        let field = if searching { SortField::Relevance } else { SortField::PublishedAt };
        Some(CatalogQuery {
            words: searching.then(|| self.words.clone()),
            kind: self.kind.as_deref().map(KindName::parse).transpose().ok()?,
            tag: self.tag.clone(),
            owner: self.owner.as_deref().map(AccountId::parse).transpose().ok()?,
            sort: Sort { field, descending: true },
            viewer: Viewer::Anonymous,
            facets: true,
            page: Page { limit: PAGE_SIZE, after: self.cursor.clone(), count: true },
            ..CatalogQuery::default()
        })
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let words = Some(self.words.as_str()).filter(|words| !words.is_empty());
        [
            ("q", words),
            ("kind", self.kind.as_deref()),
            ("tag", self.tag.as_deref()),
            ("owner", self.owner.as_deref()),
            ("cursor", self.cursor.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    fn address(&self) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish();
        if query.is_empty() { "/catalog".to_owned() } else { format!("/catalog?{query}") }
    }

    fn shown(&self, found: CatalogPage) -> Catalog {
        let first = Self { cursor: None, ..self.clone() };
        let facets = found.facets.unwrap_or_default();
        let mut narrow = first.narrowed(&facets.kind, first.kind.as_ref(), |filter, kind| {
            filter.kind = kind;
        });
        narrow.extend(first.narrowed(&facets.tag, first.tag.as_ref(), |filter, tag| {
            filter.tag = tag;
        }));
        if let Some(owner) = &self.owner {
            let address = Self { owner: None, ..first.clone() }.address();
            narrow.push(Facet { label: format!("by {owner}"), count: 0, on: true, address });
        }
        let next = found.next.map(|cursor| Self { cursor: Some(cursor), ..self.clone() });
        Catalog {
            frame: Frame,
            words: self.words.clone(),
            kept: first
                .fields()
                .filter(|(name, _)| *name != "q")
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            narrow,
            summary: summary(found.total.map(|total| total.value), found.rows.len()),
            entries: found.rows.into_iter().map(Entry::from).collect(),
            next: next.map(|filter| filter.address()),
        }
    }

    /// Links that set a filter, or take it away where it is set.
    fn narrowed(
        &self,
        counts: &[FacetCount],
        set: Option<&String>,
        change: impl Fn(&mut Self, Option<String>),
    ) -> Vec<Facet> {
        let with = |value: Option<&String>| {
            let mut filter = self.clone();
            change(&mut filter, value.cloned());
            filter.address()
        };
        if let Some(label) = set {
            return vec![Facet { label: label.clone(), count: 0, on: true, address: with(None) }];
        }
        let shown = counts.iter().take(MAX_FACETS).map(|facet| Facet {
            label: facet.value.clone(),
            count: facet.count,
            on: false,
            address: with(Some(&facet.value)),
        });
        shown.collect()
    }
}

fn summary(total: Option<u64>, here: usize) -> String {
    match total.unwrap_or(here as u64) {
        0 => "Nothing found.".to_owned(),
        1 => "One published item.".to_owned(),
        n => format!("{n} published items."),
    }
}

impl From<CatalogRow> for Entry {
    fn from(row: CatalogRow) -> Self {
        Self {
            kind: row.item.kind.to_string().replace('_', " "),
            title: row.title,
            description: row.description,
            preview: row.preview.filter(|preview| preview.starts_with("https://")),
            owner: row.owner.to_string(),
            published: row.published_at.day_in_words(),
            featured: row.featured,
            address: format!("/i/{}/{}", row.item.kind, row.item.id),
        }
    }
}
