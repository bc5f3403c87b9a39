//! Changing and ending grants, and leaving.

use super::make::{born, ends, gives, gives_until, mine};
use domain::{
    aggregate::Condition,
    event::{EndCause, EventType, ItemEvent},
    item::{EndTarget, GrantPatch, ItemCommand, Mention, mentions},
    position::Position,
    rejection::{Entity, Reason, Rejection},
    role::{Role, Withheld},
    testing::{Given, asking, grant_id, hour, link_id, to_account, to_group},
};

fn change(n: u128, patch: GrantPatch) -> ItemCommand {
    ItemCommand::ChangeGrant { grant: grant_id(n), patch }
}

fn end(target: EndTarget) -> ItemCommand {
    ItemCommand::EndGrants(target)
}

fn role(role: Role) -> GrantPatch {
    GrantPatch { role: Some(role), ..GrantPatch::default() }
}

/// `a-2` manages but may not copy; `a-3` views.
fn item() -> Given {
    mine()
        .and("a-1", gives_until(2, to_account("a-2"), Role::Manager, &[Withheld::Copy], None))
        .and("a-1", gives(3, to_account("a-3"), Role::Viewer))
}

#[test]
fn a_patch_keeps_what_is_absent_and_clears_what_is_null() {
    let until =
        gives_until(1, to_account("a-4"), Role::Viewer, &[Withheld::Copy], Some(hour(2_000)));
    let patch = GrantPatch { withhold: Some(None), ends_at: Some(None), ..role(Role::Editor) };
    let item = mine().and("a-1", until).when(&change(1, patch), &asking("a-1"));
    let item = item.then_types(&[EventType::GrantChanged]);
    let open = &item.state.grants[&grant_id(1)];
    assert_eq!((open.grant.role, open.grant.ends_at), (Role::Editor, None));
    assert!(open.grant.withhold.is_empty());
    assert_eq!((open.version, open.events.to_vec().len()), (Position(3), 2));
    assert_eq!(item.state.sharing_version, Position(3));
    assert_eq!(item.state.version, Position(1), "a grant is no part of the item's own version");
}

#[test]
fn a_patch_that_changes_nothing_is_no_event_of_a_grant() {
    item().when(&change(3, role(Role::Viewer)), &asking("a-1")).then_nothing();
}

#[test]
fn a_grant_that_is_not_open_is_not_found() {
    let refused = Rejection::NotFound(Entity::Grant);
    item().when(&change(9, role(Role::Viewer)), &asking("a-1")).then_rejected(&refused);
    item().when(&end(EndTarget::Grant(grant_id(9))), &asking("a-1")).then_rejected(&refused);
    let over =
        || mine().and("a-1", gives_until(1, to_account("a-4"), Role::Viewer, &[], Some(hour(9))));
    over().when(&change(1, role(Role::Editor)), &asking("a-1")).then_rejected(&refused);
    over().when(&end(EndTarget::Grant(grant_id(1))), &asking("a-1")).then_rejected(&refused);
    assert!(mentions(&over().recorded, Mention::Grant(grant_id(1))), "but it was there once");
    assert!(!mentions(&over().recorded, Mention::Grant(grant_id(9))));
    assert!(!mentions(&over().recorded, Mention::Link(link_id(1))));
}

#[test]
fn nobody_raises_lowers_or_ends_above_the_own_set() {
    let above = |command: &ItemCommand| {
        item().when(command, &asking("a-2")).then_rule(Reason::AboveOwnRole);
    };
    above(&change(3, role(Role::Browser)));
    above(&end(EndTarget::Grant(grant_id(3))));
    above(&end(EndTarget::Grantee(to_account("a-3"))));
    let browser = mine()
        .and("a-1", gives_until(2, to_account("a-2"), Role::Manager, &[Withheld::Copy], None))
        .and("a-1", gives(3, to_account("a-3"), Role::Browser));
    browser
        .clone()
        .when(&change(3, role(Role::Editor)), &asking("a-2"))
        .then_rule(Reason::AboveOwnRole);
    browser
        .when(&end(EndTarget::Grant(grant_id(3))), &asking("a-2"))
        .then_types(&[EventType::GrantEnded]);
}

