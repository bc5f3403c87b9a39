//! Every answer equals the oracle's.

use crate::world::{PATIENCE, World};
use domain::testing::soak::seeds;
use domain::{
    access::{
        AccessPath, PathKind, Subject, Visit,
        oracle::{self, OracleSubject},
    },
    id::{AccountId, ItemRef, LinkId},
    position::Position,
    principal::Principal,
    role::{Permission, Permissions},
    testing::{Generator, History, account, history},
    time::Time,
};
use eventlog::EventLog as _;
use projections::index::{AccessIndex, IndexOptions, Snapshot};
use std::{collections::BTreeSet, sync::Arc};

/// Times worth asking about at a position: then, a little later, long after.
pub(crate) fn times(history: &History, upto: Position) -> [Time; 3] {
    let steps = history.steps.iter().take(usize::try_from(upto.0).unwrap());
    let now = steps.into_iter().next_back().map_or(domain::testing::hour(0), |step| step.time);
    [now, now.plus_seconds(1_800), now.plus_seconds(86_400 * 40)]
}

/// Openings of every link that was ever made on an item: good ones, and some that are not.
pub(crate) fn visits(history: &History, item: &ItemRef, until: Time) -> Vec<Visit> {
    let states = history.items.get(item).into_iter();
    let known = states.flat_map(|state| {
        let closed = state.closed.iter().flat_map(|closed| &closed.links);
        state.links.iter().chain(closed)
    });
    let mut visits = Vec::new();
    for (link, open) in known {
        for generation in [open.generation, 1] {
            for password_version in [open.password_version, 0] {
                let ends_at = until;
                visits.push(Visit { link: *link, generation, password_version, ends_at });
            }
        }
    }
    let link = LinkId(uuid::Uuid::from_u128(1));
    visits.push(Visit { link, generation: 1, password_version: 0, ends_at: until });
    visits
}

fn set(permissions: Permissions) -> BTreeSet<Permission> {
    permissions.iter().collect()
}

/// Compares all that can be asked of a snapshot with the oracle at its own position.
pub(crate) fn compare(history: &History, snapshot: &Snapshot) {
    let upto = snapshot.position();
    for item in Generator::items() {
        for at in times(history, upto) {
            let mut may = Vec::new();
            let people = Generator::accounts().into_iter().chain([account("stranger")]);
            for who in people.map(Some).chain([None]) {
                for groups in [Vec::new(), Generator::groups()] {
                    for visits in [Vec::new(), visits(history, &item, at.plus_seconds(60))] {
                        let asked =
                            OracleSubject { account: who.clone(), groups: groups.clone(), visits };
                        one(history, snapshot, &item, &asked, at);
                        if asked.groups.is_empty() && asked.visits.is_empty() {
                            may.extend(who.clone().map(|who| (who, asked)));
                        }
                    }
                }
            }
            found(history, snapshot, &item, &may, at);
        }
    }
}

fn one(history: &History, snapshot: &Snapshot, item: &ItemRef, asked: &OracleSubject, at: Time) {
    let upto = snapshot.position();
    // A member of groups is one who has nothing else.
    let member = asked.account == Some(account("stranger"));
    let principal = match (&asked.account, asked.groups.first()) {
        (Some(_), Some(group)) if member => Principal::Group(group.clone()),
        (Some(account), _) => Principal::Account(account.clone()),
        (None, _) => Principal::Anonymous,
    };
    let groups = asked.groups.iter().cloned().collect();
    let subject = Subject { groups, ..Subject::new(principal).with_visits(asked.visits.clone()) };
    let verdict = snapshot.check(&subject, item, at);
    let expected = oracle::permissions(&history.entries, item, asked, upto, at);
    assert_eq!(set(verdict.permissions), expected, "{asked:?} on {item} at {upto}, {at}");
    let paths = snapshot.paths(&subject, item, at);
    let sum = paths.iter().fold(Permissions::NONE, |all, path| all.union(path.permissions));
    assert_eq!(sum, verdict.permissions, "the paths of {asked:?} on {item} at {upto}");
    for path in &paths {
        assert!(verdict.paths.has(path.kind()), "{path:?}");
    }
    for permission in Permission::ALL {
        let kinds = snapshot.permitting(&subject, item, permission, at);
        assert_eq!(kinds.iter().next().is_some(), expected.contains(&permission), "{kinds:?}");
        let refusal = snapshot.denial_reason(&subject, item, permission, at);
        assert_eq!(refusal.is_none(), expected.contains(&permission), "{refusal:?}");
    }
    // By the clock alone nothing changes before the instant named.
    let later = verdict.valid_until.map_or(at.plus_seconds(86_400 * 400), |t| t.plus_micros(-1));
    if asked.visits.is_empty() || verdict.valid_until.is_some() {
        let then = oracle::permissions(&history.entries, item, asked, upto, later);
        assert_eq!(then, expected, "{asked:?} on {item} from {at} until {later}");
    }
}

