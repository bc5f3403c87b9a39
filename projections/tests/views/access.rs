//! The access list agrees with the rules, now and at any moment.

use crate::{
    engine::Engine,
    world::{Said, World},
};
use domain::testing::soak::seeds;
use domain::{
    access::{AccessPath, PathSource, Subject, describe_paths, oracle},
    event::{
        Audience, Ended, Event, Grant, GrantGiven, ItemClosed, ItemEvent, ItemReopened,
        LinkCreated, LinkTerms, Provenance, Restore, Visibility, VisibilityChanged,
    },
    id::{AccountId, ItemRef},
    item::{ItemState, principals},
    position::Position,
    principal::{Grantee, Principal},
    role::{Permissions, Role},
    stream::StreamName,
    testing::{
        Generator, History, account, grant_id, history, hour, item, link_id, registered, replay,
        to_account, to_group,
    },
    time::Time,
};
use projections::{AccessPage, AccessRow, AsOf, Page, ViewError, Views};
use std::collections::{BTreeMap, BTreeSet};

const HISTORIES: u32 = 6;
const RECORDS: usize = 90;

fn everything() -> Page {
    Page { limit: 10_000, after: None, count: false }
}

/// The moments of a history that are worth asking about: every third position, and the times around
/// it.
pub(crate) fn moments(history: &History) -> Vec<(AsOf, Position, Time)> {
    let mut moments = Vec::new();
    for (index, step) in history.steps.iter().enumerate() {
        if index % 3 == 0 {
            moments.push((AsOf::Position(step.position), step.position, step.time));
            let between = step.time.plus_micros(1_800_000_000);
            let reached = history.steps.iter().rev().find(|step| step.time <= between).unwrap();
            moments.push((AsOf::Time(between), reached.position, between));
        }
    }
    let now = history.last_time().plus_seconds(86_400 * 40);
    moments.push((AsOf::Now, history.head(), now));
    moments
}

fn said(page: &AccessPage, principal: &Principal) -> Permissions {
    let row = page.rows.iter().find(|row| row.principal == *principal);
    row.map_or(Permissions::NONE, |row| row.permissions)
}

pub(crate) async fn rows_equal_the_oracle_now_and_at_any_moment(engine: Engine) {
    for seed in seeds(HISTORIES) {
        let history = history(seed, RECORDS);
        let world = World::of(&history.steps).await;
        let views = world.catch_up(&engine.fresh().await, 64).await;
        for (as_of, upto, at) in moments(&history) {
            for item in Generator::items() {
                let page = views.access_list(&item, as_of, at, &everything()).await.unwrap();
                assert_eq!(page.as_of, (at, upto), "seed {seed} {as_of:?}");
                compare(&history, &item, &page, upto, at);
            }
        }
    }
}

fn compare(history: &History, item: &ItemRef, page: &AccessPage, upto: Position, at: Time) {
    let ask = |account: Option<AccountId>, groups| {
        let asker = oracle::OracleSubject { account, groups, visits: Vec::new() };
        oracle::permissions(&history.entries, item, &asker, upto, at)
    };
    let set = |permissions: Permissions| permissions.iter().collect::<BTreeSet<_>>();
    let anonymous = said(page, &Principal::Anonymous);
    assert_eq!(ask(None, Vec::new()), set(anonymous), "anonymous on {item} at {upto}");
    let stranger = account("stranger");
    let open = ask(Some(stranger.clone()), Vec::new());
    let opened = if page.open_to == Visibility::Restricted {
        Permissions::NONE
    } else {
        Role::Viewer.permissions()
    };
    assert_eq!(open, set(opened), "any account on {item} at {upto}");
    for account in Generator::accounts() {
        let mut expected = set(said(page, &Principal::Account(account.clone())));
        let asked = ask(Some(account.clone()), Vec::new());
        if open.is_subset(&asked) {
            expected.extend(open.clone());
        } else {
            expected.extend(set(anonymous));
        }
        assert_eq!(asked, expected, "{account} on {item} at {upto}");
    }
    for group in Generator::groups() {
        let asked = ask(Some(stranger.clone()), vec![group.clone()]);
        let mut expected = set(said(page, &Principal::Group(group.clone())));
        expected.extend(open.clone());
        assert_eq!(asked, expected, "{group} on {item} at {upto}");
    }
}

/// The item as the domain knows it at a position.
pub(crate) fn state(history: &History, item: &ItemRef, upto: Position) -> ItemState {
    let stream = StreamName::Item(item.clone());
    let mut state = ItemState::default();
    for entry in &history.entries {
        if entry.stream == stream && entry.recorded.position() <= upto {
            replay(&mut state, &entry.recorded);
        }
    }
    state
}

