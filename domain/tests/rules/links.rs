//! Links and their passwords.

use super::make::{born, gives, gives_until, link, links, mine, public, terms};
use domain::{
    access::{Subject, Visit, permissions},
    aggregate::Condition,
    event::{Audience, EventType, ItemEvent, LinkCreated, LinkRevoked, LinkRotated},
    item::{ItemCommand, LinkPatch, LinkStatus, NewLink, link_status},
    position::Position,
    rejection::{Entity, Reason, Rejection},
    role::{Permissions, Role, Withheld},
    testing::{Given, account, asking, grant_id, hour, link_id, to_account, vault_id},
};

fn create(link: NewLink) -> ItemCommand {
    ItemCommand::CreateLink(link)
}

fn change(patch: LinkPatch) -> ItemCommand {
    ItemCommand::ChangeLink { link: link_id(7), patch }
}

fn revoke(cascade: bool) -> ItemCommand {
    ItemCommand::RevokeLink { link: link_id(7), cascade }
}

/// A link for anyone, made by the owner.
fn linked() -> Given {
    mine().and("a-1", links(7, terms(Role::Viewer, Audience::Anyone)))
}

/// A viewer's link for the entitled.
fn named_by_viewer() -> Given {
    mine()
        .and("a-1", gives(2, to_account("a-2"), Role::Viewer))
        .and("a-2", links(7, terms(Role::Viewer, Audience::Named)))
}

fn visit(item: &Given) -> Visit {
    let open = &item.state.links[&link_id(7)];
    let (generation, password_version) = (open.generation, open.password_version);
    Visit { link: link_id(7), generation, password_version, ends_at: hour(9_000) }
}

fn may(item: &Given, visit: &Visit) -> Permissions {
    let subject = Subject { visits: vec![visit.clone()], ..Subject::anonymous() };
    permissions(&item.state, &subject, hour(2_000))
}

#[test]
fn a_link_starts_at_generation_one() {
    let asked = NewLink { password: Some(vault_id(5)), ..link(Role::Viewer, Audience::Anyone) };
    let created = LinkCreated {
        link: link_id(1_001),
        terms: terms(Role::Viewer, Audience::Anyone),
        generation: 1,
        password: Some(vault_id(5)),
        asked: None,
    };
    let item = mine().when(&create(asked), &asking("a-1")).then([ItemEvent::LinkCreated(created)]);
    let open = &item.state.links[&link_id(1_001)];
    assert_eq!((open.password_version, open.version), (2, Position(2)));
    assert_eq!(item.state.sharing_version, Position(1), "links are no part of the sharing state");
}

#[test]
fn a_link_gives_browser_to_editor() {
    for role in [Role::Manager, Role::Owner] {
        mine().when(&create(link(role, Audience::Anyone)), &asking("a-1")).then_invalid("role");
    }
    for role in [Role::Browser, Role::Viewer, Role::Contributor, Role::Editor] {
        mine()
            .when(&create(link(role, Audience::Anyone)), &asking("a-1"))
            .then_types(&[EventType::LinkCreated]);
    }
}

#[test]
fn a_link_is_checked_like_a_grant() {
    let base = || link(Role::Viewer, Audience::Anyone);
    let refused = |asked: NewLink, reason| {
        mine().when(&create(asked), &asking("a-1")).then_rule(reason);
    };
    refused(NewLink { ends_at: Some(hour(1_000)), ..base() }, Reason::WindowInPast);
    let invalid = |asked: NewLink, field: &str| {
        mine().when(&create(asked), &asking("a-1")).then_invalid(field);
    };
    invalid(NewLink { max_visits: Some(0), ..base() }, "max_visits");
    invalid(NewLink { label: Some("x".repeat(201)), ..base() }, "label");
    invalid(NewLink { state: Some("ä".repeat(2_049)), ..base() }, "state");
    invalid(NewLink { joins: true, ..link(Role::Viewer, Audience::Named) }, "joins");
    let most = NewLink {
        max_visits: Some(1),
        label: Some("x".repeat(200)),
        state: Some("x".repeat(4_096)),
        ..base()
    };
    mine().when(&create(most), &asking("a-1")).then_types(&[EventType::LinkCreated]);
}

#[test]
fn nobody_links_above_the_own_set() {
    let withheld = &[Withheld::Copy];
    let item =
        || mine().and("a-1", gives_until(2, to_account("a-2"), Role::Manager, withheld, None));
    let asked = link(Role::Viewer, Audience::Anyone);
    item().when(&create(asked.clone()), &asking("a-2")).then_rule(Reason::AboveOwnRole);
    let less = NewLink { withhold: vec![Withheld::Copy], ..asked };
    item().when(&create(less), &asking("a-2")).then_types(&[EventType::LinkCreated]);
}

