//! `evolve` and `permissions` agree with the oracle, now and at any past position.

use domain::{
    access::{
        Subject, Visit,
        oracle::{self, OracleSubject},
        permissions,
    },
    account::AccountState,
    event::{Audience, Event, ItemEvent},
    id::{AccountId, GroupId, ItemRef, LinkId},
    item::ItemState,
    position::Position,
    principal::Principal,
    role::Permission,
    stream::StreamName,
    testing::{Generator, History, histories, hour, replay},
    time::Time,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What the log says up to a position, folded.
fn fold(history: &History, item: &ItemRef, upto: Position) -> ItemState {
    let stream = StreamName::Item(item.clone());
    let mut state = ItemState::default();
    for entry in &history.entries {
        if entry.recorded.position() <= upto && entry.stream == stream {
            replay(&mut state, &entry.recorded);
        }
    }
    state
}

fn accounts(history: &History, upto: Position) -> BTreeMap<AccountId, AccountState> {
    let mut all: BTreeMap<AccountId, AccountState> = BTreeMap::new();
    for entry in history.entries.iter().filter(|entry| entry.recorded.position() <= upto) {
        if let StreamName::Account(account) = &entry.stream {
            replay(all.entry(account.clone()).or_default(), &entry.recorded);
        }
    }
    all
}

/// Every link that ever was, with the values that its generation and password version ever had.
fn links(history: &History) -> Vec<(LinkId, Vec<u64>)> {
    let mut found: BTreeMap<LinkId, Vec<u64>> = BTreeMap::new();
    for entry in &history.entries {
        let position = entry.recorded.position().0;
        match &entry.recorded.event {
            Event::Item(ItemEvent::LinkCreated(created)) => {
                found.entry(created.link).or_default().extend([0, position]);
            }
            Event::Item(ItemEvent::LinkPasswordSet(set)) => {
                found.entry(set.link).or_default().push(position);
            }
            Event::Item(ItemEvent::LinkPasswordCleared(cleared)) => {
                found.entry(cleared.link).or_default().push(position);
            }
            _ => {}
        }
    }
    found.into_iter().collect()
}

#[derive(Debug, Clone)]
struct Question {
    item: prop::sample::Index,
    account: Option<prop::sample::Index>,
    groups: Vec<GroupId>,
    visit: Option<(prop::sample::Index, prop::sample::Index, u32)>,
    upto: prop::sample::Index,
    hours: i64,
}

fn questions() -> impl Strategy<Value = Vec<Question>> {
    let groups = prop::sample::subsequence(Generator::groups(), 0..=2);
    let visit =
        prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..4u32));
    let account = prop::option::weighted(0.8, any::<prop::sample::Index>());
    let question = (
        any::<prop::sample::Index>(),
        account,
        groups,
        visit,
        any::<prop::sample::Index>(),
        -100..300i64,
    )
        .prop_map(|(item, account, groups, visit, upto, hours)| Question {
            item,
            account,
            groups,
            visit,
            upto,
            hours,
        });
    prop::collection::vec(question, 1..20)
}

fn ask(
    history: &History,
    question: &Question,
) -> (Subject, OracleSubject, ItemRef, Position, Time) {
    let item = question.item.get(&Generator::items()).clone();
    let account = question.account.map(|index| index.get(&Generator::accounts()).clone());
    let upto = history.steps[question.upto.index(history.steps.len())].clone();
    let at = upto.time.plus_seconds(question.hours * 3_600);
    let links = links(history);
    let visit = question.visit.filter(|_| !links.is_empty()).map(|(link, password, generation)| {
        let (link, versions) = link.get(&links);
        let password_version = *password.get(versions);
        let ends_at = upto.time.plus_seconds(3_600 * 200);
        Visit { link: *link, generation, password_version, ends_at }
    });
    let visits: Vec<_> = visit.into_iter().collect();
    // Some member of groups is as one who has nothing of the own.
    let unnamed = account.is_none() && !question.groups.is_empty();
    let stranger = unnamed.then(|| AccountId::parse("stranger").unwrap());
    let asker = OracleSubject {
        account: account.clone().or(stranger),
        groups: question.groups.clone(),
        visits: visits.clone(),
    };
    let known = accounts(history, upto.position);
    let active = |id: &AccountId| known.get(id).is_none_or(AccountState::is_active);
    let principal = match (account.filter(active), question.groups.first()) {
        (Some(account), _) => Principal::Account(account),
        (None, Some(group)) if unnamed => Principal::Group(group.clone()),
        (None, _) => Principal::Anonymous,
    };
    let groups = question.groups.iter().cloned().collect();
    let subject = Subject { groups, ..Subject::new(principal).with_visits(visits) };
    (subject, asker, item, upto.position, at)
}

proptest! {
    #![proptest_config(domain::testing::soak::config(1_500))]

    #[test]
    fn permissions_agree_with_the_oracle(history in histories(60), questions in questions()) {
        for question in &questions {
            let (subject, asker, item, upto, at) = ask(&history, question);
            let state = fold(&history, &item, upto);
            let fast: BTreeSet<Permission> = permissions(&state, &subject, at).iter().collect();
            let slow = oracle::permissions(&history.entries, &item, &asker, upto, at);
            prop_assert_eq!(fast, slow, "{:?} {:?} {} {}", subject, item, upto, at);
        }
    }
}

#[test]
fn visitors_of_links_have_what_the_oracle_says() {
    let mut given = BTreeMap::new();
    for seed in 0..40 {
        let history = domain::testing::history(seed, 60);
        let (upto, at) = (history.head(), history.last_time());
        for item in Generator::items() {
            let state = fold(&history, &item, upto);
            for (link, open) in &state.links {
                let visit = Visit {
                    link: *link,
                    generation: open.generation,
                    password_version: open.password_version,
                    ends_at: at.plus_seconds(3_600),
                };
                let audience = open.terms.audience;
                let stranger = AccountId::parse("stranger").unwrap();
                let account = (audience == Audience::Internal).then_some(stranger);
                let asker = OracleSubject { account, groups: Vec::new(), visits: vec![visit] };
                let subject = Subject::new(Principal::Link(*link));
                let fast: BTreeSet<Permission> = permissions(&state, &subject, at).iter().collect();
                let slow = oracle::permissions(&history.entries, &item, &asker, upto, at);
                assert_eq!(fast, slow, "{link} ({audience:?}) on {item} of seed {seed}");
                *given.entry(audience).or_insert(0) += usize::from(!fast.is_empty());
            }
        }
    }
    assert!(given.len() == 3 && given[&Audience::Internal] > 0, "{given:?}");
}

#[test]
fn questions_meet_every_answer() {
    let mut seen: BTreeMap<Vec<Permission>, usize> = BTreeMap::new();
    for seed in 0..60 {
        let history = domain::testing::history(seed, 60);
        for item in Generator::items() {
            for account in Generator::accounts() {
                let state = fold(&history, &item, history.head());
                let may = permissions(&state, &Subject::account(account), history.last_time());
                *seen.entry(may.iter().collect()).or_default() += 1;
            }
        }
    }
    assert!(seen.len() > 12, "{seen:?}");
    assert!(seen.get(&Vec::new()).is_some_and(|number| *number > 10), "{seen:?}");
    assert!(hour(0) < domain::testing::history(1, 5).last_time());
}
