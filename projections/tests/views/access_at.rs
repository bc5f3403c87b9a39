//! The access of one principal agrees with the rules, now and at any moment.

use crate::{
    access::{moments, state},
    engine::Engine,
    world::World,
};
use domain::testing::soak::seeds;
use domain::{
    access::{Subject, Visit, oracle},
    event::Audience,
    id::{AccountId, GroupId, ItemRef, LinkId},
    item::OpenLink,
    position::Position,
    principal::Principal,
    role::{Permission, Permissions},
    testing::{Generator, History, account, history},
    time::Time,
};
use projections::{AccessAt, Views};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const HISTORIES: u32 = 4;
const RECORDS: usize = 80;

fn set(permissions: Permissions) -> BTreeSet<Permission> {
    permissions.iter().collect()
}

/// Whom the questions are about, as the views and as the oracle take it: everybody of the
/// generated histories, members of groups without anything of their own, and nobody.
pub(crate) fn subjects() -> Vec<(Subject, Option<AccountId>, Vec<GroupId>)> {
    let mut all = vec![(Subject::anonymous(), None, Vec::new())];
    for account in Generator::accounts().into_iter().chain([account("stranger")]) {
        let subject = Subject::account(account.clone());
        all.push((subject, Some(account), Vec::new()));
    }
    for group in Generator::groups() {
        let subject = Subject::new(Principal::Group(group.clone()));
        all.push((subject, Some(account("stranger")), vec![group]));
    }
    all
}

pub(crate) fn oracle(
    history: &History,
    item: &ItemRef,
    (account, groups): (Option<AccountId>, Vec<GroupId>),
    (upto, at): (Position, Time),
) -> BTreeSet<Permission> {
    let asker = oracle::OracleSubject { account, groups, visits: Vec::new() };
    oracle::permissions(&history.entries, item, &asker, upto, at)
}

/// Whoever opened a link that was open then, as the views and as the oracle take it: of a link for
/// people who are signed in, somebody who is and has nothing else.
fn holders(
    history: &History,
    item: &ItemRef,
    upto: Position,
) -> Vec<(Subject, Audience, oracle::OracleSubject)> {
    let state = state(history, item, upto);
    let holder = |(link, open): (&LinkId, &OpenLink)| {
        let visit = Visit {
            link: *link,
            generation: open.generation,
            password_version: open.password_version,
            ends_at: history.last_time().plus_seconds(86_400 * 1_000),
        };
        let audience = open.terms.audience;
        let account = (audience == Audience::Internal).then(|| account("stranger"));
        let opened = oracle::OracleSubject { account, groups: Vec::new(), visits: vec![visit] };
        (Subject::new(Principal::Link(*link)), audience, opened)
    };
    state.links.iter().map(holder).collect()
}

pub(crate) async fn who_opened_a_link_had_what_the_oracle_says(engine: Engine) {
    let mut gave = BTreeMap::new();
    for seed in seeds(HISTORIES) {
        let history = history(seed, RECORDS);
        let world = World::of(&history.steps).await;
        let views: Arc<dyn Views> = world.catch_up(&engine.fresh().await, 64).await;
        for (as_of, upto, at) in moments(&history) {
            for item in Generator::items() {
                for (subject, audience, opened) in holders(&history, &item, upto) {
                    let had: AccessAt = views.access_at(&item, &subject, as_of, at).await.unwrap();
                    let expected = oracle::permissions(&history.entries, &item, &opened, upto, at);
                    let told =
                        format!("seed {seed}: {subject:?} ({audience:?}) on {item} at {upto}");
                    assert_eq!(set(had.permissions()), expected, "{told}");
                    *gave.entry(audience).or_insert(false) |= !expected.is_empty();
                }
            }
        }
    }
    assert_eq!(gave.len(), 3, "links of every audience were asked about: {gave:?}");
    assert!(gave[&Audience::Anyone] && gave[&Audience::Internal], "{gave:?}");
}

pub(crate) async fn one_principal_had_what_the_oracle_says(engine: Engine) {
    for seed in seeds(HISTORIES) {
        let history = history(seed, RECORDS);
        let world = World::of(&history.steps).await;
        let views: Arc<dyn Views> = world.catch_up(&engine.fresh().await, 64).await;
        for (as_of, upto, at) in moments(&history) {
            for item in Generator::items() {
                for (subject, account, groups) in subjects() {
                    let had: AccessAt = views.access_at(&item, &subject, as_of, at).await.unwrap();
                    assert_eq!(had.as_of, (at, upto), "seed {seed} {as_of:?}");
                    let expected = oracle(&history, &item, (account, groups), (upto, at));
                    let told = format!("seed {seed}: {subject:?} on {item} at {upto}");
                    assert_eq!(set(had.permissions()), expected, "{told}");
                    for permission in Permission::ALL {
                        let (given, told) = (expected.contains(&permission), &told);
                        assert_eq!(had.denial_reason(permission).is_none(), given, "{told}");
                        let kinds = had.permitting(permission);
                        assert_eq!(kinds.iter().next().is_some(), given, "{told}");
                    }
                }
            }
        }
    }
}
