//! The access of one principal to one item at a moment, from the rows that were open then.

use super::{
    ModelReader, SqlViews,
    access::{When, grant_path, link_path, not_inactive, owner, visibility_path},
    cell,
};
use crate::{
    AccessAt, AccessPath, AsOf, Asker, Model, ViewError,
    value::{Row, Value},
};
use domain::{
    access::rule::gives,
    event::{Audience, Visibility},
    id::ItemRef,
    item::Lifecycle,
    time::Time,
};

/// The columns of a grant from its third on.
pub(super) const GRANT: &str = "t.grantee_type, t.grantee_id, t.grant_id, t.role, t.withhold, \
                                t.starts_at, t.ends_at, t.provenance, t.provenance_id, \
                                t.given_by, t.given_at, t.events";

/// The columns of a link.
pub(super) const LINK: &str = "t.link_id, t.role, t.withhold, t.starts_at, t.ends_at, t.audience, \
                               t.created_by, t.created_at, t.events";

/// The columns of a visibility.
pub(super) const VISIBILITY: &str = "t.visibility, t.set_by, t.recorded_from, t.events";

impl SqlViews {
    pub(super) async fn read_access_at(
        &self,
        item: &ItemRef,
        asker: &Asker,
        as_of: AsOf,
        now: Time,
    ) -> Result<AccessAt, ViewError> {
        let mut reader = self.read(Model::ACCESS).await?;
        let when = reader.when(as_of, now).await?;
        let rules = reader.rules(when).await?;
        let known_from = reader.known_from(item).await?;
        let inactive = inactive(&mut reader, when, asker).await?;
        let mut had = AccessAt {
            known_from,
            lifecycle: None,
            inactive,
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
pub(super) async fn inactive(
    reader: &mut ModelReader,
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
    let sql = format!("SELECT 1 WHERE {}", not_inactive(&named, !when.now));
    Ok(reader.rows(&sql, &parameters).await?.is_empty())
}

/// A link that somebody opened, as it was then.
pub(super) struct Opened {
    pub(super) path: AccessPath,
    audience: Audience,
}

/// The links that an asker opened and that were open then.
async fn opened(
    reader: &mut ModelReader,
    when: When,
    item: &ItemRef,
    asker: &Asker,
) -> Result<Vec<Opened>, ViewError> {
    let Some(condition) = asker.of_links(when.next_parameter()) else { return Ok(Vec::new()) };
    let named = asker.links();
    let rows = reader.of_item(when, "links", LINK, item, (&condition, &named)).await?;
    rows.iter().map(Opened::read).collect()
}

impl Opened {
    pub(super) fn read(row: &Row) -> Result<Self, ViewError> {
        Ok(Self { path: link_path(row)?, audience: cell(row, 5).named()? })
    }

    /// Did it give something to who was signed in or not?
    pub(super) fn gives(&self, signed_in: bool) -> bool {
        gives(self.audience, signed_in)
    }

    /// Was it opened by somebody signed in, if nothing is known of who opened it but that?
    fn by_somebody_signed_in(&self, asker: &Asker) -> bool {
        self.audience == Audience::Internal && self.path.link == asker.link
    }
}

impl Asker {
    /// A condition: the row is of a link that it opened; the first one is the parameter of this
    /// number.
    pub(super) fn of_links(&self, first: usize) -> Option<String> {
        let count = self.links().len();
        let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
        (count > 0).then(|| format!("t.link_id IN ({})", places.join(", ")))
    }

    /// These parameters.
    pub(super) fn links(&self) -> Vec<Value> {
        self.link.iter().chain(&self.visits).map(|link| link.to_string().into()).collect()
    }

    /// To whom grants count, as a grant names them.
    pub(super) fn grantees(&self, inactive: bool) -> Vec<[Value; 2]> {
        let account = self.account.iter().filter(|_| !inactive);
        let accounts = account.map(|id| ["account".into(), id.as_str().into()]);
        let groups = self.groups.iter().map(|id| ["group".into(), id.as_str().into()]);
        accounts.chain(groups).collect()
    }
}

/// Was it somebody signed in, with an account that could have something?
pub(super) async fn signed_in(
    reader: &mut ModelReader,
    when: When,
    item: &ItemRef,
    asker: &Asker,
    inactive: bool,
) -> Result<(bool, Vec<Opened>), ViewError> {
    let links = opened(reader, when, item, asker).await?;
    let known = (asker.account.is_some() && !inactive) || !asker.groups.is_empty();
    Ok((known || links.iter().any(|link| link.by_somebody_signed_in(asker)), links))
}

/// Grants, the visibility and the links of an open item, in the order of the rule.
async fn others(
    reader: &mut ModelReader,
    when: When,
    item: &ItemRef,
    asker: &Asker,
    had: &mut AccessAt,
) -> Result<(), ViewError> {
    let (signed_in, links) = signed_in(reader, when, item, asker, had.inactive).await?;
    for named in asker.grantees(had.inactive) {
        let place = when.next_parameter();
        let condition = format!("t.grantee_type = ${place} AND t.grantee_id = ${}", place + 1);
        for row in &reader.of_item(when, "grants", GRANT, item, (&condition, &named)).await? {
            had.paths.push(grant_path(row)?);
        }
    }
    had.paths.sort_by_key(|path: &AccessPath| (path.via, path.grant));
    let rows = reader.of_item(when, "visibilities", VISIBILITY, item, ("true", &[])).await?;
    if let Some(row) = rows.first() {
        had.open_to = cell(row, 0).named()?;
        let lets_in = match had.open_to {
            Visibility::Restricted => false,
            Visibility::Internal => signed_in,
            Visibility::Public => true,
        };
        if lets_in {
            had.paths.push(visibility_path(row)?);
        }
    }
    let giving = links.into_iter().filter(|link| link.gives(signed_in));
    had.paths.extend(giving.map(|link| link.path));
    Ok(())
}