#[test]
fn kinds_without_links_have_none() {
    let kinds = domain::kind::parse("[history]\nlinkable = false").unwrap();
    let by = asking("a-1").kinds(kinds);
    mine()
        .when(&create(link(Role::Viewer, Audience::Anyone)), &by)
        .then_rule(Reason::KindNotLinkable);
}

#[test]
fn a_link_for_the_entitled_needs_view_and_gives_nothing() {
    let item = || mine().and("a-1", gives(2, to_account("a-2"), Role::Viewer));
    item()
        .when(&create(link(Role::Viewer, Audience::Anyone)), &asking("a-2"))
        .then_rejected(&Rejection::NotPermitted { needed: "share" });
    item()
        .when(&create(link(Role::Viewer, Audience::Named)), &asking("a-2"))
        .then_types(&[EventType::LinkCreated]);
    let named = named_by_viewer();
    assert_eq!(may(&named, &visit(&named)), Permissions::NONE);
}

#[test]
fn somebody_not_signed_in_makes_no_link() {
    let anonymous = asking("a-9").subject(Subject::anonymous());
    mine()
        .and("a-1", public())
        .when(&create(link(Role::Viewer, Audience::Named)), &anonymous)
        .then_rejected(&Rejection::NotPermitted { needed: "an account" });
}

#[test]
fn an_item_has_at_most_a_thousand_open_links_and_viewers_leave_room() {
    let some = |number: u128| {
        let made = (0..number).map(|n| links(n, terms(Role::Viewer, Audience::Named)));
        mine().and("a-1", public()).and_all("a-1", made.collect())
    };
    let named = create(link(Role::Viewer, Audience::Named));
    some(1_000).when(&named, &asking("a-1")).then_rule(Reason::TooMany);
    some(999).when(&named, &asking("a-1")).then_types(&[EventType::LinkCreated]);
    some(500).when(&named, &asking("a-2")).then_rule(Reason::TooMany);
}

#[test]
fn a_patch_of_a_link_records_before_and_after() {
    let patch = LinkPatch {
        role: Some(Role::Browser),
        ends_at: Some(Some(hour(3_000))),
        label: Some(Some("reviewers".into())),
        ..LinkPatch::default()
    };
    let item =
        linked().when(&change(patch.clone()), &asking("a-1")).then_types(&[EventType::LinkChanged]);
    assert_eq!(item.state.links[&link_id(7)].terms.ends_at, Some(hour(3_000)));
    item.when(&change(patch), &asking("a-1")).then_nothing();
}

#[test]
fn who_made_a_link_changes_and_revokes_it_without_share() {
    let label = LinkPatch { label: Some(Some("mine".into())), ..LinkPatch::default() };
    let role = LinkPatch { role: Some(Role::Browser), ..LinkPatch::default() };
    named_by_viewer().when(&change(label), &asking("a-2")).then_types(&[EventType::LinkChanged]);
    named_by_viewer().when(&change(role), &asking("a-2")).then_types(&[EventType::LinkChanged]);
    named_by_viewer().when(&revoke(false), &asking("a-2")).then_types(&[EventType::LinkRevoked]);
    let other = named_by_viewer().and("a-1", gives(3, to_account("a-3"), Role::Editor));
    other
        .when(&revoke(false), &asking("a-3"))
        .then_rejected(&Rejection::NotPermitted { needed: "share" });
}

#[test]
fn who_made_a_link_for_the_entitled_cannot_open_it_to_more() {
    let refused = Rejection::NotPermitted { needed: "share" };
    for audience in [Audience::Internal, Audience::Anyone] {
        let wider = LinkPatch { audience: Some(audience), ..LinkPatch::default() };
        named_by_viewer().when(&change(wider), &asking("a-2")).then_rejected(&refused);
    }
    let above = LinkPatch { role: Some(Role::Editor), ..LinkPatch::default() };
    named_by_viewer().when(&change(above), &asking("a-2")).then_rule(Reason::AboveOwnRole);
}

#[test]
fn rotating_voids_earlier_visits() {
    let old = visit(&linked());
    let rotated = LinkRotated { link: link_id(7), before: 1, after: 2 };
    let item = linked()
        .when(&ItemCommand::RotateLink(link_id(7)), &asking("a-1"))
        .then([ItemEvent::LinkRotated(rotated)]);
    assert_eq!(may(&linked(), &old), Role::Viewer.permissions());
    assert_eq!(may(&item, &old), Permissions::NONE);
    assert_eq!(may(&item, &visit(&item)), Role::Viewer.permissions());
}

