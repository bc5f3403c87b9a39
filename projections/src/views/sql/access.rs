//! Who had access to an item at a moment: the access list.

use super::{ModelReader, SqlViews, cell, page};
use crate::{
    AccessPage, AccessRow, AsOf, CursorScope, Model, Page, Total, ViewError, value::Value,
    views::stored_item::StoredItem,
};
use domain::{
    access::{AccessFacts, Subject, describe_paths, paths},
    id::ItemRef,
    principal::Principal,
    role::{Permissions, Role},
    time::{Time, Window},
};

/// What paths give together at an instant, and when the first of that ends by the clock.
pub(super) fn summary(paths: &[(Permissions, Window)], at: Time) -> (Permissions, Option<Time>) {
    let union = |at: Time| {
        let holding = paths.iter().filter(|(_, window)| window.holds(at));
        holding.fold(Permissions::NONE, |all, (permissions, _)| all.union(*permissions))
    };
    let all = union(at);
    let mut ends: Vec<Time> = paths.iter().filter_map(|(_, window)| window.ends_at).collect();
    ends.sort_unstable();
    let until = ends.into_iter().filter(|end| *end > at).find(|end| !union(*end).covers(all));
    (all, until)
}

/// A principal with its place in the list: the owner, accounts, groups, links, anonymous.
type Ranked = (u8, Principal);

fn ranked(item: &StoredItem, principal: Principal) -> Ranked {
    let rank = match &principal {
        Principal::Account(account) if *account == item.owner => 0,
        Principal::Account(_) => 1,
        Principal::Group(_) => 2,
        Principal::Link(_) => 3,
        Principal::Anonymous => 4,
    };
    (rank, principal)
}

/// Everybody with a path of its own that held, in the order of the list.
fn listed(item: &StoredItem, at: Time) -> Vec<Ranked> {
    let mut all: Vec<Ranked> = item
        .principals()
        .filter(|principal| {
            let mut has = false;
            paths(item, &Subject::from(principal), |path| {
                has |= path.window.holds(at) && path.is_own(principal);
            });
            has
        })
        .map(|principal| ranked(item, principal))
        .collect();
    all.sort_unstable();
    all
}

fn access_row(item: &StoredItem, principal: Principal, at: Time) -> AccessRow {
    let subject = Subject::from(&principal);
    let paths =
        describe_paths(item, &subject, |path| path.window.holds(at) && path.is_own(&principal));
    let given: Vec<_> = paths.iter().map(|path| (path.permissions, path.window)).collect();
    let (permissions, until) = summary(&given, at);
    let role = Role::strongest_within(permissions);
    AccessRow { principal, role, permissions, until, paths }
}

/// The place that a cursor stands behind.
fn place(scope: &CursorScope, after: &str) -> Result<Ranked, ViewError> {
    let key = scope.decode(after, 2)?;
    let rank = u8::try_from(cell(&key, 0).int()?).map_err(|_| ViewError::Cursor)?;
    Ok((rank, cell(&key, 1).parse::<Principal>().map_err(|_| ViewError::Cursor)?))
}

impl SqlViews {
    pub(super) async fn list_access(
        &self,
        item: &ItemRef,
        as_of: AsOf,
        now: Time,
        asked: &Page,
    ) -> Result<AccessPage, ViewError> {
        let scope = CursorScope::new(&["access", &item.to_string(), &format!("{as_of:?}")]);
        let behind = asked.after.as_deref().map(|after| place(&scope, after)).transpose()?;
        let mut reader: ModelReader = self.read(Model::ACCESS).await?;
        let when = reader.when(as_of, now).await?;
        let rules = reader.rules(when).await?;
        let known_from = reader.known_from(item).await?;
        let stored = reader.stored_item(when, item, None).await?;
        let position = reader.position;
        reader.end().await?;
        let all = stored.as_ref().map(|item| listed(item, when.time)).unwrap_or_default();
        let total = Total { value: all.len() as u64, exact: true };
        let rest = all.into_iter().filter(|place| behind.as_ref().is_none_or(|last| place > last));
        let (places, more) = page(rest.take(asked.limit as usize + 1).collect(), asked.limit);
        let next = places.last().filter(|_| more).map(|(rank, principal)| {
            scope.encode(&[Value::Int(i64::from(*rank)), principal.to_string().into()])
        });
        let rows = stored.iter().flat_map(|item| {
            let places = places.iter();
            places.map(|(_, principal)| access_row(item, principal.clone(), when.time))
        });
        Ok(AccessPage {
            rows: rows.collect(),
            next,
            total: asked.count.then_some(total),
            position,
            as_of: (when.time, when.position),
            known_from,
            rules,
            open_to: stored.as_ref().map(AccessFacts::visibility).unwrap_or_default(),
        })
    }
}
