//! Items are found by what a principal could do with them, now and at any moment.

use crate::{
    access::{given, moments, on},
    access_at::subjects,
    engine::Engine,
    world::{Said, World},
};
use domain::testing::soak::seeds;
use domain::{
    access::{PathKind, Subject},
    event::{Ended, Event, ItemClosed, ItemEvent, Visibility, VisibilityChanged},
    id::{ItemRef, KindName},
    position::Position,
    role::{Permission, Role, Withheld},
    testing::{Generator, account, group, history, hour, item, registered, to_account, to_group},
};
use projections::{AsOf, Page, ResourceQuery, ViewError, Views};

const HISTORIES: u32 = 3;
const RECORDS: usize = 80;

/// Every item is found by a search exactly if the answer about it says so; which the suite compares
/// with the oracle.
pub(crate) async fn items_are_found_that_one_principal_had(engine: Engine) {
    for seed in seeds(HISTORIES) {
        let history = history(seed, RECORDS);
        let world = World::of(&history.steps).await;
        let views = world.catch_up(&engine.fresh().await, 64).await;
        let mut permissions = Permission::ALL.into_iter().cycle();
        for (as_of, _, at) in moments(&history) {
            for wanted in Generator::items() {
                for (subject, ..) in subjects() {
                    let permission = permissions.next().unwrap();
                    let had = views.access_at(&wanted, &subject, as_of, at).await.unwrap();
                    let own = had
                        .paths()
                        .iter()
                        .any(|path| path.window.holds(at) && path.kind() != PathKind::Visibility);
                    let told = format!(
                        "seed {seed}: {subject:?} {} {wanted} {as_of:?}",
                        permission.name()
                    );
                    let (kind, page) = (wanted.kind.clone(), Page::default());
                    let query = ResourceQuery { subject, kind, permission, as_of, page };
                    let found = views.resources(&query, at).await.unwrap();
                    let expected =
                        (own && had.permissions().has(permission)).then_some(wanted.clone());
                    assert_eq!(found.rows, Vec::from_iter(expected), "{told}");
                    assert_eq!((found.next, found.position), (None, history.head()), "{told}");
                }
            }
        }
    }
}

fn with(event: Event, withhold: Withheld) -> Event {
    let Event::Item(ItemEvent::GrantGiven(mut given)) = event else { panic!("a grant") };
    given.grant.withhold = vec![withhold];
    ItemEvent::GrantGiven(given).into()
}

/// `a-1` owns six histories and an album; what `b-1` has of them, and `g-1`.
async fn six() -> (World, [Position; 3]) {
    let world = World::new();
    let by = Said::by("a-1");
    let name = |number: u128| item("history", &format!("h-{number}"));
    for it in (0..6).map(name).chain([item("album", "x")]) {
        world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    }
    let say =
        async |number: u128, event: Event| world.say(&on(&name(number)), &by, vec![event]).await;
    say(0, given(10, to_account("b-1"), Role::Editor, None)).await;
    say(1, given(11, to_account("b-1"), Role::Viewer, Some(hour(20)))).await;
    say(2, with(given(12, to_account("b-1"), Role::Viewer, None), Withheld::Copy)).await;
    let shared = say(3, given(13, to_group("g-1"), Role::Viewer, None)).await;
    let opened = VisibilityChanged { before: Visibility::Restricted, after: Visibility::Internal };
    say(2, ItemEvent::VisibilityChanged(opened.clone()).into()).await;
    let opened = say(5, ItemEvent::VisibilityChanged(opened).into()).await;
    let closed = ItemClosed { ended: Ended::default(), visibility: Visibility::Restricted };
    let closed = say(0, ItemEvent::Closed(closed).into()).await;
    (world, [shared, opened, closed])
}

/// All that is found, two at a time.
async fn found(
    views: &dyn Views,
    subject: &Subject,
    permission: Permission,
    as_of: AsOf,
) -> Vec<String> {
    let kind = KindName::parse("history").unwrap();
    let page = Page { limit: 2, ..Page::default() };
    let mut query = ResourceQuery { subject: subject.clone(), kind, permission, as_of, page };
    let mut all: Vec<ItemRef> = Vec::new();
    loop {
        let answer = views.resources(&query, hour(19)).await.unwrap();
        assert!(answer.rows.len() <= 2);
        all.extend(answer.rows);
        query.page.after = answer.next;
        if query.page.after.is_none() {
            return all.into_iter().map(|item| item.id.as_str().to_owned()).collect();
        }
    }
}

pub(crate) async fn a_search_for_items_regards_ways_windows_and_what_is_withheld(engine: Engine) {
    let (world, [shared, opened, closed]) = six().await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let views = views.as_ref();
    let alone = |id: &str| Subject::account(account(id));
    let all = ["h-0", "h-1", "h-2", "h-3", "h-4", "h-5"];
    for as_of in [AsOf::Now, AsOf::Position(shared), AsOf::Position(closed)] {
        assert_eq!(found(views, &alone("a-1"), Permission::Own, as_of).await, all, "{as_of:?}");
    }
    let then = AsOf::Position(opened);
    let b = alone("b-1");
    assert_eq!(found(views, &b, Permission::View, then).await, ["h-0", "h-1", "h-2"]);
    assert_eq!(found(views, &b, Permission::Edit, then).await, ["h-0"]);
    assert_eq!(found(views, &b, Permission::View, AsOf::Now).await, ["h-1", "h-2"], "closed");
    assert!(found(views, &b, Permission::Edit, AsOf::Now).await.is_empty());
    let late = AsOf::Time(hour(20));
    assert_eq!(found(views, &b, Permission::View, late).await, ["h-2"], "the window is over");
    // What a grant withholds, an item that is open to all accounts gives.
    let before = AsOf::Position(shared);
    assert_eq!(found(views, &b, Permission::Copy, before).await, ["h-0", "h-1"]);
    assert_eq!(found(views, &b, Permission::Copy, then).await, ["h-0", "h-1", "h-2"]);
    let groups = [group("g-1")].into();
    let member = Subject { groups, ..Subject::account(account("c-1")) };
    assert_eq!(found(views, &member, Permission::View, then).await, ["h-3"]);
    assert!(found(views, &member, Permission::View, AsOf::Time(hour(1))).await.is_empty());
    for nobody in [Subject::anonymous(), alone("stranger")] {
        assert!(found(views, &nobody, Permission::View, AsOf::Now).await.is_empty());
    }
}

pub(crate) async fn a_search_for_items_goes_on_with_its_own_cursor_only(engine: Engine) {
    let (world, [shared, ..]) = six().await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let subject = Subject::account(account("a-1"));
    let first = ResourceQuery {
        subject,
        kind: KindName::parse("history").unwrap(),
        permission: Permission::View,
        as_of: AsOf::Position(shared),
        page: Page { limit: 4, ..Page::default() },
    };
    let after = views.resources(&first, hour(9)).await.unwrap().next;
    assert!(after.is_some());
    let second = ResourceQuery { page: Page { after, ..first.page.clone() }, ..first };
    assert_eq!(views.resources(&second, hour(9)).await.unwrap().rows.len(), 2);
    for other in [
        ResourceQuery { permission: Permission::Edit, ..second.clone() },
        ResourceQuery { as_of: AsOf::Now, ..second.clone() },
        ResourceQuery { subject: Subject::anonymous(), ..second.clone() },
    ] {
        assert_eq!(views.resources(&other, hour(9)).await, Err(ViewError::Cursor), "{other:?}");
    }
}
