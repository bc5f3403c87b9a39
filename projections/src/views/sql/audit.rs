//! The audit trail by filter, in either order.

use super::{ModelReader, Sql, SqlViews, cell, one_more, page};
use crate::{
    AuditFilter, AuditOrder, AuditRow, CursorScope, Listing, Model, Page, Total, ViewError,
    audit::row::{TextCell, audit_row},
    value::{Row, Value},
};
use std::collections::HashMap;

const COLUMNS: &str = "e.position, e.idx, e.time, e.name, e.v, e.actor, e.anonymous, e.system, \
    e.app, e.token, e.item_kind, e.item_id, e.target_type, e.target_id, e.before, e.after, \
    e.ticket, e.command, e.undoes, e.source, e.sentence, \
    (SELECT r.rules FROM @rules r WHERE r.position <= e.position \
     ORDER BY r.position DESC LIMIT 1)";

fn conditions(filter: &AuditFilter) -> Sql {
    let mut sql = Sql::default();
    if let Some(item) = &filter.item {
        let (kind, id) = (sql.bind(item.kind.as_str()), sql.bind(item.id.as_str()));
        sql.and_where(format!("e.item_kind = {kind} AND e.item_id = {id}"));
    }
    if let Some(account) = &filter.account {
        let account = sql.bind(account.as_str());
        sql.and_where(format!(
            "(e.actor = {account} OR (e.target_id = {account} AND e.target_type = 'account'))"
        ));
    }
    if let Some(actor) = &filter.actor {
        let actor = sql.bind(actor.as_str());
        sql.and_where(format!("e.actor = {actor}"));
    }
    let names: Vec<String> = filter
        .types
        .iter()
        .map(|name| {
            let from = sql.bind(name.as_str());
            if name.ends_with('.') {
                let to = sql.bind(format!("{name}\u{10FFFF}"));
                format!("(e.name >= {from} AND e.name < {to})")
            } else {
                format!("e.name = {from}")
            }
        })
        .collect();
    if !names.is_empty() {
        sql.and_where(format!("({})", names.join(" OR ")));
    }
    let bounds = [
        ("e.position >=", filter.from_position.map(Value::from)),
        ("e.position <=", filter.to_position.map(Value::from)),
        ("e.time >=", filter.from_time.map(Value::from)),
        ("e.time <", filter.to_time.map(Value::from)),
    ];
    for (than, bound) in bounds {
        if let Some(bound) = bound {
            let bound = sql.bind(bound);
            sql.and_where(format!("{than} {bound}"));
        }
    }
    sql
}

/// Private texts of an event, by side and field; a null one was erased.
type Texts = HashMap<(u64, u32), Vec<TextCell>>;

impl SqlViews {
    pub(super) async fn trail(
        &self,
        filter: &AuditFilter,
        asked: &Page,
    ) -> Result<Listing<AuditRow>, ViewError> {
        let scope = CursorScope::new(&["audit", &format!("{filter:?}")]);
        let mut sql = conditions(filter);
        let mut reader = self.read(Model::AUDIT).await?;
        let total = if asked.count {
            let text = format!("SELECT count(*) FROM @events e WHERE {}", sql.where_clause());
            let value = reader.count(&text, &sql.parameters).await?;
            Some(Total { value, exact: true })
        } else {
            None
        };
        let (than, direction) = match filter.order {
            AuditOrder::NewestFirst => ("<", " DESC"),
            AuditOrder::OldestFirst => (">", ""),
        };
        if let Some(after) = &asked.after {
            let last = scope.decode(after, 2)?;
            let last: Vec<String> = last.into_iter().map(|key| sql.bind(key)).collect();
            sql.and_where(format!("(e.position, e.idx) {than} ({})", last.join(", ")));
        }
        let limit = sql.bind(one_more(asked.limit));
        let text = format!(
            "SELECT {COLUMNS} FROM @events e WHERE {} \
             ORDER BY e.position{direction}, e.idx{direction} LIMIT {limit}",
            sql.where_clause()
        );
        let rows = reader.rows(&text, &sql.parameters).await?;
        let (rows, more) = page(rows, asked.limit);
        let mut texts = reader.texts(&rows).await?;
        let position = reader.position;
        reader.end().await?;
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| scope.encode(row.get(..2).unwrap_or_default()));
        let whole = |row: &Row| {
            let id = (cell(row, 0).count()?, cell(row, 1).small()?);
            audit_row(row, &texts.remove(&id).unwrap_or_default())
        };
        let rows = rows.iter().map(whole).collect::<Result<_, _>>()?;
        Ok(Listing { rows, next, total, position })
    }
}

impl ModelReader {
    async fn texts(&mut self, rows: &[Row]) -> Result<Texts, ViewError> {
        let mut sql = Sql::default();
        let mut places: Vec<String> = Vec::with_capacity(rows.len());
        let mut before = None;
        for row in rows {
            let position = cell(row, 0);
            if before != Some(position) {
                places.push(sql.bind(position.clone()));
                before = Some(position);
            }
        }
        let Some(last) = places.last().cloned() else { return Ok(Texts::new()) };
        // Few different texts are prepared.
        places.resize(places.len().next_power_of_two(), last);
        let text = format!(
            "SELECT t.position, t.idx, t.side, t.field, t.text FROM @texts t \
             WHERE t.position IN ({})",
            places.join(", ")
        );
        let mut texts = Texts::new();
        for row in &self.rows(&text, &sql.parameters).await? {
            let event = (cell(row, 0).count()?, cell(row, 1).small()?);
            let text = cell(row, 4).optional(|cell| cell.text().map(ToOwned::to_owned))?;
            let named = (cell(row, 2).text()?.to_owned(), cell(row, 3).text()?.to_owned());
            texts.entry(event).or_default().push((named.0, named.1, text));
        }
        Ok(texts)
    }
}
