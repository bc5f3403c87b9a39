//! The access list of an item at a moment, from the rows that were open then.
//!
//! The rule is `domain::access`; the conformance suite compares both on generated histories.

use super::{
    ModelReader, SqlViews,
    access_at::{GRANT, LINK, VISIBILITY},
    cell, page,
};
use crate::{
    AccessPage, AccessPath, AccessRow, AsOf, CursorScope, Model, Page, Total, Via, ViewError,
    value::{Row, Value},
};
use domain::{
    event::{Audience, Provenance, Visibility},
    id::{AccountId, ItemRef},
    item::Lifecycle,
    position::{EventId, Position},
    principal::Principal,
    role::{Permissions, Role, Withheld, effective},
    time::{Time, Window},
};
use std::collections::BTreeMap;

/// The moment of a question, found in the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct When {
    /// Windows are judged at this instant.
    pub(super) time: Time,
    /// Rows open at this position count; with [`When::now`] that is the last one.
    pub(super) position: Position,
    pub(super) now: bool,
}

impl When {
    /// The number of the first parameter after those that [`ModelReader::of_item`] names itself.
    pub(super) const fn next_parameter(self) -> usize {
        if self.now { 3 } else { 4 }
    }
}

/// `SELECT` of the rows of a temporal table that were open at the moment, `$1` being its position
/// in the past.
pub(super) fn open_then(when: When, table: &str, columns: &str, condition: &str) -> String {
    if when.now {
        return format!("SELECT {columns} FROM @{table} t WHERE {condition}");
    }
    format!(
        "SELECT {columns} FROM @{table} t WHERE {condition} AND t.from_position <= $1 \
         UNION ALL \
         SELECT {columns} FROM @{table}_ended t \
         WHERE {condition} AND t.to_position > $1 AND t.from_position <= $1"
    )
}

/// A condition: no row of `accounts` bars the account that an expression names.
pub(super) fn not_inactive(account: &str, past: bool) -> String {
    let open = if past { " AND a.from_position <= $1" } else { "" };
    let mut text = format!(
        "NOT EXISTS (SELECT 1 FROM @accounts a WHERE a.account = {account} \
         AND a.status <> 'active'{open})"
    );
    if past {
        text = format!(
            "{text} AND NOT EXISTS (SELECT 1 FROM @accounts_ended a WHERE a.account = {account} \
             AND a.status <> 'active' AND a.to_position > $1 AND a.from_position <= $1)"
        );
    }
    text
}

/// What somebody may do over some paths at an instant, and when the first of it ends by the clock.
pub(super) fn summary(paths: &[AccessPath], at: Time) -> (Permissions, Option<Time>) {
    let within = |path: &&AccessPath, at| window(path).holds(at);
    let union = |at: Time| {
        paths
            .iter()
            .filter(|path| within(path, at))
            .map(|path| effective(path.role, &path.withhold))
            .fold(Permissions::NONE, Permissions::union)
    };
    let all = union(at);
    let mut ends: Vec<Time> = paths.iter().filter_map(|path| path.ends_at).collect();
    ends.sort_unstable();
    let until = ends.into_iter().filter(|end| *end > at).find(|end| !union(*end).covers(all));
    (all, until)
}

fn window(path: &AccessPath) -> Window {
    Window { starts_at: path.starts_at, ends_at: path.ends_at }
}

pub(super) fn withheld(cell: &Value) -> Result<Vec<Withheld>, ViewError> {
    let names = cell.text()?.split_whitespace();
    Ok(names.map(|name| Value::from(name).named()).collect::<Result<_, _>>()?)
}

fn event_ids(cell: &Value) -> Result<Vec<EventId>, ViewError> {
    let ids = cell.text()?.split_whitespace();
    Ok(ids.map(|id| Value::from(id).parse()).collect::<Result<_, _>>()?)
}

impl ModelReader {
    /// The last position with an effective time at or before this one.
    pub(super) async fn position_at(&mut self, time: Time) -> Result<Option<Position>, ViewError> {
        let sql = "SELECT position FROM @moments WHERE time <= $1 \
                   ORDER BY time DESC, position DESC LIMIT 1";
        let rows = self.rows(sql, &[time.into()]).await?;
        Ok(rows.first().map(|row| cell(row, 0).position()).transpose()?)
    }

    pub(super) async fn when(&mut self, as_of: AsOf, now: Time) -> Result<When, ViewError> {
        match as_of {
            AsOf::Now => Ok(When { time: now, position: self.position, now: true }),
            AsOf::Time(time) => {
                let position = self.position_at(time).await?.unwrap_or_default();
                Ok(When { time, position, now: false })
            }
            AsOf::Position(asked) if asked > self.position => {
                Err(ViewError::Future { asked, position: self.position })
            }
            AsOf::Position(position) => {
                let sql = "SELECT time FROM @moments WHERE position = $1";
                let rows = self.rows(sql, &[position.into()]).await?;
                let time = rows.first().map(|row| cell(row, 0).time()).transpose()?;
                Ok(When { time: time.unwrap_or_default(), position, now: false })
            }
        }
    }

