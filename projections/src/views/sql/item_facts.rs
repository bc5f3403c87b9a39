//! Reads the facts of access of one item: the rows that were open at a moment.

use super::{
    ModelReader, cell,
    moment::{When, not_inactive},
};
use crate::{
    ViewError,
    value::{Row, Value},
    views::stored_item::{StoredItem, StoredLink},
};
use domain::{
    access::{AccessPath, PathSource, Subject},
    event::{Provenance, Visibility},
    id::{AccountId, ItemRef, LinkId},
    lifecycle::Lifecycle,
    position::EventId,
    principal::Grantee,
    role::{Role, Withheld, effective},
    time::Window,
};
use std::collections::BTreeSet;

/// The columns of a grant.
pub(super) const GRANT: &str = "t.grantee_type, t.grantee_id, t.grant_id, t.role, t.withhold, \
                                t.starts_at, t.ends_at, t.provenance, t.provenance_id, \
                                t.given_by, t.given_at, t.events";

/// The columns of a link.
pub(super) const LINK: &str = "t.link_id, t.role, t.withhold, t.starts_at, t.ends_at, t.audience, \
                               t.generation, t.created_by, t.created_at, t.events";

/// The columns of a visibility.
pub(super) const VISIBILITY: &str = "t.visibility, t.set_by, t.recorded_from, t.events";

fn withheld(cell: &Value) -> Result<Vec<Withheld>, ViewError> {
    let names = cell.text()?.split_whitespace();
    Ok(names.map(|name| Value::from(name).named()).collect::<Result<_, _>>()?)
}

fn event_ids(cell: &Value) -> Result<Vec<EventId>, ViewError> {
    let ids = cell.text()?.split_whitespace();
    Ok(ids.map(|id| Value::from(id).parse()).collect::<Result<_, _>>()?)
}

/// Role, what is withheld of it, and window, in four columns from this one on.
pub(super) fn terms(row: &Row, first: usize) -> Result<(Role, Vec<Withheld>, Window), ViewError> {
    let starts_at = cell(row, first + 2).optional(Value::time)?;
    let ends_at = cell(row, first + 3).optional(Value::time)?;
    let window = Window { starts_at, ends_at };
    Ok((cell(row, first).named()?, withheld(cell(row, first + 1))?, window))
}

/// A path whose role, withheld and window stand in these columns, and who made it, since when, by
/// which events in the others.
fn path(
    row: &Row,
    source: PathSource,
    (first, made): (usize, usize),
) -> Result<AccessPath, ViewError> {
    let (role, withhold, window) = terms(row, first)?;
    let permissions = effective(role, &withhold);
    Ok(AccessPath { permissions, withhold, window, ..fixed_path(row, source, role, made)? })
}

/// A path of a role that nothing is withheld of, without a window.
fn fixed_path(
    row: &Row,
    source: PathSource,
    role: Role,
    made: usize,
) -> Result<AccessPath, ViewError> {
    Ok(AccessPath {
        source,
        container: None,
        role,
        withhold: Vec::new(),
        permissions: role.permissions(),
        window: Window::default(),
        given_by: cell(row, made).optional(Value::parse)?,
        since: Some(cell(row, made + 1).time()?),
        events: event_ids(cell(row, made + 2))?,
    })
}

/// Reads a grant.
pub(super) fn grant_path(row: &Row) -> Result<AccessPath, ViewError> {
    let grantee = match cell(row, 0).text()? {
        "group" => Grantee::Group(cell(row, 1).parse()?),
        _ => Grantee::Account(cell(row, 1).parse()?),
    };
    let id = cell(row, 8).optional(|cell| cell.text().map(ToOwned::to_owned))?;
    let provenance = Provenance { kind: cell(row, 7).named()?, id };
    path(row, PathSource::Grant { grant: cell(row, 2).parse()?, grantee, provenance }, (3, 9))
}

/// Reads a link.
pub(super) fn stored_link(row: &Row) -> Result<(LinkId, StoredLink), ViewError> {
    let (link, audience) = (cell(row, 0).parse()?, cell(row, 5).named()?);
    let path = path(row, PathSource::Link { link, audience }, (1, 7))?;
    let generation = cell(row, 6).small()?;
    Ok((link, StoredLink { path, audience, generation }))
}

/// Reads a visibility.
pub(super) fn visibility_path(row: &Row) -> Result<AccessPath, ViewError> {
    let open_to: Visibility = cell(row, 0).named()?;
    fixed_path(row, PathSource::Visibility { open_to }, Role::Viewer, 1)
}