#[test]
fn a_password_voids_earlier_visits_and_taking_it_away_too() {
    let set = ItemCommand::SetLinkPassword { link: link_id(7), password: vault_id(1) };
    let clear = ItemCommand::ClearLinkPassword(link_id(7));
    linked().when(&clear, &asking("a-1")).then_nothing();
    let item = linked().when(&set, &asking("a-1")).then_types(&[EventType::LinkPasswordSet]);
    assert_eq!(may(&item, &visit(&linked())), Permissions::NONE);
    let item = item.when(&set, &asking("a-1")).then_nothing();
    let with_password = visit(&item);
    let item = item.when(&clear, &asking("a-1")).then_types(&[EventType::LinkPasswordCleared]);
    assert_eq!(may(&item, &with_password), Permissions::NONE);
    assert_eq!(item.state.links[&link_id(7)].password, None);
}

#[test]
fn a_revoked_link_opens_nothing() {
    let old = visit(&linked());
    let revoked = LinkRevoked { link: link_id(7), cascade: false, ended: 0 };
    let item =
        linked().when(&revoke(false), &asking("a-1")).then([ItemEvent::LinkRevoked(revoked)]);
    assert_eq!(may(&item, &old), Permissions::NONE);
    item.when(&revoke(false), &asking("a-1")).then_rejected(&Rejection::NotFound(Entity::Link));
}

#[test]
fn a_cascade_ends_the_grants_born_from_the_link_by_one_event() {
    let item = linked()
        .and("a-1", born(1, "a-2", 7))
        .and("a-1", born(2, "a-3", 7))
        .and("a-1", born(3, "a-4", 8))
        .and("a-1", gives(4, to_account("a-2"), Role::Viewer));
    let kept =
        item.clone().when(&revoke(false), &asking("a-1")).then_types(&[EventType::LinkRevoked]);
    assert_eq!(kept.state.grants.len(), 4);
    let revoked = LinkRevoked { link: link_id(7), cascade: true, ended: 2 };
    let item = item.when(&revoke(true), &asking("a-1")).then([ItemEvent::LinkRevoked(revoked)]);
    assert_eq!(item.state.grants.keys().copied().collect::<Vec<_>>(), [grant_id(3), grant_id(4)]);
    assert_eq!(item.state.sharing_version, item.state.position);
}

#[test]
fn a_link_whose_end_has_passed_is_not_found() {
    let mut over = terms(Role::Viewer, Audience::Anyone);
    over.ends_at = Some(hour(1_000));
    let item = || mine().and("a-1", links(7, over.clone()));
    let refused = Rejection::NotFound(Entity::Link);
    item().when(&revoke(false), &asking("a-1")).then_rejected(&refused);
    item().when(&change(LinkPatch::default()), &asking("a-1")).then_rejected(&refused);
    item().when(&ItemCommand::RotateLink(link_id(7)), &asking("a-1")).then_rejected(&refused);
}

#[test]
fn if_match_is_the_version_of_the_link() {
    let stale = asking("a-1").on(Condition::Version(Position(1)));
    let refused = Rejection::PreconditionFailed { entity: Entity::Link, current: Position(2) };
    linked().when(&revoke(false), &stale).then_rejected(&refused);
    linked().when(&ItemCommand::RotateLink(link_id(7)), &stale).then_rejected(&refused);
    let patch = LinkPatch { joins: Some(true), ..LinkPatch::default() };
    linked().when(&change(patch), &stale).then_rejected(&refused);
}

#[test]
fn an_internal_link_gives_to_accounts_only() {
    let item = mine().and("a-1", links(7, terms(Role::Viewer, Audience::Internal)));
    let visit = visit(&item);
    assert_eq!(may(&item, &visit), Permissions::NONE);
    let signed_in = Subject { visits: vec![visit], ..Subject::account(account("a-9")) };
    let may = permissions(&item.state, &signed_in, hour(2_000));
    assert_eq!(may, Role::Viewer.permissions());
}

#[test]
fn the_status_of_a_link_follows_the_clock_and_its_uses() {
    let mut limited = terms(Role::Viewer, Audience::Anyone);
    limited.starts_at = Some(hour(100));
    limited.ends_at = Some(hour(200));
    limited.max_visits = Some(2);
    let item = mine().and("a-1", links(7, limited));
    let open = &item.state.links[&link_id(7)];
    assert_eq!(link_status(open, 0, hour(99)), LinkStatus::Scheduled);
    assert_eq!(link_status(open, 1, hour(100)), LinkStatus::Active);
    assert_eq!(link_status(open, 2, hour(100)), LinkStatus::UsedUp);
    assert_eq!(link_status(open, 2, hour(200)), LinkStatus::Expired);
}