    /// Rows of an item that were open then and fit a condition with parameters of its own; the item
    /// is `$2`, `$3` in the past, `$1`, `$2` now.
    pub(super) async fn of_item(
        &mut self,
        when: When,
        table: &str,
        columns: &str,
        item: &ItemRef,
        (condition, own): (&str, &[Value]),
    ) -> Result<Vec<Row>, ViewError> {
        let named = if when.now { ("$1", "$2") } else { ("$2", "$3") };
        let condition =
            format!("t.item_kind = {} AND t.item_id = {} AND {condition}", named.0, named.1);
        let mut parameters = Vec::new();
        if !when.now {
            parameters.push(when.position.into());
        }
        parameters.extend([item.kind.as_str().into(), item.id.as_str().into()]);
        parameters.extend_from_slice(own);
        let sql = open_then(when, table, columns, &condition);
        self.rows(&sql, &parameters).await
    }

    /// When an item was registered.
    pub(super) async fn known_from(&mut self, item: &ItemRef) -> Result<Option<Time>, ViewError> {
        let sql = "SELECT registered_at FROM @items WHERE item_kind = $1 AND item_id = $2";
        let named = [item.kind.as_str().into(), item.id.as_str().into()];
        let rows = self.rows(sql, &named).await?;
        Ok(rows.first().map(|row| cell(row, 0).time()).transpose()?)
    }

    pub(super) async fn rules(&mut self, when: When) -> Result<u32, ViewError> {
        let sql = open_then(when, "settings", "t.value", "t.name = 'rules'");
        let parameters = if when.now { Vec::new() } else { vec![when.position.into()] };
        let rows = self.rows(&sql, &parameters).await?;
        Ok(rows.first().map_or(Ok(Role::TABLE_VERSION), |row| cell(row, 0).parse())?)
    }
}

type Paths = BTreeMap<(u8, Principal), Vec<AccessPath>>;

/// The order of the list: owner, accounts, groups, links, anonymous.
fn rank(principal: &Principal) -> u8 {
    match principal {
        Principal::Account(_) => 1,
        Principal::Group(_) => 2,
        Principal::Link(_) => 3,
        Principal::Anonymous => 4,
    }
}

impl SqlViews {
    pub(super) async fn list_access(
        &self,
        item: &ItemRef,
        as_of: AsOf,
        now: Time,
        asked: &Page,
    ) -> Result<AccessPage, ViewError> {
        let mut reader = self.read(Model::ACCESS).await?;
        let when = reader.when(as_of, now).await?;
        let rules = reader.rules(when).await?;
        let known_from = reader.known_from(item).await?;
        let mut paths = Paths::new();
        let mut open_to = Visibility::Restricted;
        if let Some((lifecycle, owner, path)) = owner(&mut reader, when, item).await? {
            if lifecycle != Lifecycle::Retired {
                paths.extend(owner.map(|owner| ((0, Principal::Account(owner)), vec![path])));
            }
            if lifecycle == Lifecycle::Open {
                grants(&mut reader, when, item, &mut paths).await?;
                links(&mut reader, when, item, &mut paths).await?;
                open_to = visibility(&mut reader, when, item, &mut paths).await?;
            }
        }
        let position = reader.position;
        reader.end().await?;
        let scope = CursorScope::new(&["access", &item.to_string(), &format!("{as_of:?}")]);
        let total = Total { value: paths.len() as u64, exact: true };
        let (rows, next) = one_page(paths, when.time, scope, asked)?;
        Ok(AccessPage {
            rows,
            next,
            total: asked.count.then_some(total),
            position,
            as_of: (when.time, when.position),
            known_from,
            rules,
            open_to,
        })
    }
}

fn one_page(
    paths: Paths,
    at: Time,
    scope: CursorScope,
    asked: &Page,
) -> Result<(Vec<AccessRow>, Option<String>), ViewError> {
    let behind = match &asked.after {
        None => None,
        Some(after) => {
            let key = scope.decode(after, 2)?;
            let rank = u8::try_from(cell(&key, 0).int()?).map_err(|_| ViewError::Cursor)?;
            Some((rank, cell(&key, 1).parse::<Principal>().map_err(|_| ViewError::Cursor)?))
        }
    };
    let rest = paths.into_iter().filter(|(key, _)| behind.as_ref().is_none_or(|last| key > last));
    let (rows, more) = page(rest.take(asked.limit as usize + 1).collect(), asked.limit);
    let next = rows.last().filter(|_| more).map(|((rank, principal), _)| {
        scope.encode(&[Value::Int(i64::from(*rank)), principal.to_string().into()])
    });
    let rows = rows
        .into_iter()
        .map(|((_, principal), paths)| {
            let (permissions, until) = summary(&paths, at);
            let role = Role::strongest_within(permissions);
            AccessRow { principal, role, permissions, until, paths }
        })
        .collect();
    Ok((rows, next))
}