#[test]
fn a_changed_window_must_not_have_passed() {
    let patch = GrantPatch { ends_at: Some(Some(hour(999))), ..GrantPatch::default() };
    item().when(&change(3, patch), &asking("a-1")).then_rule(Reason::WindowInPast);
}

#[test]
fn a_grant_never_becomes_ownership() {
    item().when(&change(3, role(Role::Owner)), &asking("a-1")).then_invalid("role");
}

#[test]
fn if_match_is_the_version_of_the_grant() {
    let refused = Rejection::PreconditionFailed { entity: Entity::Grant, current: Position(3) };
    let stale = asking("a-1").on(Condition::Version(Position(2)));
    item().when(&change(3, role(Role::Editor)), &stale).then_rejected(&refused);
    item().when(&end(EndTarget::Grant(grant_id(3))), &stale).then_rejected(&refused);
    let right = asking("a-1").on(Condition::Version(Position(3)));
    item().when(&change(3, role(Role::Editor)), &right).then_types(&[EventType::GrantChanged]);
}

#[test]
fn unsharing_a_grantee_ends_all_its_grants_whatever_their_provenance() {
    let (direct, joined) = (gives(1, to_account("a-4"), Role::Editor), born(2, "a-4", 7));
    let item = mine().and("a-1", direct.clone()).and("a-1", joined.clone());
    let unshare = end(EndTarget::Grantee(to_account("a-4")));
    let after = item
        .when(&unshare, &asking("a-1"))
        .then([ends(&direct, EndCause::Unshared, None), ends(&joined, EndCause::Unshared, None)]);
    after.when(&unshare, &asking("a-1")).then_nothing();
}

#[test]
fn unsharing_leaves_what_has_passed_its_end_to_the_sweeper() {
    let over = gives_until(1, to_group("g-1"), Role::Viewer, &[], Some(hour(9)));
    let item = mine().and("a-1", over);
    item.when(&end(EndTarget::Grantee(to_group("g-1"))), &asking("a-1")).then_nothing();
}

#[test]
fn the_owner_cannot_be_unshared() {
    let owner = end(EndTarget::Grantee(to_account("a-1")));
    item().when(&owner, &asking("a-1")).then_rule(Reason::OwnerUntouchable);
    item().when(&owner, &asking("a-2")).then_rule(Reason::OwnerUntouchable);
}

#[test]
fn a_grantee_leaves_without_share_however_it_says_so() {
    let left = ends(&gives(3, to_account("a-3"), Role::Viewer), EndCause::Left, None);
    for target in
        [EndTarget::Me, EndTarget::Grant(grant_id(3)), EndTarget::Grantee(to_account("a-3"))]
    {
        item().when(&end(target), &asking("a-3")).then([left.clone()]);
    }
}

#[test]
fn leaving_does_not_end_what_a_group_gives() {
    let item = item().and("a-1", gives(4, to_group("g-1"), Role::Viewer));
    let after = item.when(&end(EndTarget::Me), &asking("a-3")).then_types(&[EventType::GrantEnded]);
    assert!(after.state.grants.contains_key(&grant_id(4)));
}

#[test]
fn a_grant_that_starts_later_can_be_left_before() {
    let ItemEvent::GrantGiven(mut later) = gives(5, to_account("a-5"), Role::Viewer) else {
        unreachable!("it is a grant")
    };
    later.grant.starts_at = Some(hour(5_000));
    let item = mine().and("a-1", ItemEvent::GrantGiven(later));
    item.when(&end(EndTarget::Me), &asking("a-5")).then_types(&[EventType::GrantEnded]);
}

#[test]
fn who_has_no_grant_has_nothing_to_leave() {
    item().when(&end(EndTarget::Me), &asking("a-1")).then_nothing();
    let anonymous = asking("a-9").subject(domain::access::Subject::anonymous());
    mine()
        .and("a-1", super::make::public())
        .when(&end(EndTarget::Me), &anonymous)
        .then_rejected(&Rejection::NotPermitted { needed: "an account" });
}
