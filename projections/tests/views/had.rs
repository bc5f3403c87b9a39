//! Does the answer about one principal say what the rules say, now and at any moment?

use crate::{access::moments, engine::Engine, world::World};
use domain::{
    access::oracle,
    id::{AccountId, GroupId, ItemRef},
    position::Position,
    role::{Permission, Permissions},
    testing::{Generator, History, account, history},
    time::Time,
};
use projections::{Asker, Had, Views};
use std::{collections::BTreeSet, sync::Arc};

const HISTORIES: u64 = 4;
const RECORDS: usize = 80;

fn set(permissions: Permissions) -> BTreeSet<Permission> {
    permissions.iter().collect()
}

/// Whom the questions are about, as the views and as the oracle take it: everybody of the
/// generated histories, members of groups without anything of their own, and nobody.
pub(crate) fn askers() -> Vec<(Asker, Option<AccountId>, Vec<GroupId>)> {
    let mut all = vec![(Asker::default(), None, Vec::new())];
    for account in Generator::accounts().into_iter().chain([account("stranger")]) {
        let asker = Asker { account: Some(account.clone()), ..Asker::default() };
        all.push((asker, Some(account), Vec::new()));
    }
    for group in Generator::groups() {
        let asker = Asker { groups: vec![group.clone()], ..Asker::default() };
        all.push((asker, Some(account("stranger")), vec![group]));
    }
    all
}

fn oracle(
    history: &History,
    item: &ItemRef,
    (account, groups): (Option<AccountId>, Vec<GroupId>),
    (upto, at): (Position, Time),
) -> BTreeSet<Permission> {
    let asker = oracle::Asker { account, groups, visits: Vec::new() };
    oracle::permissions(&history.entries, item, &asker, upto, at)
}

pub(crate) async fn one_principal_had_what_the_oracle_says(engine: Engine) {
    for seed in 0..HISTORIES {
        let history = history(seed, RECORDS);
        let world = World::of(&history.steps).await;
        let views: Arc<dyn Views> = world.catch_up(&engine.fresh().await, 64).await;
        for (as_of, upto, at) in moments(&history) {
            for item in Generator::items() {
                for (asker, account, groups) in askers() {
                    let had: Had = views.had(&item, &asker, as_of, at).await.unwrap();
                    assert_eq!(had.as_of, (at, upto), "seed {seed} {as_of:?}");
                    let expected = oracle(&history, &item, (account, groups), (upto, at));
                    let told = format!("seed {seed}: {asker:?} on {item} at {upto}");
                    assert_eq!(set(had.permissions()), expected, "{told}");
                }
            }
        }
    }
}
