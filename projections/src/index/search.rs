//! Searches the index: principals that may do something with an item, and items with which a
//! principal may do something.
//!
//! Results come in the order in which the log mentioned them first: the same on every node, and
//! unchanged between pages. A page begins after a name; a node that is before the position at
//! which that name was given may not know it, and answers nothing rather than the first page
//! again.

use super::{
    IndexError,
    facts::{IndexSubject, ItemView},
    rows::{GROUP, ItemNode},
    snapshot::Snapshot,
    tables::Tables,
};
use domain::{
    access::{AccessDecision, AccessFacts as _, MAX_CONTAINER_DEPTH, PathKind, Subject, decide},
    id::{AccountId, GroupId, ItemRef},
    role::Permission,
    time::Time,
};

/// What stands on a page, and what `after` must be for the next one.
type Paged<T> = Result<(Vec<T>, Option<String>), IndexError>;

impl Snapshot {
    /// The number of what a page begins after.
    fn place(
        &self,
        after: Option<&str>,
        find: impl FnOnce(&str) -> Option<u32>,
    ) -> Result<Option<u32>, IndexError> {
        let unknown = || IndexError::NotYet { position: self.position() };
        after.map(|name| find(name).ok_or_else(unknown)).transpose()
    }

    /// Accounts with a way of the own (owner, grant, membership, opening, the same through
    /// containers) that may do something with an item, paged. Whom the visibility alone lets in is
    /// not listed.
    pub fn subjects(
        &self,
        item: &ItemRef,
        permission: Permission,
        at: Time,
        after: Option<&str>,
        limit: usize,
    ) -> Paged<AccountId> {
        let tables = &*self.0;
        let after = self.place(after, |after| tables.find_account(after))?;
        let Some(view) = self.view(item) else { return Ok((Vec::new(), None)) };
        let named = behind(sorted(|all| accounts(view, all)), after);
        let may = |account: &u32| {
            permits_directly(decide(view, &IndexSubject::account(tables, *account), at), permission)
        };
        let found = named.filter(may).filter_map(|account| tables.account_id(account));
        Ok(page(found, limit, |account| account.as_str().to_owned()))
    }

    /// Groups with a grant of the own whose members may do something with an item, paged.
    pub fn groups(
        &self,
        item: &ItemRef,
        permission: Permission,
        at: Time,
        after: Option<&str>,
        limit: usize,
    ) -> Paged<GroupId> {
        let tables = &*self.0;
        let after = self.place(after, |after| tables.find_group(after))?;
        let Some(view) = self.view(item) else { return Ok((Vec::new(), None)) };
        let named = sorted(|all| {
            around(view, |row| {
                let given = row.grants.from((GROUP, [0; 16]));
                all.extend(given.map(|edge| edge.who));
            });
        });
        let may = |group: &u32| {
            permits_directly(decide(view, &IndexSubject::member(&[*group]), at), permission)
        };
        let found = behind(named, after).filter(may).filter_map(|group| tables.group_id(group));
        Ok(page(found, limit, |group| group.as_str().to_owned()))
    }

    /// Items of a kind with which somebody may do something by a way of the own, paged. Items that
    /// are open to any account or to anyone are not listed for that alone, nor are those of links.
    #[expect(clippy::too_many_arguments, reason = "a question and its page; all are needed")]
    pub fn resources(
        &self,
        who: &Subject,
        kind: &str,
        permission: Permission,
        at: Time,
        after: Option<&str>,
        limit: usize,
    ) -> Paged<ItemRef> {
        let tables = &*self.0;
        let after = self.place(after, |after| tables.find_item(kind, after))?;
        let Some(kind_number) = tables.kind(kind) else { return Ok((Vec::new(), None)) };
        let groups = tables.named_groups(who);
        let known = IndexSubject::new(tables, who, &groups);
        let all: Vec<u32> = if who.unrestricted {
            (0..u32::try_from(tables.items.len()).unwrap_or(u32::MAX)).collect()
        } else {
            sorted(|all| items(tables, &known, all))
        };
        let may = |item: &u32| {
            let row = tables.item(*item).filter(|row| row.kind == kind_number);
            let Some(view) = row.and_then(|_| tables.view(*item)) else { return false };
            if who.unrestricted {
                return true;
            }
            permits_directly(decide(view, &known, at), permission)
        };
        let found = behind(all, after).filter(may).filter_map(|item| tables.item_ref(item));
        Ok(page(found, limit, |item| item.id.as_str().to_owned()))
    }
}

