//! Access that was lost is found, with the end that it had.

use crate::{
    access::{given, link, moments, on},
    access_at::{oracle, subjects},
    engine::Engine,
    world::{Said, World},
};
use domain::testing::soak::seeds;
use domain::{
    access::{PathKind, Subject, Visit},
    event::{
        EndCause, Ended, Event, Grant, GrantChanged, GrantEnded, GrantGiven, GrantTerms,
        ItemClosed, ItemEvent, ItemReopened, LinkRevoked, Provenance, ProvenanceKind, Restore,
        Visibility, VisibilityChanged,
    },
    id::ItemRef,
    position::Position,
    principal::{Grantee, Principal},
    role::{Permission, Role},
    testing::{
        Generator, account, grant_id, group, history, hour, item, link_id, registered, replay,
        to_account, to_group,
    },
    time::Time,
};
use projections::{RevokedAccess, ViewError, Views};
use std::sync::Arc;

pub(crate) async fn what_was_lost_was_had_until_it_ended(engine: Engine) {
    let (mut clock, mut record) = (0, 0);
    for seed in seeds(3) {
        let history = history(seed, 80);
        let world = World::of(&history.steps).await;
        let views: Arc<dyn Views> = world.catch_up(&engine.fresh().await, 64).await;
        for (_, upto, _) in moments(&history).into_iter().step_by(3) {
            for item in Generator::items() {
                for (subject, account, groups) in subjects() {
                    for permission in [Permission::Browse, Permission::Edit] {
                        let lost =
                            views.revoked_access(&item, &subject, permission, upto).await.unwrap();
                        let Some(lost) = lost else { continue };
                        let told =
                            format!("seed {seed}: {subject:?} on {item} at {upto}: {lost:?}");
                        assert!(lost.position <= upto, "{told}");
                        let before_it = Position(lost.position.0 - 1);
                        let before = lost.at().plus_micros(-1);
                        let who = (account.clone(), groups.clone());
                        if is_inactive(&history, &subject, before_it) {
                            continue;
                        }
                        let had = oracle(&history, &item, who, (before_it, before));
                        assert!(had.contains(&permission), "{told}");
                        *(if lost.by_clock() { &mut clock } else { &mut record }) += 1;
                    }
                }
            }
        }
    }
    assert!(clock > 0 && record > 0, "{clock} by the clock, {record} by a record");
}

/// Rights of an account that was inactive when something ended do not tell what that gave.
fn is_inactive(history: &domain::testing::History, subject: &Subject, upto: Position) -> bool {
    let Some(account) = subject.account_id() else { return false };
    let stream = domain::stream::StreamName::Account(account.clone());
    let mut state = domain::account::AccountState::default();
    for entry in &history.entries {
        if entry.stream == stream && entry.recorded.position() <= upto {
            replay(&mut state, &entry.recorded);
        }
    }
    state.position != Position::START && !state.is_active()
}

/// A world in which an owner says one event after the other about one item.
struct Story {
    world: World,
    item: ItemRef,
}

impl Story {
    async fn begin() -> Self {
        let story = Self { world: World::new(), item: item("history", "8f3a") };
        story.say(registered("a-1")).await;
        story
    }

    async fn say(&self, event: impl Into<Event>) -> Position {
        self.world.say(&on(&self.item), &Said::by("a-1"), vec![event.into()]).await
    }

    async fn read(&self, engine: &Engine) -> Read {
        let views = self.world.catch_up(&engine.fresh().await, 5).await;
        Read { views, item: self.item.clone() }
    }
}

struct Read {
    views: Arc<dyn Views>,
    item: ItemRef,
}

impl Read {
    async fn revoked_access(
        &self,
        who: Subject,
        what: Permission,
        at: Position,
    ) -> Option<RevokedAccess> {
        self.views.revoked_access(&self.item, &who, what, at).await.unwrap()
    }

    /// When and where it ended.
    async fn end(&self, who: Subject, what: Permission, at: Position) -> Option<(Time, Position)> {
        self.revoked_access(who, what, at).await.map(|lost| (lost.at(), lost.position))
    }
}

fn alone(id: &str) -> Subject {
    Subject::account(account(id))
}

fn terms(role: Role) -> GrantTerms {
    GrantTerms { role, withhold: Vec::new(), starts_at: None, ends_at: None }
}

fn ended(number: u128, to: Grantee, cause: EndCause) -> ItemEvent {
    let before = terms(Role::Viewer);
    let (grant, effective_at) = (grant_id(number), None);
    ItemEvent::GrantEnded(GrantEnded { grant, grantee: to, before, cause, effective_at })
}

fn seen(before: Visibility, after: Visibility) -> ItemEvent {
    ItemEvent::VisibilityChanged(VisibilityChanged { before, after })
}