/// The links that a subject opened.
pub(super) fn opened_links(subject: &Subject) -> Vec<Value> {
    let visited = subject.visits.iter().map(|visit| visit.link);
    let links: BTreeSet<LinkId> = subject.opened_link().into_iter().chain(visited).collect();
    links.iter().map(|link| link.to_string().into()).collect()
}

/// A condition: the row is of one of so many links; the first one is the parameter of this number.
pub(super) fn of_links(links: &[Value], first: usize) -> String {
    let places: Vec<String> =
        (first..first + links.len()).map(|place| format!("${place}")).collect();
    format!("t.link_id IN ({})", places.join(", "))
}

/// To whom the grants of a subject are, as rows name them.
pub(super) fn grantees(subject: &Subject, inactive: bool) -> Vec<[Value; 2]> {
    if inactive {
        return Vec::new();
    }
    let accounts = subject.account_id().map(|id| ["account".into(), id.as_str().into()]);
    let groups = subject.groups.iter().map(|id| ["group".into(), id.as_str().into()]);
    accounts.into_iter().chain(groups).collect()
}

impl ModelReader {
    /// Was the subject an account that was deactivated or erased?
    pub(super) async fn is_inactive(
        &mut self,
        when: When,
        subject: &Subject,
    ) -> Result<bool, ViewError> {
        let Some(account) = subject.account_id() else { return Ok(false) };
        let mut parameters = Vec::new();
        if !when.now {
            parameters.push(when.position.into());
        }
        parameters.push(account.as_str().into());
        let named = format!("${}", parameters.len());
        let sql = format!("SELECT 1 WHERE {}", not_inactive(&named, !when.now));
        Ok(self.rows(&sql, &parameters).await?.is_empty())
    }

    /// What was open of an item then: what concerns one subject, or everything, less the grants to
    /// accounts that were inactive. `None` = it was not registered yet.
    pub(super) async fn stored_item(
        &mut self,
        when: When,
        item: &ItemRef,
        subject: Option<&Subject>,
    ) -> Result<Option<StoredItem>, ViewError> {
        let active = not_inactive("t.owner", !when.now);
        let columns = format!(
            "t.owner, t.lifecycle, NULL, t.owned_since, t.events, \
             CASE WHEN {active} THEN 1 ELSE 0 END"
        );
        let rows = self.of_item(when, "states", &columns, item, ("true", &[])).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let owner: AccountId = cell(row, 0).parse()?;
        let owning = fixed_path(row, PathSource::Owner, Role::Owner, 2)?;
        let mut stored = StoredItem::new(cell(row, 1).named()?, owner.clone(), owning);
        if !cell(row, 5).bool()? {
            stored.inactive.insert(owner);
        }
        let mut inactive = false;
        if let Some(account) = subject.and_then(Subject::account_id) {
            inactive = self.is_inactive(when, &Subject::account(account.clone())).await?;
            stored.inactive.extend(inactive.then(|| account.clone()));
        }
        if stored.lifecycle != Lifecycle::Open {
            return Ok(Some(stored));
        }
        let place = when.next_parameter();
        let active = not_inactive("t.grantee_id", !when.now);
        let everybody = format!("(t.grantee_type <> 'account' OR ({active}))");
        let of_grantee = format!("t.grantee_type = ${place} AND t.grantee_id = ${}", place + 1);
        let grants: Vec<(&str, Vec<Value>)> = match subject {
            None => vec![(&everybody, Vec::new())],
            Some(subject) => grantees(subject, inactive)
                .into_iter()
                .map(|grantee| (of_grantee.as_str(), grantee.to_vec()))
                .collect(),
        };
        for (condition, own) in grants {
            for row in &self.of_item(when, "grants", GRANT, item, (condition, &own)).await? {
                stored.add_grant(grant_path(row)?);
            }
        }
        let opened = subject.map(opened_links);
        if opened.as_ref().is_none_or(|links| !links.is_empty()) {
            let own = opened.unwrap_or_default();
            let condition = if own.is_empty() { "true".to_owned() } else { of_links(&own, place) };
            let rows = self.of_item(when, "links", LINK, item, (&condition, &own)).await?;
            stored.links = rows.iter().map(stored_link).collect::<Result<_, _>>()?;
        }
        let rows = self.of_item(when, "visibilities", VISIBILITY, item, ("true", &[])).await?;
        stored.visible = rows.first().map(visibility_path).transpose()?;
        Ok(Some(stored))
    }
}