/// Where in its life the item was, and its owner unless inactive.
pub(super) async fn owner(
    reader: &mut ModelReader,
    when: When,
    item: &ItemRef,
) -> Result<Option<(Lifecycle, Option<AccountId>, AccessPath)>, ViewError> {
    let free = not_inactive("t.owner", !when.now);
    let columns = format!(
        "t.owner, t.lifecycle, t.owned_since, t.events, CASE WHEN {free} THEN 1 ELSE 0 END"
    );
    let rows = reader.of_item(when, "states", &columns, item, ("true", &[])).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let account: AccountId = cell(row, 0).parse()?;
    let path = AccessPath {
        via: Via::Owner,
        grant: None,
        link: None,
        role: Role::Owner,
        withhold: Vec::new(),
        starts_at: None,
        ends_at: None,
        provenance: None,
        given_by: None,
        since: cell(row, 2).time()?,
        events: event_ids(cell(row, 3))?,
    };
    let free = cell(row, 4).bool()?;
    Ok(Some((cell(row, 1).named()?, free.then_some(account), path)))
}

async fn grants(
    reader: &mut ModelReader,
    when: When,
    item: &ItemRef,
    paths: &mut Paths,
) -> Result<(), ViewError> {
    let free = not_inactive("t.grantee_id", !when.now);
    let condition = format!("(t.grantee_type <> 'account' OR ({free}))");
    let rows = reader.of_item(when, "grants", GRANT, item, (&condition, &[])).await?;
    for row in &rows {
        let principal = match cell(row, 0).text()? {
            "group" => Principal::Group(cell(row, 1).parse()?),
            _ => Principal::Account(cell(row, 1).parse()?),
        };
        let path = grant_path(row)?;
        if window(&path).holds(when.time) {
            add(paths, principal, path);
        }
    }
    Ok(())
}

/// Reads a grant from its third column on.
pub(super) fn grant_path(row: &Row) -> Result<AccessPath, ViewError> {
    Ok(AccessPath {
        via: Via::Grant,
        grant: Some(cell(row, 2).parse()?),
        link: None,
        role: cell(row, 3).named()?,
        withhold: withheld(cell(row, 4))?,
        starts_at: cell(row, 5).optional(Value::time)?,
        ends_at: cell(row, 6).optional(Value::time)?,
        provenance: Some(Provenance {
            kind: cell(row, 7).named()?,
            id: cell(row, 8).optional(|cell| cell.text().map(ToOwned::to_owned))?,
        }),
        given_by: cell(row, 9).optional(Value::parse)?,
        since: cell(row, 10).time()?,
        events: event_ids(cell(row, 11))?,
    })
}

/// Paths of one principal stand in the order of their ids; the owner keeps its own row.
fn add(paths: &mut Paths, principal: Principal, path: AccessPath) {
    let owns = (0, principal.clone());
    let key = if paths.contains_key(&owns) { owns } else { (rank(&principal), principal) };
    let list = paths.entry(key).or_default();
    list.push(path);
    list.sort_by_key(|path| (path.via, path.grant));
}

async fn links(
    reader: &mut ModelReader,
    when: When,
    item: &ItemRef,
    paths: &mut Paths,
) -> Result<(), ViewError> {
    let rows = reader.of_item(when, "links", LINK, item, ("true", &[])).await?;
    for row in &rows {
        let link = cell(row, 0).parse()?;
        let path = link_path(row)?;
        // A link for the entitled gives nothing to nobody.
        let gives = cell(row, 5).named::<Audience>()? != Audience::Named;
        if gives && window(&path).holds(when.time) {
            add(paths, Principal::Link(link), path);
        }
    }
    Ok(())
}

async fn visibility(
    reader: &mut ModelReader,
    when: When,
    item: &ItemRef,
    paths: &mut Paths,
) -> Result<Visibility, ViewError> {
    let rows = reader.of_item(when, "visibilities", VISIBILITY, item, ("true", &[])).await?;
    let Some(row) = rows.first() else { return Ok(Visibility::Restricted) };
    let open_to: Visibility = cell(row, 0).named()?;
    if open_to == Visibility::Public {
        add(paths, Principal::Anonymous, visibility_path(row)?);
    }
    Ok(open_to)
}

/// Reads a link.
pub(super) fn link_path(row: &Row) -> Result<AccessPath, ViewError> {
    Ok(AccessPath {
        via: Via::Link,
        grant: None,
        link: Some(cell(row, 0).parse()?),
        role: cell(row, 1).named()?,
        withhold: withheld(cell(row, 2))?,
        starts_at: cell(row, 3).optional(Value::time)?,
        ends_at: cell(row, 4).optional(Value::time)?,
        provenance: None,
        given_by: cell(row, 6).optional(Value::parse)?,
        since: cell(row, 7).time()?,
        events: event_ids(cell(row, 8))?,
    })
}

/// Reads a visibility.
pub(super) fn visibility_path(row: &Row) -> Result<AccessPath, ViewError> {
    Ok(AccessPath {
        via: Via::Visibility,
        grant: None,
        link: None,
        role: Role::Viewer,
        withhold: Vec::new(),
        starts_at: None,
        ends_at: None,
        provenance: None,
        given_by: cell(row, 1).optional(Value::parse)?,
        since: cell(row, 2).time()?,
        events: event_ids(cell(row, 3))?,
    })
}