pub(crate) async fn every_way_that_ends_is_found_with_its_end(engine: Engine) {
    let story = Story::begin().await;
    let view = Permission::View;
    story.say(given(1, to_account("b-1"), Role::Viewer, None)).await;
    let unshared = story.say(ended(1, to_account("b-1"), EndCause::Unshared)).await;
    story.say(given(2, to_account("b-2"), Role::Viewer, Some(hour(5)))).await;
    let swept = story.say(ended(2, to_account("b-2"), EndCause::Expired)).await;
    story.say(given(3, to_group("g-1"), Role::Viewer, None)).await;
    let dropped = story.say(ended(3, to_group("g-1"), EndCause::Unshared)).await;
    story.say(link(1)).await;
    let born = Grant {
        grant: grant_id(4),
        grantee: to_account("b-4"),
        role: Role::Viewer,
        withhold: Vec::new(),
        starts_at: None,
        ends_at: None,
        provenance: Provenance { kind: ProvenanceKind::Link, id: Some(link_id(1).to_string()) },
    };
    story.say(ItemEvent::GrantGiven(GrantGiven { grant: born, asked: None })).await;
    let revoked = LinkRevoked { link: link_id(1), cascade: true, ended: 1 };
    let revoked = story.say(ItemEvent::LinkRevoked(revoked)).await;
    story.say(seen(Visibility::Restricted, Visibility::Public)).await;
    let narrowed = story.say(seen(Visibility::Public, Visibility::Internal)).await;
    let hidden = story.say(seen(Visibility::Internal, Visibility::Restricted)).await;
    let (read, head) = (story.read(&engine).await, hidden);
    let at = |position: Position| (hour(position.0.try_into().unwrap()), position);

    let read = &read;
    let end = |who, position| async move { read.end(who, view, position).await };
    // Whoever is signed in lost the visibility at last.
    assert_eq!(end(alone("b-1"), head).await, Some(at(hidden)));
    assert_eq!(end(Subject::anonymous(), head).await, Some(at(narrowed)));
    let before = Position(revoked.0);
    assert_eq!(end(alone("b-1"), before).await, Some(at(unshared)));
    let by_clock = read.revoked_access(alone("b-2"), view, before).await.unwrap();
    assert_eq!((by_clock.at(), by_clock.position), (hour(5), swept));
    assert!(by_clock.by_clock() && by_clock.path.window.ends_at == Some(hour(5)));
    let member = Subject::new(Principal::Group(group("g-1")));
    assert_eq!(end(member, before).await, Some(at(dropped)));
    let holder = Subject::new(Principal::Link(link_id(1)));
    assert_eq!(end(holder, before).await, Some(at(revoked)));
    let (generation, password_version, ends_at) = (1, 0, hour(1_000));
    let visit = Visit { link: link_id(1), generation, password_version, ends_at };
    let visitor = Subject::anonymous().with_visits(vec![visit]);
    assert_eq!(end(visitor, before).await, Some(at(revoked)));
    let joined = read.revoked_access(alone("b-4"), view, before).await.unwrap();
    assert_eq!((joined.path.kind(), joined.position), (PathKind::Grant, revoked));
    assert!(!joined.by_clock());
    // Before it ended it was not lost, and what it never gave was not lost either.
    assert_eq!(end(alone("b-1"), Position(unshared.0 - 1)).await, None);
    assert_eq!(read.end(alone("b-1"), Permission::Edit, before).await, None);
    assert_eq!(end(Subject::anonymous(), before).await, None);
    let beyond = Position(head.0 + 1);
    let answer = read.views.revoked_access(&read.item, &Subject::anonymous(), view, beyond).await;
    assert_eq!(answer, Err(ViewError::Future { asked: beyond, position: head }));
}

pub(crate) async fn what_stands_in_another_shape_is_not_lost(engine: Engine) {
    let story = Story::begin().await;
    story.say(given(1, to_account("b-1"), Role::Editor, None)).await;
    let lowered = GrantChanged {
        grant: grant_id(1),
        grantee: to_account("b-1"),
        before: terms(Role::Editor),
        after: terms(Role::Viewer),
        asked: None,
    };
    let lowered = story.say(ItemEvent::GrantChanged(lowered)).await;
    story.say(given(2, to_account("b-2"), Role::Editor, None)).await;
    let visibility = Visibility::Restricted;
    let ended = Ended { grants: 2, links: 0, publications: 0 };
    let closed_at = story.say(ItemEvent::Closed(ItemClosed { ended, visibility })).await;
    let reopened = ItemReopened { restore: Restore::All, closed_at, restored: ended, visibility };
    let reopened = story.say(ItemEvent::Reopened(reopened)).await;
    let read = story.read(&engine).await;
    let edit = Permission::Edit;
    assert_eq!(read.end(alone("b-1"), edit, lowered).await, None, "it stands, lowered");
    let closed = Some((hour(closed_at.0.try_into().unwrap()), closed_at));
    assert_eq!(read.end(alone("b-2"), edit, closed_at).await, closed);
    assert_eq!(read.end(alone("b-2"), edit, reopened).await, None, "it came back");
}
