//! The items of an account, and look-up of named ones.

use super::{
    ModelReader, Sql, SqlViews, access::summary, cell, item_facts::terms, moment::not_inactive,
    one_more, page,
};
use crate::{
    CursorScope, Found, ItemRow, Listing, Model, Page, Relation, Total, ViewError,
    value::{Row, Value},
};
use domain::{
    id::{AccountId, ItemRef},
    lifecycle::Lifecycle,
    role::{Permissions, Role, effective},
    time::{Time, Window},
};
use std::collections::{BTreeMap, HashMap};

/// What an account may do with an item, and until when.
type Rights = (Permissions, Option<Time>);

/// Open grants, links, visibility or a catalog entry, by which others see an item `s` at instant
/// `{at}`.
const SHARED: &str = "(EXISTS (SELECT 1 FROM @grants g \
      WHERE g.item_kind = s.item_kind AND g.item_id = s.item_id \
        AND (g.starts_at IS NULL OR g.starts_at <= {at}) \
        AND (g.ends_at IS NULL OR g.ends_at > {at})) \
   OR EXISTS (SELECT 1 FROM @links l \
      WHERE l.item_kind = s.item_kind AND l.item_id = s.item_id \
        AND (l.starts_at IS NULL OR l.starts_at <= {at}) \
        AND (l.ends_at IS NULL OR l.ends_at > {at})) \
   OR EXISTS (SELECT 1 FROM @visibilities v \
      WHERE v.item_kind = s.item_kind AND v.item_id = s.item_id) \
   OR EXISTS (SELECT 1 FROM @publications p \
      WHERE p.item_kind = s.item_kind AND p.item_id = s.item_id))";

const ITEM: &str = "SELECT s.item_kind, s.item_id, s.owner, i.title, i.description, i.tags, \
   i.preview, i.in_library, s.lifecycle, v.visibility, p.audience, i.registered_at, i.updated_at, \
   i.version, \
   (SELECT count(*) FROM @grants g WHERE g.item_kind = s.item_kind AND g.item_id = s.item_id), \
   (SELECT count(*) FROM @links l WHERE l.item_kind = s.item_kind AND l.item_id = s.item_id) \
   FROM @states s \
   JOIN @items i ON i.item_kind = s.item_kind AND i.item_id = s.item_id \
   LEFT JOIN @visibilities v ON v.item_kind = s.item_kind AND v.item_id = s.item_id \
   LEFT JOIN @publications p ON p.item_kind = s.item_kind AND p.item_id = s.item_id";

/// `(a, b) IN (VALUES …)` over pairs of text. Filled up to a power of two by repeating the last
/// pair, so that few different texts are prepared.
fn pairs(sql: &mut Sql, refs: &[ItemRef]) -> String {
    let mut list = Vec::with_capacity(refs.len());
    for item in refs {
        let (kind, id) = (sql.bind(item.kind.as_str()), sql.bind(item.id.as_str()));
        list.push(format!("(CAST({kind} AS text), CAST({id} AS text))"));
    }
    if let Some(last) = list.last().cloned() {
        list.resize(list.len().next_power_of_two(), last);
    }
    format!("(VALUES {})", list.join(", "))
}

fn item_row(row: &Row) -> Result<ItemRow, ViewError> {
    let text = |place| cell(row, place).optional(|cell| cell.text().map(ToOwned::to_owned));
    let tags = cell(row, 5).optional(Value::json::<Vec<String>>)?;
    Ok(ItemRow {
        item: named(row)?,
        owner: cell(row, 2).parse()?,
        title: text(3)?,
        description: text(4)?,
        tags: tags.unwrap_or_default(),
        preview: text(6)?,
        in_library: cell(row, 7).bool()?,
        lifecycle: cell(row, 8).named()?,
        visibility: cell(row, 9).optional(Value::named)?.unwrap_or_default(),
        published: cell(row, 10).optional(Value::named)?,
        registered_at: cell(row, 11).time()?,
        updated_at: cell(row, 12).time()?,
        version: cell(row, 13).position()?,
        grants: cell(row, 14).small()?,
        links: cell(row, 15).small()?,
        permissions: Permissions::NONE,
        role: None,
        until: None,
    })
}

/// The item that a row names in its first two columns.
pub(super) fn named(row: &Row) -> Result<ItemRef, ViewError> {
    Ok(ItemRef { kind: cell(row, 0).parse()?, id: cell(row, 1).parse()? })
}

impl ModelReader {
    async fn items(&mut self, refs: &[ItemRef]) -> Result<HashMap<ItemRef, ItemRow>, ViewError> {
        if refs.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::default();
        let list = pairs(&mut sql, refs);
        let text = format!("{ITEM} WHERE (s.item_kind, s.item_id) IN {list}");
        let rows = self.rows(&text, &sql.parameters).await?;
        rows.iter().map(|row| Ok((named(row)?, item_row(row)?))).collect()
    }

