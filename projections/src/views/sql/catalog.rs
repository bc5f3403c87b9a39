//! Searches the catalog for a reader, and orders the result.
//!
//! Words are matched as beginnings, each must occur; a word weighs by the field it is in, twice
//! when it is whole. All of it whole numbers, so that both engines rank alike.

use super::{ModelReader, Sql, SqlViews, cell, items::named, one_more, page};
use crate::{
    CatalogPage, CatalogQuery, CatalogRow, CursorScope, FacetCount, Facets, Model, SortField,
    Total, ViewError, Viewer, tokenizer, value::Row,
};

const COLUMNS: &str = "e.item_kind, e.item_id, e.title, e.description, e.tags, e.preview, e.slug, \
    o.owner, e.audience, e.groups, e.featured, e.published_at, e.updated_at, e.version";
/// How many of these there are; the keys of the order stand behind them.
const COLUMN_COUNT: usize = 14;
const ENTRIES: &str = "@entries e \
    JOIN @owners o ON o.item_kind = e.item_kind AND o.item_id = e.item_id";
/// Values of a facet at most.
const MAX_FACETS: u32 = 100;

fn catalog_row(row: &Row) -> Result<CatalogRow, ViewError> {
    let text = |place| cell(row, place).optional(|cell| cell.text().map(ToOwned::to_owned));
    Ok(CatalogRow {
        item: named(row)?,
        title: cell(row, 2).text()?.to_owned(),
        description: text(3)?,
        tags: cell(row, 4).json()?,
        preview: text(5)?,
        slug: text(6)?,
        owner: cell(row, 7).parse()?,
        audience: cell(row, 8).named()?,
        groups: cell(row, 9).json()?,
        featured: cell(row, 10).bool()?,
        published_at: cell(row, 11).time()?,
        updated_at: cell(row, 12).time()?,
        version: cell(row, 13).position()?,
    })
}

/// The entries that hold every word, each with its score.
fn matching(sql: &mut Sql, asked: &[String]) -> String {
    let each: Vec<String> = asked
        .iter()
        .map(|word| {
            let from = sql.bind(word.as_str());
            let to = sql.bind(format!("{word}\u{10FFFF}"));
            format!(
                "SELECT w.item_kind, w.item_id, \
                 max(w.weight * CASE WHEN w.word = {from} THEN 2 ELSE 1 END) AS weight \
                 FROM @words w WHERE w.word >= {from} AND w.word < {to} \
                 GROUP BY w.item_kind, w.item_id"
            )
        })
        .collect();
    format!(
        "(SELECT f.item_kind, f.item_id, CAST(sum(f.weight) AS bigint) AS score FROM ({}) f \
         GROUP BY f.item_kind, f.item_id HAVING count(*) = {})",
        each.join(" UNION ALL "),
        asked.len()
    )
}

/// What is searched and which conditions hold, without the cursor.
fn found(query: &CatalogQuery) -> (String, &'static str, Sql) {
    let mut sql = Sql::default();
    let mut from = ENTRIES.to_owned();
    let mut score = "CAST(0 AS bigint)";
    if let Some(text) = query.words.as_deref().filter(|text| !text.trim().is_empty()) {
        let asked = tokenizer::query_words(text);
        if asked.is_empty() {
            sql.and_where("false".to_owned());
        } else {
            let matching = matching(&mut sql, &asked);
            from = format!(
                "{matching} m \
                 JOIN @entries e ON e.item_kind = m.item_kind AND e.item_id = m.item_id \
                 JOIN @owners o ON o.item_kind = e.item_kind AND o.item_id = e.item_id"
            );
            score = "m.score";
        }
    }
    conditions(&mut sql, query);
    (from, score, sql)
}

fn conditions(sql: &mut Sql, query: &CatalogQuery) {
    match &query.viewer {
        Viewer::Everything => {}
        Viewer::Anonymous => sql.and_where("e.audience = 'anyone'".to_owned()),
        Viewer::Account(account) => {
            let owner = sql.bind(account.as_str());
            sql.and_where(format!("(e.audience IN ('anyone', 'internal') OR o.owner = {owner})"));
        }
    }
    if let Some(kind) = &query.kind {
        let kind = sql.bind(kind.as_str());
        sql.and_where(format!("e.item_kind = {kind}"));
    }
    if let Some(owner) = &query.owner {
        let owner = sql.bind(owner.as_str());
        sql.and_where(format!("o.owner = {owner}"));
    }
    if let Some(tag) = &query.tag {
        let tag = sql.bind(tokenizer::sort_key(tag));
        sql.and_where(format!(
            "EXISTS (SELECT 1 FROM @tags t WHERE t.item_kind = e.item_kind \
             AND t.item_id = e.item_id AND t.tag = {tag})"
        ));
    }
    if let Some(from) = query.published_from {
        let from = sql.bind(from);
        sql.and_where(format!("e.published_at >= {from}"));
    }
    if let Some(to) = query.published_to {
        let to = sql.bind(to);
        sql.and_where(format!("e.published_at < {to}"));
    }
}

