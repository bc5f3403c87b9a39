//! The items with which one principal could do something at a moment, from the rows that were open
//! then.

use super::{
    ModelReader, Sql, SqlViews,
    item_facts::grantees,
    items::named,
    moment::{When, open_then},
    one_more, page,
};
use crate::{CursorScope, Listing, Model, ResourceQuery, ViewError};
use domain::{
    id::ItemRef,
    role::{Permission, Permissions, Role, Withheld},
    time::Time,
};

/// The item and whether the way gives the permission; an owner may do everything.
const OWNED: &str = "t.item_kind, t.item_id, 1 AS gives";

/// A condition on a grant: it gives the permission, which is no more than what roles and the
/// withheld say.
pub(super) fn gives(permission: Permission) -> String {
    let has = |permissions: Permissions| permissions.has(permission);
    let roles = Role::ALL.into_iter().filter(|role| has(role.permissions()));
    let roles: Vec<String> = roles.map(|role| format!("'{}'", role.name())).collect();
    // Every permission is one of the owner's at least: there is a role.
    let mut all = vec![format!("t.role IN ({})", roles.join(", "))];
    for one in Withheld::ALL.into_iter().filter(|one| has(one.permissions())) {
        all.push(format!("' ' || t.withhold || ' ' NOT LIKE '% {} %'", one.name()));
    }
    all.join(" AND ")
}

/// A condition: a row of a temporal table about the item of `t` was open then and fits.
fn with_row(when: When, table: &str, alias: &str, fits: &str) -> String {
    let of_item = format!(
        "{alias}.item_kind = t.item_kind AND {alias}.item_id = t.item_id AND {alias}.{fits}"
    );
    if when.now {
        return format!("EXISTS (SELECT 1 FROM @{table} {alias} WHERE {of_item})");
    }
    format!(
        "(EXISTS (SELECT 1 FROM @{table} {alias} WHERE {of_item} AND {alias}.from_position <= $1) \
         OR EXISTS (SELECT 1 FROM @{table}_ended {alias} WHERE {of_item} \
         AND {alias}.to_position > $1 AND {alias}.from_position <= $1))"
    )
}

impl SqlViews {
    pub(super) async fn list_resources(
        &self,
        query: &ResourceQuery,
        now: Time,
    ) -> Result<Listing<ItemRef>, ViewError> {
        let mut reader = self.read(Model::ACCESS).await?;
        let when = reader.when(query.as_of, now).await?;
        let rows = reader.reached(when, query).await?;
        let position = reader.position;
        reader.end().await?;
        let (rows, more) = page(rows, query.page.limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|item| cursor_scope(query).encode_id(&item.id));
        Ok(Listing { rows, next, total: None, position })
    }
}

/// What a cursor is bound to.
fn cursor_scope(query: &ResourceQuery) -> CursorScope {
    let ResourceQuery { subject, kind, permission, as_of, page: _ } = query;
    let (subject, as_of) = (format!("{subject:?}"), format!("{as_of:?}"));
    CursorScope::new(&["resources", &subject, kind.as_str(), permission.name(), &as_of])
}

impl ModelReader {
    /// One row more than asked.
    async fn reached(
        &mut self,
        when: When,
        query: &ResourceQuery,
    ) -> Result<Vec<ItemRef>, ViewError> {
        let after = match &query.page.after {
            None => None,
            Some(after) => Some(cursor_scope(query).decode_id::<String>(after)?),
        };
        let mut sql = Sql::default();
        if !when.now {
            sql.bind(when.position);
        }
        let kind = sql.bind(query.kind.as_str());
        let inactive = self.is_inactive(when, &query.subject).await?;
        let mut paths = Vec::new();
        if let Some(account) = query.subject.account_id().filter(|_| !inactive) {
            let who = sql.bind(account.as_str());
            let owned =
                format!("t.owner = {who} AND t.item_kind = {kind} AND t.lifecycle <> 'retired'");
            paths.push(open_then(when, "states", OWNED, &owned));
        }
        let at = sql.bind(when.time);
        let open = with_row(when, "states", "s", "lifecycle = 'open'");
        let gives = gives(query.permission);
        let columns =
            format!("t.item_kind, t.item_id, CASE WHEN {gives} THEN 1 ELSE 0 END AS gives");
        for [grantee_type, id] in grantees(&query.subject, inactive) {
            let (of, id) = (sql.bind(grantee_type), sql.bind(id));
            let granted = format!(
                "t.grantee_type = {of} AND t.grantee_id = {id} AND t.item_kind = {kind} \
                 AND (t.starts_at IS NULL OR t.starts_at <= {at}) \
                 AND (t.ends_at IS NULL OR t.ends_at > {at}) AND {open}"
            );
            paths.push(open_then(when, "grants", &columns, &granted));
        }
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        // Subjects with an own path have what the visibility of the item gives too.
        let mut enough = "t.gives = 1".to_owned();
        if Role::Viewer.permissions().has(query.permission) {
            let wider = with_row(when, "visibilities", "v", "visibility <> 'restricted'");
            enough = format!("(t.gives = 1 OR ({wider} AND {open}))");
        }
        if let Some(after) = after {
            enough = format!("{enough} AND t.item_id > {}", sql.bind(after));
        }
        let limit = sql.bind(one_more(query.page.limit));
        let text = format!(
            "SELECT DISTINCT t.item_kind, t.item_id FROM ({}) t WHERE {enough} \
             ORDER BY t.item_id LIMIT {limit}",
            paths.join(" UNION ALL ")
        );
        let rows = self.rows(&text, &sql.parameters).await?;
        rows.iter().map(named).collect()
    }
}
