//! Visibility and direct grants as one atomic state.

use super::make::{born, ends, gives, gives_until, mine, public};
use domain::{
    aggregate::Condition,
    event::{EndCause, EventType, Visibility},
    item::{GrantSpec, ItemCommand},
    position::Position,
    principal::Grantee,
    rejection::{Entity, Reason, Rejection},
    role::{Role, Withheld},
    testing::{Asking, Given, asking, grant_id, hour, to_account},
};

fn spec(grantee: Grantee, role: Role) -> GrantSpec {
    GrantSpec { grantee, role, withhold: vec![], starts_at: None, ends_at: None }
}

fn replace(visibility: Visibility, grants: Vec<GrantSpec>) -> ItemCommand {
    ItemCommand::ReplaceSharing { visibility, grants }
}

fn at(item: &Given, by: &str) -> Asking {
    asking(by).on(Condition::Version(item.state.sharing_version))
}

fn shared() -> Given {
    mine()
        .and("a-1", gives(1, to_account("a-2"), Role::Viewer))
        .and("a-1", gives(2, to_account("a-3"), Role::Viewer))
}

#[test]
fn it_needs_if_match() {
    let command = replace(Visibility::Restricted, vec![]);
    let required = Rejection::PreconditionRequired(Entity::Sharing);
    shared().when(&command, &asking("a-1")).then_rejected(&required);
    let stale = asking("a-1").on(Condition::Version(Position(2)));
    let failed = Rejection::PreconditionFailed { entity: Entity::Sharing, current: Position(3) };
    shared().when(&command, &stale).then_rejected(&failed);
    let any = asking("a-1").on(Condition::Exists);
    shared().when(&command, &any).then_types(&[EventType::GrantEnded, EventType::GrantEnded]);
}

#[test]
fn one_commit_holds_the_difference_and_no_more() {
    let item = shared();
    let grants = vec![
        spec(to_account("a-2"), Role::Viewer),
        spec(to_account("a-3"), Role::Editor),
        spec(to_account("a-4"), Role::Browser),
    ];
    let by = at(&item, "a-1");
    let after = item.when(&replace(Visibility::Public, grants.clone()), &by);
    let after = after.then_types(&[
        EventType::VisibilityChanged,
        EventType::GrantChanged,
        EventType::GrantGiven,
    ]);
    assert_eq!(after.state.grants.len(), 3);
    let by = at(&after, "a-1");
    after.when(&replace(Visibility::Public, grants), &by).then_nothing();
}

#[test]
fn who_is_not_in_the_list_loses_the_direct_grant_only() {
    let item = shared().and("a-1", born(3, "a-2", 7));
    let by = at(&item, "a-1");
    let gone = ends(&gives(1, to_account("a-2"), Role::Viewer), EndCause::Unshared, None);
    let after = item
        .when(&replace(Visibility::Restricted, vec![spec(to_account("a-3"), Role::Viewer)]), &by)
        .then([gone]);
    assert!(after.state.grants.contains_key(&grant_id(3)));
}

#[test]
fn changing_the_visibility_needs_publish_too() {
    let item = || mine().and("a-1", gives(1, to_account("a-2"), Role::Manager));
    let rights = Role::Editor
        .permissions()
        .union(domain::role::Permissions::of(&[domain::role::Permission::Share]));
    let by = at(&item(), "a-2").rights(rights);
    let own = || spec(to_account("a-2"), Role::Manager);
    item()
        .when(&replace(Visibility::Public, vec![own()]), &by)
        .then_rejected(&Rejection::NotPermitted { needed: "publish" });
    item().when(&replace(Visibility::Restricted, vec![own()]), &by).then_nothing();
}

#[test]
fn the_rules_of_sharing_hold_for_every_line_and_nothing_is_applied_by_half() {
    let cases = [
        (vec![spec(to_account("a-1"), Role::Viewer)], Reason::OwnerUntouchable),
        (
            vec![spec(to_account("a-4"), Role::Viewer), spec(to_account("a-4"), Role::Editor)],
            Reason::DuplicateInRequest,
        ),
        (
            vec![GrantSpec { ends_at: Some(hour(1)), ..spec(to_account("a-4"), Role::Viewer) }],
            Reason::WindowInPast,
        ),
    ];
    for (grants, reason) in cases {
        let item = shared();
        let by = at(&item, "a-1");
        item.when(&replace(Visibility::Public, grants), &by).then_rule(reason);
    }
    let item = shared();
    let by = at(&item, "a-1");
    let owner = vec![spec(to_account("a-4"), Role::Viewer), spec(to_account("a-5"), Role::Owner)];
    item.when(&replace(Visibility::Public, owner), &by).then_invalid("grants.1.role");
}

#[test]
fn nobody_replaces_above_the_own_set() {
    let withheld = &[Withheld::Copy];
    let item =
        shared().and("a-1", gives_until(4, to_account("a-4"), Role::Manager, withheld, None));
    let me = GrantSpec { withhold: withheld.to_vec(), ..spec(to_account("a-4"), Role::Manager) };
    let by = at(&item, "a-4");
    let all = |others: Vec<GrantSpec>| {
        let mut grants = vec![me.clone()];
        grants.extend(others);
        replace(Visibility::Restricted, grants)
    };
    let (two, three) =
        (spec(to_account("a-2"), Role::Viewer), spec(to_account("a-3"), Role::Viewer));
    item.clone().when(&all(vec![two.clone(), three.clone()]), &by).then_nothing();
    item.clone().when(&all(vec![two.clone()]), &by).then_rule(Reason::AboveOwnRole);
    let more = spec(to_account("a-5"), Role::Viewer);
    item.clone()
        .when(&all(vec![two.clone(), three.clone(), more]), &by)
        .then_rule(Reason::AboveOwnRole);
    let raised =
        replace(Visibility::Restricted, vec![spec(to_account("a-4"), Role::Manager), two, three]);
    item.when(&raised, &by).then_rule(Reason::SelfShare);
}

#[test]
fn narrowing_in_the_list_also_ends_the_publication() {
    let publish = ItemCommand::Publish(domain::item::NewPublication {
        audience: domain::event::CatalogAudience::Anyone,
        groups: vec![],
        title: Some("t".into()),
        description: None,
        tags: None,
        preview: None,
    });
    let item = mine().and("a-1", public()).when(&publish, &asking("a-1"));
    let item = item.then_types(&[EventType::Published]);
    let by = at(&item, "a-1");
    item.when(&replace(Visibility::Restricted, vec![]), &by)
        .then_types(&[EventType::VisibilityChanged, EventType::PublicationWithdrawn]);
}

#[test]
fn a_line_whose_old_grant_has_passed_its_end_is_given_anew() {
    let old = gives_until(1, to_account("a-2"), Role::Viewer, &[], Some(hour(9)));
    let item = mine().and("a-1", old.clone());
    let by = at(&item, "a-1");
    item.when(&replace(Visibility::Restricted, vec![spec(to_account("a-2"), Role::Viewer)]), &by)
        .then([
            ends(&old, EndCause::Expired, Some(hour(9))),
            gives(1_001, to_account("a-2"), Role::Viewer),
        ]);
}