pub(crate) async fn rows_equal_the_paths_of_the_domain(engine: Engine) {
    for seed in seeds(HISTORIES) {
        let history = history(seed, RECORDS);
        let world = World::of(&history.steps).await;
        let views = world.catch_up(&engine.fresh().await, 7).await;
        for (as_of, upto, at) in moments(&history) {
            for item in Generator::items() {
                let page = views.access_list(&item, as_of, at, &everything()).await.unwrap();
                let state = state(&history, &item, upto);
                let mut expected = own_paths(&state, at);
                expected.retain(|principal, _| !is_inactive(&history, principal, upto));
                let rows: BTreeMap<Principal, &AccessRow> =
                    page.rows.iter().map(|row| (row.principal.clone(), row)).collect();
                assert_eq!(
                    rows.keys().collect::<Vec<_>>(),
                    expected.keys().collect::<Vec<_>>(),
                    "{item} at {upto}"
                );
                for (principal, paths) in expected {
                    same(rows[&principal], paths);
                }
                assert_eq!(page.open_to, state.visibility);
            }
        }
    }
}

/// Everybody with a path of its own, as the state of the item tells.
fn own_paths(state: &ItemState, at: Time) -> BTreeMap<Principal, Vec<AccessPath>> {
    let paths = |principal: Principal| {
        let own = describe_paths(state, &Subject::from(&principal), |path| {
            path.window.holds(at) && path.is_own(&principal)
        });
        (principal, own)
    };
    principals(state).map(paths).filter(|(_, own)| !own.is_empty()).collect()
}

fn is_inactive(history: &History, principal: &Principal, upto: Position) -> bool {
    let Principal::Account(account) = principal else { return false };
    let stream = StreamName::Account(account.clone());
    let mut state = domain::account::AccountState::default();
    for entry in &history.entries {
        if entry.stream == stream && entry.recorded.position() <= upto {
            replay(&mut state, &entry.recorded);
        }
    }
    state.position != Position::START && !state.is_active()
}

fn same(row: &AccessRow, expected: Vec<AccessPath>) {
    // Since when a visibility holds, and who registered an item, only one of them knows.
    let comparable = |path: AccessPath| {
        let given_by = path.given_by.filter(|_| path.source != PathSource::Owner);
        AccessPath { given_by, since: None, ..path }
    };
    let expected: Vec<_> = expected.into_iter().map(comparable).collect();
    let found: Vec<_> = row.paths.iter().cloned().map(comparable).collect();
    assert_eq!(found, expected, "{}", row.principal);
}

pub(crate) fn given(number: u128, to: Grantee, role: Role, ends_at: Option<Time>) -> Event {
    let grant = Grant {
        grant: grant_id(number),
        grantee: to,
        role,
        withhold: Vec::new(),
        starts_at: None,
        ends_at,
        provenance: Provenance::DIRECT,
    };
    ItemEvent::GrantGiven(GrantGiven { grant, asked: None }).into()
}

pub(crate) fn link(number: u128) -> Event {
    let terms = LinkTerms {
        role: Role::Viewer,
        audience: Audience::Anyone,
        withhold: Vec::new(),
        starts_at: None,
        ends_at: None,
        max_visits: None,
        joins: false,
        label: None,
        state: None,
    };
    let created =
        LinkCreated { link: link_id(number), terms, generation: 1, password: None, asked: None };
    ItemEvent::LinkCreated(created).into()
}

pub(crate) fn on(item: &ItemRef) -> StreamName {
    StreamName::Item(item.clone())
}

async fn shared(engine: &Engine) -> (World, std::sync::Arc<dyn Views>, ItemRef) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    for number in 0..7 {
        let to = to_account(&format!("b-{number}"));
        world.say(&on(&it), &by, vec![given(number, to, Role::Viewer, None)]).await;
    }
    world.say(&on(&it), &by, vec![given(100, to_group("g-1"), Role::Editor, None)]).await;
    world.say(&on(&it), &by, vec![link(1)]).await;
    let public = VisibilityChanged { before: Visibility::Restricted, after: Visibility::Public };
    world.say(&on(&it), &by, vec![ItemEvent::VisibilityChanged(public).into()]).await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    (world, views, it)
}

