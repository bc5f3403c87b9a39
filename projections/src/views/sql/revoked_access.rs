//! The access that one principal had to one item and lost, from the rows that had ended.

use super::{
    ModelReader, SqlViews, cell,
    item_facts::{
        GRANT, LINK, VISIBILITY, grant_path, grantees, of_links, opened_links, stored_link,
        visibility_path,
    },
    moment::When,
    resources::gives,
};
use crate::{
    Model, RevokedAccess, ViewError,
    value::{Row, Value, name_of},
};
use domain::{
    access::{AccessPath, Subject, link_gives, visibility_gives},
    event::{Audience, Visibility},
    id::ItemRef,
    position::Position,
    role::{Permission, Role},
    time::Time,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A condition on an ended row `t`: it was the last one of its grant or link, and held for a while.
fn for_good(table: &str, key: &str) -> String {
    format!(
        "(t.starts_at IS NULL OR t.starts_at < t.recorded_to) \
         AND NOT EXISTS (SELECT 1 FROM @{table} n WHERE n.{key} = t.{key} \
         AND n.from_position <= $1) \
         AND NOT EXISTS (SELECT 1 FROM @{table}_ended n WHERE n.{key} = t.{key} \
         AND n.from_position <= $1 AND n.to_position > t.to_position)"
    )
}

/// When a row ended, by the clock or by a record.
const BY_EITHER: &str = "CASE WHEN t.ends_at < t.recorded_to THEN t.ends_at ELSE t.recorded_to END";

/// Which ended rows of an item are looked for.
struct Search<'a> {
    table: &'a str,
    /// Behind these come the end and where it stands.
    columns: &'a str,
    condition: String,
    /// What its parameters from the fourth on are.
    own: Vec<Value>,
    /// The last one by this.
    ended: &'a str,
}

impl ModelReader {
    /// The row that ended last at or before a position.
    async fn last_ended(
        &mut self,
        item: &ItemRef,
        position: Position,
        search: Search<'_>,
    ) -> Result<Option<Row>, ViewError> {
        let Search { table, columns, condition, own, ended } = search;
        let sql = format!(
            "SELECT {columns}, t.recorded_to, t.to_position FROM @{table}_ended t \
             WHERE t.item_kind = $2 AND t.item_id = $3 AND t.to_position <= $1 \
             AND t.from_position < t.to_position AND {condition} \
             ORDER BY {ended} DESC, t.to_position DESC LIMIT 1"
        );
        let item = [item.kind.as_str().into(), item.id.as_str().into()];
        let mut parameters: Vec<Value> = vec![position.into()];
        parameters.extend(item.into_iter().chain(own));
        Ok(self.rows(&sql, &parameters).await?.into_iter().next())
    }
}

/// Of an ended row whose last two columns say when and where.
fn revoked(row: &Row, path: AccessPath) -> Result<RevokedAccess, ViewError> {
    let behind = |back| cell(row, row.len().saturating_sub(back));
    let (recorded_to, position) = (behind(2).time()?, behind(1).position()?);
    Ok(RevokedAccess { path, recorded_to, position })
}

/// A condition: the column holds the name of one of these.
fn one_of<T: Serialize>(column: &str, values: impl Iterator<Item = T>) -> String {
    let cells = values.map(|value| name_of(&value));
    let names: Vec<String> =
        cells.filter_map(|cell| cell.text().map(|name| format!("'{name}'")).ok()).collect();
    if names.is_empty() {
        "false".to_owned()
    } else {
        format!("{column} IN ({})", names.join(", "))
    }
}

impl SqlViews {
    pub(super) async fn last_revoked(
        &self,
        item: &ItemRef,
        subject: &Subject,
        permission: Permission,
        position: Position,
    ) -> Result<Option<RevokedAccess>, ViewError> {
        let mut reader = self.read(Model::ACCESS).await?;
        if position > reader.position {
            return Err(ViewError::Future { asked: position, position: reader.position });
        }
        // No window is judged: whatever its row says, it has ended.
        let when = When { time: Time::default(), position, now: false };
        let inactive = reader.is_inactive(when, subject).await?;
        let links = opened_links(subject);
        let signed_in = !inactive && reader.is_signed_in(when, item, subject, &links).await?;
        let gives = gives(permission);
        let mut all = Vec::new();
        for own in grantees(subject, inactive) {
            let whose = "t.grantee_type = $4 AND t.grantee_id = $5";
            let condition = format!("{whose} AND {gives} AND {}", for_good("grants", "grant_id"));
            let (columns, own) = (GRANT, own.to_vec());
            let search = Search { table: "grants", columns, condition, own, ended: BY_EITHER };
            if let Some(row) = reader.last_ended(item, position, search).await? {
                all.push(revoked(&row, grant_path(&row)?)?);
            }
        }
        if !links.is_empty() {
            // The visitor of a link for signed-in people was signed in while it was there.
            let visited = signed_in || subject.opened_link().is_some();
            let giving = Audience::ALL.into_iter().filter(|one| link_gives(*one, visited));
            let condition = format!(
                "{} AND {} AND {gives} AND {}",
                of_links(&links, 4),
                one_of("t.audience", giving),
                for_good("links", "link_id")
            );
            let (columns, own) = (LINK, links);
            let search = Search { table: "links", columns, condition, own, ended: BY_EITHER };
            if let Some(row) = reader.last_ended(item, position, search).await? {
                all.push(revoked(&row, stored_link(&row)?.1.path)?);
            }
        }
        if Role::Viewer.permissions().has(permission) {
            let giving =
                Visibility::ALL.into_iter().filter(|one| visibility_gives(*one, signed_in));
            let condition = one_of("t.visibility", giving);
            let (columns, own, ended) = (VISIBILITY, Vec::new(), "t.recorded_to");
            let search = Search { table: "visibilities", columns, condition, own, ended };
            if let Some(row) = reader.last_ended(item, position, search).await? {
                all.push(revoked(&row, visibility_path(&row)?)?);
            }
        }
        reader.end().await?;
        Ok(all.into_iter().max_by_key(|revoked| (revoked.at(), revoked.position)))
    }
}

impl ModelReader {
    /// Was the subject signed in, or the visitor of a link for signed-in people that was open then?
    async fn is_signed_in(
        &mut self,
        when: When,
        item: &ItemRef,
        subject: &Subject,
        links: &[Value],
    ) -> Result<bool, ViewError> {
        let Some(link) = subject.opened_link() else { return Ok(subject.is_signed_in()) };
        let condition = of_links(links, when.next_parameter());
        let rows = self.of_item(when, "links", LINK, item, (&condition, links)).await?;
        let opened = rows.iter().map(stored_link).collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(opened.get(&link).is_some_and(|link| link.audience == Audience::Internal))
    }
}