    /// The rights that an account's own grants give it on these items.
    async fn granted(
        &mut self,
        account: &AccountId,
        refs: &[ItemRef],
        now: Time,
    ) -> Result<HashMap<ItemRef, Rights>, ViewError> {
        let mut sql = Sql::default();
        let who = sql.bind(account.as_str());
        let list = pairs(&mut sql, refs);
        let text = format!(
            "SELECT g.item_kind, g.item_id, g.role, g.withhold, g.starts_at, g.ends_at \
             FROM @grants g WHERE g.grantee_type = 'account' AND g.grantee_id = {who} \
             AND (g.item_kind, g.item_id) IN {list}"
        );
        let mut given: BTreeMap<ItemRef, Vec<(Permissions, Window)>> = BTreeMap::new();
        for row in &self.rows(&text, &sql.parameters).await? {
            let (role, withhold, window) = terms(row, 2)?;
            given.entry(named(row)?).or_default().push((effective(role, &withhold), window));
        }
        Ok(given.into_iter().map(|(item, given)| (item, summary(&given, now))).collect())
    }
}

/// The items of a relation: text from `FROM` on, and its parameters.
fn related(account: &AccountId, relation: Relation, now: Time) -> (String, Sql) {
    let mut sql = Sql::default();
    let who = sql.bind(account.as_str());
    let free = not_inactive(&who, false);
    let text = match relation {
        Relation::Owned => {
            format!("@states s WHERE s.owner = {who} AND s.lifecycle <> 'retired'")
        }
        Relation::SharedWith => {
            let at = sql.bind(now);
            format!(
                "@grants g JOIN @states s ON s.item_kind = g.item_kind AND s.item_id = g.item_id \
                 WHERE g.grantee_type = 'account' AND g.grantee_id = {who} \
                 AND s.lifecycle = 'open' AND {free} \
                 AND (g.starts_at IS NULL OR g.starts_at <= {at}) \
                 AND (g.ends_at IS NULL OR g.ends_at > {at})"
            )
        }
        Relation::SharedBy => {
            let at = sql.bind(now);
            let shared = SHARED.replace("{at}", &at);
            format!("@states s WHERE s.owner = {who} AND s.lifecycle = 'open' AND {shared}")
        }
    };
    (text, sql)
}

impl SqlViews {
    pub(super) async fn list_items(
        &self,
        account: &AccountId,
        relation: Relation,
        now: Time,
        asked: &Page,
    ) -> Result<Listing<ItemRow>, ViewError> {
        let scope = CursorScope::new(&["items", account.as_str(), &format!("{relation:?}")]);
        let (from, mut sql) = related(account, relation, now);
        let mut reader = self.read(Model::ACCESS).await?;
        let total = if asked.count {
            let text = format!(
                "SELECT count(*) FROM (SELECT DISTINCT s.item_kind, s.item_id FROM {from}) n"
            );
            let value = reader.count(&text, &sql.parameters).await?;
            Some(Total { value, exact: true })
        } else {
            None
        };
        let mut behind = String::new();
        if let Some(after) = &asked.after {
            for key in scope.decode(after, 2)? {
                sql.bind(key);
            }
            let last = sql.parameters.len();
            behind = format!(" AND (s.item_kind, s.item_id) > (${}, ${last})", last - 1);
        }
        let limit = sql.bind(one_more(asked.limit));
        let text = format!(
            "SELECT DISTINCT s.item_kind, s.item_id FROM {from}{behind} \
             ORDER BY s.item_kind, s.item_id LIMIT {limit}"
        );
        let found = reader.rows(&text, &sql.parameters).await?;
        let found = found.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let (refs, more) = page(found, asked.limit);
        let mut known = reader.items(&refs).await?;
        let mut rows: Vec<ItemRow> = refs.iter().filter_map(|item| known.remove(item)).collect();
        rights(&mut reader, account, relation, now, &mut rows).await?;
        let position = reader.position;
        reader.end().await?;
        let next = refs
            .last()
            .filter(|_| more)
            .map(|item| scope.encode(&[item.kind.as_str().into(), item.id.as_str().into()]));
        Ok(Listing { rows, next, total, position })
    }

    pub(super) async fn find_items(&self, refs: &[ItemRef]) -> Result<Found, ViewError> {
        let mut reader = self.read(Model::ACCESS).await?;
        let known = reader.items(refs).await?;
        let position = reader.position;
        reader.end().await?;
        Ok(Found { rows: refs.iter().map(|item| known.get(item).cloned()).collect(), position })
    }
}

/// Fills in what the account may do.
async fn rights(
    reader: &mut ModelReader,
    account: &AccountId,
    relation: Relation,
    now: Time,
    rows: &mut [ItemRow],
) -> Result<(), ViewError> {
    let refs: Vec<ItemRef> = rows.iter().map(|row| row.item.clone()).collect();
    if refs.is_empty() {
        return Ok(());
    }
    let granted = match relation {
        Relation::SharedWith => reader.granted(account, &refs, now).await?,
        Relation::Owned | Relation::SharedBy => HashMap::new(),
    };
    let free = format!("SELECT 1 WHERE {}", not_inactive("$1", false));
    let free = !reader.rows(&free, &[account.as_str().into()]).await?.is_empty();
    for row in rows {
        let owns = row.owner == *account && row.lifecycle != Lifecycle::Retired;
        let (permissions, until) = match granted.get(&row.item) {
            Some(rights) => *rights,
            None if owns && free => (Role::Owner.permissions(), None),
            None => (Permissions::NONE, None),
        };
        row.permissions = permissions;
        row.role = Role::strongest_within(permissions);
        row.until = until;
    }
    Ok(())
}