/// Does a decision permit it to a subject that has a path of its own beside visibility and links?
fn permits_directly(decision: AccessDecision, permission: Permission) -> bool {
    let is_direct = |kind| kind != PathKind::Visibility && kind != PathKind::Link;
    decision.permissions.has(permission) && decision.paths.iter().any(is_direct)
}

/// What a collector finds, in order, each once.
fn sorted(collect: impl FnOnce(&mut Vec<u32>)) -> Vec<u32> {
    let mut all = Vec::new();
    collect(&mut all);
    if !all.is_sorted() {
        all.sort_unstable();
    }
    all.dedup();
    all
}

fn behind(all: Vec<u32>, after: Option<u32>) -> impl Iterator<Item = u32> {
    let from = after.map_or(0, |after| all.partition_point(|one| *one <= after));
    all.into_iter().skip(from)
}

fn page<T>(
    mut rest: impl Iterator<Item = T>,
    limit: usize,
    name: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let found: Vec<T> = rest.by_ref().take(limit).collect();
    let next = if limit == 0 { None } else { rest.next() };
    let next = next.and_then(|_| found.last().map(name));
    (found, next)
}

/// An item and every container above it whose access flows down.
fn around<'a>(item: ItemView<'a>, mut each: impl FnMut(&'a ItemNode)) {
    each(item.row);
    let mut known = vec![item];
    let mut from = 0;
    for _ in 0..MAX_CONTAINER_DEPTH {
        let upto = known.len();
        for place in from..upto {
            let Some(view) = known.get(place).copied() else { continue };
            view.containers(|container| {
                if !known.iter().any(|other| other.is_same(container)) {
                    each(container.row);
                    known.push(container);
                }
            });
        }
        from = upto;
    }
}

/// Every account that an item's own facts, or those of containers above it, lead to.
fn accounts(view: ItemView<'_>, all: &mut Vec<u32>) {
    let tables = view.tables;
    around(view, |row| {
        all.extend(Some(row.owner).filter(|owner| *owner != GROUP));
        for edge in row.grants.iter() {
            if edge.is_group() {
                let social = tables.principal(edge.who).and_then(|row| row.extras.as_ref());
                all.extend(social.into_iter().flat_map(|social| social.members.iter()));
            } else if all.last() != Some(&edge.who) {
                all.push(edge.who);
            }
        }
        let owner = tables.principal(row.owner).and_then(|row| row.extras.as_ref());
        let opened = owner.into_iter().flat_map(|social| social.opened.iter());
        all.extend(opened.map(|opening| opening.to));
    });
}

/// Every item that somebody's edges lead to.
fn items(tables: &Tables, subject: &IndexSubject<'_>, all: &mut Vec<u32>) {
    let mut of = |who: u32| {
        let row = tables.principal(who);
        all.extend(row.into_iter().flat_map(|row| row.items.iter()));
    };
    if let Some(number) = subject.number {
        of(number);
        let social = tables.principal(number).and_then(|row| row.extras.as_ref());
        let libraries = social.into_iter().flat_map(|social| social.libraries.iter());
        libraries.copied().for_each(&mut of);
    }
    subject.all_groups().for_each(&mut of);
    if tables.counts.parts == 0 {
        return;
    }
    // Whatever flows down from a container: the parts, and theirs.
    let flows = |item: &u32| tables.item(*item).is_some_and(|row| tables.follows(row));
    let mut level: Vec<u32> = all.iter().copied().filter(flows).collect();
    for _ in 0..MAX_CONTAINER_DEPTH {
        level.sort_unstable();
        level.dedup();
        let containers = level.iter().filter_map(|item| tables.item(*item));
        let parts: Vec<u32> = containers.flat_map(ItemNode::parts).collect();
        all.extend(&parts);
        level = parts.into_iter().filter(flows).collect();
    }
}