fn found(
    history: &History,
    snapshot: &Snapshot,
    item: &ItemRef,
    may: &[(AccountId, OracleSubject)],
    at: Time,
) {
    let upto = snapshot.position();
    for permission in [Permission::Browse, Permission::Edit, Permission::Own] {
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let found = snapshot.subjects(item, permission, at, after.as_deref(), 2);
            let (page, next) = found.unwrap();
            listed.extend(page);
            after = next;
            if after.is_none() {
                break;
            }
        }
        let unique: BTreeSet<_> = listed.iter().cloned().collect();
        assert_eq!(unique.len(), listed.len(), "each account once: {listed:?}");
        for (who, asked) in may {
            let expected = oracle::permissions(&history.entries, item, asked, upto, at);
            let subject = Subject::account(who.clone());
            let kind = item.kind.as_str();
            let found = snapshot.resources(&subject, kind, permission, at, None, 100);
            let items = found.unwrap().0;
            let paths = snapshot.paths(&subject, item, at);
            let named = paths.iter().any(|path| !path.events.is_empty() && !is_open(path));
            let may = named && expected.contains(&permission);
            assert_eq!(unique.contains(who), may, "{who} on {item} at {upto}");
            assert_eq!(items.contains(item), may, "{who} finds {item} at {upto}");
        }
    }
}

fn is_open(path: &AccessPath) -> bool {
    path.kind() == PathKind::Visibility
}

pub(crate) async fn opened(world: &World) -> AccessIndex {
    let log = Arc::new(world.log.clone());
    AccessIndex::open(log, None, IndexOptions::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_equals_the_oracle_at_every_position() {
    for seed in seeds(3) {
        let history = history(seed, 50);
        let world = World::new();
        let index = opened(&world).await;
        for step in &history.steps {
            world.step(step).await;
            let snapshot = index.wait_for(step.position, PATIENCE).await.unwrap();
            assert_eq!(snapshot.position(), step.position);
            assert_eq!(snapshot.time(), step.time);
            compare(&history, &snapshot);
        }
        index.close().await;
    }
}

/// What ends, by the folded states of all items.
fn ends_of(history: &History) -> Vec<(Time, uuid::Uuid, ItemRef)> {
    let mut all = Vec::new();
    for (item, state) in &history.items {
        let grants = state.grants.iter().map(|(id, open)| (open.grant.ends_at, id.0));
        let links = state.links.iter().map(|(id, open)| (open.terms.ends_at, id.0));
        all.extend(grants.chain(links).filter_map(|(at, id)| Some((at?, id, item.clone()))));
    }
    all.sort_by_key(|end| (end.0, end.1));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_earliest_ends_are_known() {
    let (mut seen, mut cut) = (0, 0);
    for seed in seeds(20) {
        let history = history(seed, 120);
        let world = World::of(&history.steps).await;
        let index = opened(&world).await;
        let head = world.log.head().await.unwrap().position;
        let snapshot = index.wait_for(head, PATIENCE).await.unwrap();
        let expected = ends_of(&history);
        for most in [1, 3, 1_000] {
            let (ends, left_out) = snapshot.expirations(most);
            let ends: Vec<_> = ends.into_iter().map(|end| (end.at, end.id, end.item)).collect();
            let kept = most.min(expected.len());
            assert_eq!(ends, expected[..kept]);
            assert_eq!(left_out, expected.get(kept).map(|end| end.0));
            cut += usize::from(left_out.is_some());
        }
        seen += expected.len();
        index.close().await;
    }
    assert!(seen > 20 && cut > 5, "{seen} ends, {cut} times not all of them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_starts_later_knows_the_same() {
    for seed in seeds(10) {
        let history = history(seed, 150);
        let world = World::of(&history.steps).await;
        let index = opened(&world).await;
        let head = world.log.head().await.unwrap().position;
        compare(&history, &index.wait_for(head, PATIENCE).await.unwrap());
        index.close().await;
    }
}
