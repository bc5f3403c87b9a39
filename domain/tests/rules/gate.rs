//! Preconditions of commands, and what a refusal discloses.

use super::make::{closed, gives, link, links, mine, public, register, retired, share, terms};
use domain::{
    access::{AUTHORITY, Subject, permissions, required},
    aggregate::Condition,
    event::{Audience, CatalogAudience, EventType, Restore, Visibility},
    item::{DescriptionPatch, EndTarget, GrantPatch, ItemCommand, LinkPatch, NewPublication},
    position::Position,
    rejection::{Entity, Rejection},
    role::{Permission, Permissions, Role},
    stream::StreamKind,
    testing::{account, asking, given, grant_id, hour, link_id, to_account, vault_id},
};

fn publication() -> NewPublication {
    NewPublication {
        audience: CatalogAudience::Anyone,
        groups: vec![],
        title: Some("t".into()),
        description: None,
        tags: None,
        preview: None,
    }
}

/// One of each but registering, and the permission it needs.
fn commands() -> Vec<(ItemCommand, Permission)> {
    use ItemCommand as C;
    use Permission::{Edit, Own, Publish, Share};
    let (grant, link_) = (grant_id(1), link_id(1));
    let replace = C::ReplaceSharing { visibility: Visibility::Restricted, grants: vec![] };
    vec![
        (C::Describe(DescriptionPatch::default()), Edit),
        (C::SetVisibility(Visibility::Public), Publish),
        (C::Share(share(&[to_account("a-9")], Role::Viewer)), Share),
        (C::ChangeGrant { grant, patch: GrantPatch::default() }, Share),
        (C::EndGrants(EndTarget::Grant(grant)), Share),
        (C::EndGrants(EndTarget::Grantee(to_account("a-9"))), Share),
        (replace, Share),
        (C::CreateLink(link(Role::Viewer, Audience::Anyone)), Share),
        (C::CreateLink(link(Role::Viewer, Audience::Named)), Permission::View),
        (C::ChangeLink { link: link_, patch: LinkPatch::default() }, Share),
        (C::RotateLink(link_), Share),
        (C::SetLinkPassword { link: link_, password: vault_id(1) }, Share),
        (C::ClearLinkPassword(link_), Share),
        (C::RevokeLink { link: link_, cascade: false }, Share),
        (C::Publish(publication()), Publish),
        (C::Unpublish, Publish),
        (C::Close, Own),
        (C::Reopen(Restore::All), Own),
        (C::Retire, Own),
        (C::Restore, Own),
        (C::Expire, Own),
    ]
}

#[test]
fn what_was_never_registered_is_not_found() {
    for (command, _) in commands() {
        let unknown = &Rejection::NotFound(Entity::Item);
        given([]).when(&command, &asking("a-1")).then_rejected(unknown);
        let admin = asking("a-1").subject(Subject::unrestricted());
        given([]).when(&command, &admin).then_rejected(unknown);
    }
}

#[test]
fn who_may_not_browse_learns_nothing() {
    let unknown = Rejection::NotFound(Entity::Item);
    for (command, _) in commands() {
        mine().when(&command, &asking("a-9")).then_rejected(&unknown);
        let somebody = asking("a-9").subject(Subject::anonymous());
        mine().when(&command, &somebody).then_rejected(&unknown);
    }
    mine().when(&register("a-9", None), &asking("a-9")).then_rejected(&unknown);
    mine().when(&ItemCommand::EndGrants(EndTarget::Me), &asking("a-9")).then_rejected(&unknown);
}

#[test]
fn who_may_browse_but_not_do_it_is_told_what_is_missing() {
    for (command, needed) in commands() {
        let rights = Permissions::ALL.minus(Permissions::of(&[needed]));
        let item = mine().and("a-1", links(1, terms(Role::Viewer, Audience::Anyone)));
        let refused = Rejection::NotPermitted { needed: needed.name() };
        item.when(&command, &asking("a-8").rights(rights)).then_rejected(&refused);
    }
}