/// The keys of the order and whether the largest come first.
fn order(query: &CatalogQuery, score: &'static str) -> (Vec<&'static str>, bool) {
    let sort = query.sort;
    let keys = match sort.field {
        // "Best first" is the plain direction of relevance.
        SortField::Relevance => {
            let keys = vec![score, "e.featured", "e.published_at", "e.item_kind", "e.item_id"];
            return (keys, !sort.descending);
        }
        SortField::Title => vec!["e.title_sort", "e.item_kind", "e.item_id"],
        SortField::PublishedAt => vec!["e.published_at", "e.item_kind", "e.item_id"],
        SortField::UpdatedAt => vec!["e.updated_at", "e.item_kind", "e.item_id"],
        SortField::Owner => vec!["o.owner", "e.item_kind", "e.item_id"],
    };
    (keys, sort.descending)
}

/// What a cursor of this search is bound to.
fn cursor_scope(query: &CatalogQuery) -> CursorScope {
    let page = crate::Page::default();
    let query = CatalogQuery { page, facets: false, ..query.clone() };
    CursorScope::new(&["catalog", &format!("{query:?}")])
}

impl SqlViews {
    pub(super) async fn search(&self, query: &CatalogQuery) -> Result<CatalogPage, ViewError> {
        let cursors = cursor_scope(query);
        let (from, score, mut sql) = found(query);
        let (keys, descending) = order(query, score);
        let mut reader = self.read(Model::CATALOG).await?;
        let total = if query.page.count {
            let text = format!("SELECT count(*) FROM {from} WHERE {}", sql.where_clause());
            let value = reader.count(&text, &sql.parameters).await?;
            Some(Total { value, exact: true })
        } else {
            None
        };
        let facets = if query.facets { Some(reader.facets(&from, &sql).await?) } else { None };
        if let Some(after) = &query.page.after {
            let last = cursors.decode(after, keys.len())?;
            let last: Vec<String> = last.into_iter().map(|key| sql.bind(key)).collect();
            let than = if descending { "<" } else { ">" };
            sql.and_where(format!("({}) {than} ({})", keys.join(", "), last.join(", ")));
        }
        let direction = if descending { " DESC" } else { "" };
        let order: Vec<String> = keys.iter().map(|key| format!("{key}{direction}")).collect();
        let limit = sql.bind(one_more(query.page.limit));
        let text = format!(
            "SELECT {COLUMNS}, {} FROM {from} WHERE {} ORDER BY {} LIMIT {limit}",
            keys.join(", "),
            sql.where_clause(),
            order.join(", "),
        );
        let rows = reader.rows(&text, &sql.parameters).await?;
        let position = reader.position;
        reader.end().await?;
        let (rows, more) = page(rows, query.page.limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| cursors.encode(row.get(COLUMN_COUNT..).unwrap_or_default()));
        let rows = rows.iter().map(catalog_row).collect::<Result<_, _>>()?;
        Ok(CatalogPage { rows, next, total, facets, position })
    }
}

impl ModelReader {
    async fn facets(&mut self, from: &str, sql: &Sql) -> Result<Facets, ViewError> {
        let wanted = sql.where_clause();
        let kinds = format!(
            "SELECT e.item_kind, count(*) FROM {from} WHERE {wanted} \
             GROUP BY e.item_kind ORDER BY count(*) DESC, e.item_kind LIMIT {MAX_FACETS}"
        );
        let tags = format!(
            "SELECT x.tag, count(*) FROM {from} \
             JOIN @tags x ON x.item_kind = e.item_kind AND x.item_id = e.item_id WHERE {wanted} \
             GROUP BY x.tag ORDER BY count(*) DESC, x.tag LIMIT {MAX_FACETS}"
        );
        Ok(Facets {
            kind: counts(&self.rows(&kinds, &sql.parameters).await?)?,
            tag: counts(&self.rows(&tags, &sql.parameters).await?)?,
        })
    }
}

fn counts(rows: &[Row]) -> Result<Vec<FacetCount>, ViewError> {
    let count = |row| {
        let value = cell(row, 0).text()?.to_owned();
        Ok(FacetCount { value, count: cell(row, 1).count()? })
    };
    rows.iter().map(count).collect()
}
