//! What did one principal have of one item at a moment? Reads the rows that were open then.

use super::{
    Reader, SqlViews,
    access::{When, grant_path, link_path, not_barred, owner, visibility_path},
    cell,
};
use crate::{AccessPath, AsOf, Asker, Had, Model, ViewError, value::Value};
use domain::{
    event::{Audience, Visibility},
    id::ItemRef,
    item::Lifecycle,
    time::Time,
};

/// The columns of a grant from its third on.
const GRANT: &str = "t.grantee_type, t.grantee_id, t.grant_id, t.role, t.withhold, t.starts_at, \
                     t.ends_at, t.provenance, t.provenance_id, t.given_by, t.given_at, t.events";

impl SqlViews {
    pub(super) async fn what_had(
        &self,
        item: &ItemRef,
        asker: &Asker,
        as_of: AsOf,
        now: Time,
    ) -> Result<Had, ViewError> {
        let mut reader = self.read(Model::Access).await?;
        let when = reader.when(as_of, now).await?;
        let rules = reader.rules(when).await?;
        let known_from = reader.known_from(item).await?;
        let barred = barred(&mut reader, when, asker).await?;
        let mut had = Had {
            known_from,
            lifecycle: None,
            barred,
            open_to: Visibility::Restricted,
            paths: Vec::new(),
            as_of: (when.time, when.position),
            rules,
            position: reader.position,
        };
        if let Some((lifecycle, account, path)) = owner(&mut reader, when, item).await? {
            had.lifecycle = Some(lifecycle);
            let owns = account.is_some() && account == asker.account;
            if owns && lifecycle != Lifecycle::Retired {
                had.paths.push(path);
            }
            if lifecycle == Lifecycle::Open {
                others(&mut reader, when, item, asker, &mut had).await?;
            }
        }
        reader.end().await?;
        Ok(had)
    }
}

/// Was the account deactivated or erased then?
pub(super) async fn barred(
    reader: &mut Reader,
    when: When,
    asker: &Asker,
) -> Result<bool, ViewError> {
    let Some(account) = &asker.account else { return Ok(false) };
    let mut parameters = Vec::new();
    if !when.now {
        parameters.push(when.position.into());
    }
    parameters.push(account.as_str().into());
    let named = format!("${}", parameters.len());
    let sql = format!("SELECT 1 WHERE {}", not_barred(&named, !when.now));
    Ok(reader.rows(&sql, &parameters).await?.is_empty())
}

/// Grants, the visibility and the link of an open item.
async fn others(
    reader: &mut Reader,
    when: When,
    item: &ItemRef,
    asker: &Asker,
    had: &mut Had,
) -> Result<(), ViewError> {
    let signed_in = asker.account.is_some() && !had.barred;
    let account = asker.account.iter().filter(|_| signed_in);
    let accounts = account.map(|id| ("account", id.as_str()));
    let groups = asker.groups.iter().map(|id| ("group", id.as_str()));
    for (kind, id) in accounts.chain(groups) {
        let place = when.next_parameter();
        let condition = format!("t.grantee_type = ${place} AND t.grantee_id = ${}", place + 1);
        let named: [Value; 2] = [kind.into(), id.into()];
        for row in &reader.of_item(when, "grants", GRANT, item, (&condition, &named)).await? {
            had.paths.push(grant_path(row)?);
        }
    }
    let columns = "t.visibility, t.set_by, t.recorded_from, t.events";
    let rows = reader.of_item(when, "visibilities", columns, item, ("true", &[])).await?;
    if let Some(row) = rows.first() {
        had.open_to = cell(row, 0).named()?;
        let lets_in = match had.open_to {
            Visibility::Restricted => false,
            Visibility::Internal => signed_in || !asker.groups.is_empty(),
            Visibility::Public => true,
        };
        if lets_in {
            had.paths.push(visibility_path(row)?);
        }
    }
    if let Some(link) = asker.link {
        let condition = format!("t.link_id = ${}", when.next_parameter());
        let named: [Value; 1] = [link.to_string().into()];
        let columns = "t.link_id, t.role, t.withhold, t.starts_at, t.ends_at, t.audience, \
                       t.created_by, t.created_at, t.events";
        for row in &reader.of_item(when, "links", columns, item, (&condition, &named)).await? {
            if cell(row, 5).named::<Audience>()? != Audience::Named {
                had.paths.push(link_path(row)?);
            }
        }
    }
    had.paths.sort_by_key(|path: &AccessPath| (path.via, path.grant));
    Ok(())
}
