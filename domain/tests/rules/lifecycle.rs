//! Closing, reopening, retiring, restoring.

use super::make::{gives, gives_until, links, mine, public, retired, terms};
use domain::{
    access::{Subject, permissions},
    aggregate::Condition,
    event::{
        Audience, Ended, EventType, ItemClosed, ItemEvent, ItemReopened, ItemRestored, ItemRetired,
        Restore, Visibility,
    },
    item::ItemCommand,
    lifecycle::Lifecycle,
    position::Position,
    rejection::{Entity, Rejection},
    role::{Permissions, Role},
    testing::{Given, account, asking, grant_id, hour, link_id, to_account},
};

/// Public, two grants and a link; one grant has passed its end at hour 9, one will at hour 2,000.
fn shared() -> Given {
    mine()
        .and("a-1", public())
        .and("a-1", gives_until(1, to_account("a-2"), Role::Viewer, &[], Some(hour(9))))
        .and("a-1", gives_until(2, to_account("a-3"), Role::Editor, &[], Some(hour(2_000))))
        .and("a-1", gives(3, to_account("a-4"), Role::Manager))
        .and("a-1", links(7, terms(Role::Viewer, Audience::Anyone)))
}

const ENDED: Ended = Ended { grants: 2, links: 1, publications: 0 };

fn closed() -> Given {
    shared().when(&ItemCommand::Close, &asking("a-1")).then_types(&[EventType::ItemClosed])
}

fn reopen(restore: Restore) -> ItemCommand {
    ItemCommand::Reopen(restore)
}

#[test]
fn closing_ends_everything_by_one_event_and_counts_what_had_not_ended() {
    let event = ItemEvent::Closed(ItemClosed { ended: ENDED, visibility: Visibility::Public });
    let item = shared().when(&ItemCommand::Close, &asking("a-1")).then([event]);
    assert_eq!(item.state.lifecycle, Lifecycle::Closed);
    assert!(item.state.grants.is_empty() && item.state.links.is_empty());
    assert_eq!(item.state.visibility, Visibility::Restricted);
    assert_eq!(item.state.version, item.state.position);
    assert_eq!(item.state.sharing_version, item.state.position);
    let may = |who: &str| permissions(&item.state, &Subject::account(account(who)), hour(1_000));
    assert_eq!((may("a-1"), may("a-4")), (Permissions::ALL, Permissions::NONE));
    item.when(&ItemCommand::Close, &asking("a-1")).then_nothing();
}

#[test]
fn only_the_owner_closes() {
    shared()
        .when(&ItemCommand::Close, &asking("a-4"))
        .then_rejected(&Rejection::NotPermitted { needed: "own" });
}

#[test]
fn reopening_with_nothing_restores_nothing() {
    let event = ItemEvent::Reopened(ItemReopened {
        restore: Restore::Nothing,
        closed_at: Position(7),
        restored: Ended::default(),
        visibility: Visibility::Restricted,
    });
    let item = closed().when(&reopen(Restore::Nothing), &asking("a-1")).then([event]);
    assert_eq!(item.state.lifecycle, Lifecycle::Open);
    assert!(item.state.grants.is_empty() && item.state.links.is_empty());
    item.when(&reopen(Restore::All), &asking("a-1")).then_nothing();
}

#[test]
fn reopening_with_all_restores_what_has_not_passed_its_end_links_with_a_new_secret() {
    let event = ItemEvent::Reopened(ItemReopened {
        restore: Restore::All,
        closed_at: Position(7),
        restored: ENDED,
        visibility: Visibility::Public,
    });
    let item = closed().and("a-1", event.clone());
    assert_eq!(item.state.visibility, Visibility::Public);
    assert_eq!(item.state.links[&link_id(7)].generation, 2);
    assert_eq!(item.state.grants[&grant_id(3)].version, Position(8));
    closed().when(&reopen(Restore::All), &asking("a-1")).then([event]);
    let late = closed().when(&reopen(Restore::All), &asking("a-1").at(hour(2_000)));
    let decided = late.decided();
    assert!(matches!(
        decided.events.as_slice(),
        [ItemEvent::Reopened(ItemReopened { restored: Ended { grants: 1, .. }, .. })]
    ));
}

#[test]
fn retiring_hides_it_from_all() {
    let event = ItemEvent::Retired(ItemRetired { ended: ENDED, visibility: Visibility::Public });
    let item = shared().when(&ItemCommand::Retire, &asking("a-1")).then([event]);
    for who in ["a-1", "a-4", "a-9"] {
        let may = permissions(&item.state, &Subject::account(account(who)), hour(1_000));
        assert_eq!(may, Permissions::NONE);
    }
    item.clone().when(&ItemCommand::Retire, &asking("a-1")).then_nothing();
    item.when(&ItemCommand::Retire, &asking("a-4"))
        .then_rejected(&Rejection::NotFound(Entity::Item));
}

#[test]
fn a_closed_item_can_be_retired_and_comes_back_open() {
    let item =
        closed().when(&ItemCommand::Retire, &asking("a-1")).then_types(&[EventType::ItemRetired]);
    assert_eq!(item.state.closed, None);
    let item =
        item.when(&ItemCommand::Restore, &asking("a-1")).then_types(&[EventType::ItemRestored]);
    assert_eq!(item.state.lifecycle, Lifecycle::Open);
}

#[test]
fn restoring_shares_with_nobody() {
    let item = || shared().and("a-1", retired());
    let restored = ItemEvent::Restored(ItemRestored { retired_at: Position(7) });
    let back = item().when(&ItemCommand::Restore, &asking("a-1")).then([restored]);
    assert_eq!((back.state.lifecycle, back.state.retired_at), (Lifecycle::Open, None));
    assert!(back.state.grants.is_empty());
    assert_eq!(back.state.visibility, Visibility::Restricted);
    back.when(&ItemCommand::Restore, &asking("a-1")).then_nothing();
    item()
        .when(&ItemCommand::Restore, &asking("a-4"))
        .then_rejected(&Rejection::NotFound(Entity::Item));
    let admin = asking("a-9").subject(Subject::unrestricted());
    item().when(&ItemCommand::Restore, &admin).then_types(&[EventType::ItemRestored]);
}

#[test]
fn if_match_is_the_version_of_the_item_in_every_turn_of_its_life() {
    let stale = asking("a-1").on(Condition::Version(Position(1)));
    for (item, command, current) in [
        (shared(), ItemCommand::Close, 2),
        (shared(), ItemCommand::Retire, 2),
        (closed(), reopen(Restore::All), 7),
        (shared().and("a-1", retired()), ItemCommand::Restore, 7),
    ] {
        let current = Position(current);
        let refused = Rejection::PreconditionFailed { entity: Entity::Item, current };
        item.when(&command, &stale).then_rejected(&refused);
    }
}
