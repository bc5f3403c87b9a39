//! The access that one principal had to one item and lost, from the rows that had ended.

use super::{
    ModelReader, SqlViews,
    access::{When, grant_path, visibility_path},
    access_at::{GRANT, LINK, Opened, VISIBILITY, inactive, signed_in},
    cell,
    resources::gives,
};
use crate::{
    AccessPath, Asker, Model, RevokedAccess, ViewError,
    value::{Row, Value},
};
use domain::{
    event::Visibility,
    id::ItemRef,
    position::Position,
    role::{Permission, Role},
    time::Time,
};

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
fn lost(row: &Row, path: AccessPath, open_to: Visibility) -> Result<RevokedAccess, ViewError> {
    let behind = |back| cell(row, row.len().saturating_sub(back));
    let (recorded_to, position) = (behind(2).time()?, behind(1).position()?);
    Ok(RevokedAccess { path, open_to, recorded_to, position })
}

impl SqlViews {
    pub(super) async fn last_revoked(
        &self,
        item: &ItemRef,
        asker: &Asker,
        permission: Permission,
        position: Position,
    ) -> Result<Option<RevokedAccess>, ViewError> {
        let mut reader = self.read(Model::ACCESS).await?;
        if position > reader.position {
            return Err(ViewError::Future { asked: position, position: reader.position });
        }
        // No window is judged: whatever its row says, it has ended.
        let when = When { time: Time::default(), position, now: false };
        let inactive = inactive(&mut reader, when, asker).await?;
        let (signed_in, _) = signed_in(&mut reader, when, item, asker, inactive).await?;
        let mut all = Vec::new();
        for own in asker.grantees(inactive) {
            let whose = "t.grantee_type = $4 AND t.grantee_id = $5";
            let condition =
                format!("{whose} AND {} AND {}", gives(permission), for_good("grants", "grant_id"));
            let (columns, own) = (GRANT, own.to_vec());
            let search = Search { table: "grants", columns, condition, own, ended: BY_EITHER };
            if let Some(row) = reader.last_ended(item, position, search).await? {
                all.push(lost(&row, grant_path(&row)?, Visibility::Restricted)?);
            }
        }
        if let Some(whose) = asker.of_links(4) {
            let entitled = if signed_in || asker.link.is_some() {
                "t.audience <> 'named'"
            } else {
                "t.audience = 'anyone'"
            };
            let condition = format!(
                "{whose} AND {entitled} AND {} AND {}",
                gives(permission),
                for_good("links", "link_id")
            );
            let (columns, own) = (LINK, asker.links());
            let search = Search { table: "links", columns, condition, own, ended: BY_EITHER };
            if let Some(row) = reader.last_ended(item, position, search).await? {
                all.push(lost(&row, Opened::read(&row)?.path, Visibility::Restricted)?);
            }
        }
        if Role::Viewer.permissions().has(permission) {
            let whom =
                if signed_in { "t.visibility <> 'restricted'" } else { "t.visibility = 'public'" };
            let (columns, condition) = (VISIBILITY, whom.to_owned());
            let (own, ended) = (Vec::new(), "t.recorded_to");
            let search = Search { table: "visibilities", columns, condition, own, ended };
            if let Some(row) = reader.last_ended(item, position, search).await? {
                all.push(lost(&row, visibility_path(&row)?, cell(&row, 0).named()?)?);
            }
        }
        reader.end().await?;
        Ok(all.into_iter().max_by_key(|lost| (lost.at(), lost.position)))
    }
}