#[test]
fn a_permission_is_judged_before_condition_and_fields() {
    let stale = asking("a-2").on(Condition::Version(Position(99)));
    let long = ItemCommand::Describe(DescriptionPatch {
        title: Some(Some("x".repeat(501))),
        ..DescriptionPatch::default()
    });
    let item = || mine().and("a-1", gives(1, to_account("a-2"), Role::Viewer));
    item().when(&long, &stale).then_rejected(&Rejection::NotPermitted { needed: "edit" });
    let owner = asking("a-1").on(Condition::Version(Position(99)));
    let stale = Rejection::PreconditionFailed { entity: Entity::Item, current: Position(1) };
    item().when(&long, &owner).then_rejected(&stale);
    item().when(&long, &asking("a-1")).then_invalid("title");
}

#[test]
fn nothing_that_widens_is_done_to_a_closed_item() {
    let patch = GrantPatch::default();
    for command in [
        ItemCommand::SetVisibility(Visibility::Internal),
        ItemCommand::Share(share(&[to_account("a-9")], Role::Viewer)),
        ItemCommand::ChangeGrant { grant: grant_id(1), patch },
        ItemCommand::ReplaceSharing { visibility: Visibility::Restricted, grants: vec![] },
        ItemCommand::CreateLink(link(Role::Viewer, Audience::Anyone)),
        ItemCommand::Publish(publication()),
    ] {
        let item = mine().and("a-1", closed());
        item.when(&command, &asking("a-1")).then_rejected(&Rejection::ItemClosed);
    }
}

#[test]
fn the_owner_still_describes_and_ends_things_of_a_closed_item() {
    let item = || mine().and("a-1", closed());
    let title = DescriptionPatch { title: Some(Some("t".into())), ..DescriptionPatch::default() };
    item()
        .when(&ItemCommand::Describe(title), &asking("a-1"))
        .then_types(&[EventType::ItemDescribed]);
    item().when(&ItemCommand::Unpublish, &asking("a-1")).then_nothing();
    let end = ItemCommand::EndGrants(EndTarget::Grantee(to_account("a-2")));
    item().when(&end, &asking("a-1")).then_nothing();
    item().when(&ItemCommand::SetVisibility(Visibility::Restricted), &asking("a-1")).then_nothing();
}

#[test]
fn a_closed_item_is_hidden_from_all_but_its_owner_whatever_rights_were_handed_in() {
    let item = mine().and("a-1", closed());
    let stale = asking("a-2").rights(Permissions::ALL);
    item.when(&ItemCommand::Close, &stale).then_rejected(&Rejection::NotFound(Entity::Item));
}

#[test]
fn a_retired_item_only_tells_its_owner_that_it_is() {
    for (command, _) in commands() {
        if matches!(command, ItemCommand::Restore | ItemCommand::Retire) {
            continue;
        }
        let item = || mine().and("a-1", public()).and("a-1", retired());
        item().when(&command, &asking("a-1")).then_rejected(&Rejection::ItemRetired);
        item().when(&command, &asking("a-2")).then_rejected(&Rejection::NotFound(Entity::Item));
    }
}

#[test]
fn the_table_lists_every_event_of_items_once() {
    let on_items = |event: &EventType| event.stream_kind() == StreamKind::Item;
    let mut expected: Vec<_> = EventType::ALL.iter().copied().filter(on_items).collect();
    let mut listed: Vec<_> =
        AUTHORITY.iter().flat_map(|(_, events)| events.iter().copied()).collect();
    expected.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, expected);
    assert_eq!(required(EventType::TokenIssued), Permission::Own);
}

#[test]
fn the_unrestricted_may_everything_with_what_is_there() {
    let admin = Subject::unrestricted();
    assert_eq!(permissions(&mine().state, &admin, hour(0)), Permissions::ALL);
    assert_eq!(permissions(&given([]).state, &admin, hour(0)), Permissions::NONE);
    let closed = mine().and("a-1", closed()).state;
    assert_eq!(permissions(&closed, &Subject::account(account("a-1")), hour(0)), Permissions::ALL);
    assert_eq!(permissions(&closed, &Subject::account(account("a-2")), hour(0)), Permissions::NONE);
}