pub(crate) async fn the_list_is_paged_by_principal(engine: Engine) {
    let (world, views, it) = shared(&engine).await;
    let mut found = Vec::new();
    let mut page = Page { limit: 3, after: None, count: true };
    loop {
        let answer = views.access_list(&it, AsOf::Now, world.now(), &page).await.unwrap();
        assert_eq!(answer.total.unwrap().value, 11);
        found.extend(answer.rows.into_iter().map(|row| row.principal.to_string()));
        page.after = answer.next;
        if page.after.is_none() {
            break;
        }
    }
    let link = Principal::Link(link_id(1)).to_string();
    let expected = [
        "account:a-1",
        "account:b-0",
        "account:b-1",
        "account:b-2",
        "account:b-3",
        "account:b-4",
        "account:b-5",
        "account:b-6",
        "group:g-1",
        &link,
        "anonymous",
    ];
    assert_eq!(found, expected);
    let first = Page { limit: 3, ..Page::default() };
    let next = views.access_list(&it, AsOf::Now, world.now(), &first).await.unwrap().next;
    let other = item("history", "other");
    let foreign = Page { after: next, ..first };
    let answer = views.access_list(&other, AsOf::Now, world.now(), &foreign).await;
    assert_eq!(answer, Err(ViewError::Cursor));
}

pub(crate) async fn a_moment_before_registration_is_unknown_and_one_beyond_the_end_is_refused(
    engine: Engine,
) {
    let (world, views, it) = shared(&engine).await;
    let ask = |as_of| {
        let (views, it, now) = (views.clone(), it.clone(), world.now());
        async move { views.access_list(&it, as_of, now, &Page::default()).await }
    };
    let before = ask(AsOf::Time(hour(0))).await.unwrap();
    assert_eq!(before.rows, Vec::new());
    assert_eq!(before.known_from, Some(hour(1)));
    assert_eq!(before.as_of, (hour(0), Position(0)));
    let future = ask(AsOf::Position(Position(99))).await;
    assert_eq!(future, Err(ViewError::Future { asked: Position(99), position: Position(11) }));
    let other = views
        .access_list(&item("history", "never"), AsOf::Now, world.now(), &Page::default())
        .await
        .unwrap();
    assert_eq!((other.known_from, other.rows.len()), (None, 0));
    assert_eq!(views.position_at(hour(0)).await, Ok(None));
    assert_eq!(views.position_at(hour(4).plus_micros(-1)).await, Ok(Some(Position(3))));
    assert_eq!(views.position_at(hour(4)).await, Ok(Some(Position(4))));
}

pub(crate) async fn closing_ends_all_and_reopening_brings_back_what_has_not_passed(engine: Engine) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    world.say(&on(&it), &by, vec![given(1, to_account("b-1"), Role::Editor, None)]).await;
    let soon = Some(hour(5));
    world.say(&on(&it), &by, vec![given(2, to_account("b-2"), Role::Editor, soon)]).await;
    world.say(&on(&it), &by, vec![link(1)]).await;
    let closed = ItemClosed {
        ended: Ended { grants: 2, links: 1, publications: 0 },
        visibility: Visibility::Restricted,
    };
    let at = world.say(&on(&it), &by, vec![ItemEvent::Closed(closed).into()]).await;
    let reopened = ItemReopened {
        restore: Restore::All,
        closed_at: at,
        restored: Ended { grants: 1, links: 1, publications: 0 },
        visibility: Visibility::Restricted,
    };
    world.say(&on(&it), &by, vec![ItemEvent::Reopened(reopened).into()]).await;
    for batch in [1, 100] {
        let views = world.catch_up(&engine.fresh().await, batch).await;
        let count = |position| {
            let (views, it, now) = (views.clone(), it.clone(), world.now());
            async move {
                let as_of = AsOf::Position(Position(position));
                let page = views.access_list(&it, as_of, now, &Page::default()).await.unwrap();
                page.rows.len()
            }
        };
        assert_eq!([count(4).await, count(5).await, count(6).await], [4, 1, 3]);
        let page = views.access_list(&it, AsOf::Now, world.now(), &Page::default()).await.unwrap();
        let events: Vec<_> = page.rows[1].paths[0].events.iter().map(ToString::to_string).collect();
        assert_eq!(events, ["2-0", "6-0"]);
    }
}

pub(crate) async fn until_names_the_first_end_that_takes_something_away(engine: Engine) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    world.say(&on(&it), &by, vec![given(1, to_account("b-1"), Role::Viewer, Some(hour(50)))]).await;
    world.say(&on(&it), &by, vec![given(2, to_account("b-1"), Role::Editor, Some(hour(60)))]).await;
    world.say(&on(&it), &by, vec![given(3, to_account("b-1"), Role::Browser, None)]).await;
    let views = world.catch_up(&engine.fresh().await, 9).await;
    let at = |hours| {
        let (views, it) = (views.clone(), it.clone());
        async move {
            let page =
                views.access_list(&it, AsOf::Now, hour(hours), &Page::default()).await.unwrap();
            let row = &page.rows[1];
            (row.role, row.until, row.paths.len())
        }
    };
    assert_eq!(at(10).await, (Some(Role::Editor), Some(hour(60)), 3));
    assert_eq!(at(55).await, (Some(Role::Editor), Some(hour(60)), 2));
    assert_eq!(at(60).await, (Some(Role::Browser), None, 1));
}
