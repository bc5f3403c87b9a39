//! Visibility: access to an item without a grant.

use super::make::{closed, gives, links, mine, public, sees, terms};
use domain::{
    access::{Subject, Visit, permissions},
    aggregate::Condition,
    event::{
        Audience, CatalogAudience, EventType, ItemEvent, Publication, PublicationWithdrawn,
        Published, Visibility, WithdrawCause,
    },
    item::{ItemCommand, access_diff, remaining_paths},
    position::Position,
    principal::Principal,
    role::{Permissions, Role, Withheld},
    testing::{account, asking, group, hour, link_id, to_account, to_group},
};

fn published(audience: CatalogAudience) -> ItemEvent {
    let publication = Publication {
        audience,
        groups: vec![],
        slug: None,
        title: "t".into(),
        description: None,
        tags: vec![],
        preview: None,
    };
    ItemEvent::Published(Published { publication })
}

fn set(visibility: Visibility) -> ItemCommand {
    ItemCommand::SetVisibility(visibility)
}

#[test]
fn the_visibility_is_set_with_before_and_after() {
    let item = mine().when(&set(Visibility::Public), &asking("a-1")).then([public()]);
    assert_eq!((item.state.version, item.state.sharing_version), (Position(2), Position(2)));
    item.when(&set(Visibility::Public), &asking("a-1")).then_nothing();
}

#[test]
fn narrowing_below_its_audience_ends_the_publication_in_the_same_commit() {
    let withdrawn = |audience| {
        let cause = WithdrawCause::Restricted;
        ItemEvent::PublicationWithdrawn(PublicationWithdrawn { cause, audience })
    };
    let item = |audience| mine().and("a-1", public()).and("a-1", published(audience));
    item(CatalogAudience::Anyone)
        .when(&set(Visibility::Internal), &asking("a-1"))
        .then([sees(Visibility::Public, Visibility::Internal), withdrawn(CatalogAudience::Anyone)]);
    item(CatalogAudience::Internal)
        .when(&set(Visibility::Internal), &asking("a-1"))
        .then([sees(Visibility::Public, Visibility::Internal)]);
    let narrowed =
        item(CatalogAudience::Internal).when(&set(Visibility::Restricted), &asking("a-1"));
    let narrowed =
        narrowed.then_types(&[EventType::VisibilityChanged, EventType::PublicationWithdrawn]);
    assert_eq!(narrowed.state.publication, None);
    item(CatalogAudience::Groups)
        .when(&set(Visibility::Restricted), &asking("a-1"))
        .then([sees(Visibility::Public, Visibility::Restricted)]);
}

#[test]
fn if_match_is_the_version_of_the_item() {
    let old = asking("a-1").on(Condition::Version(Position(2)));
    mine().when(&set(Visibility::Public), &old).then_rejected(
        &domain::rejection::Rejection::PreconditionFailed {
            entity: domain::rejection::Entity::Item,
            current: Position(1),
        },
    );
    let now = asking("a-1").on(Condition::Version(Position(1)));
    mine().when(&set(Visibility::Public), &now).then([public()]);
}

#[test]
fn internal_is_any_account_and_public_is_anyone() {
    let viewer = Role::Viewer.permissions();
    let cases = [
        (Visibility::Restricted, Permissions::NONE, Permissions::NONE),
        (Visibility::Internal, Permissions::NONE, viewer),
        (Visibility::Public, viewer, viewer),
    ];
    for (visibility, anonymous, signed_in) in cases {
        let item = mine().and("a-1", sees(Visibility::Restricted, visibility)).state;
        assert_eq!(permissions(&item, &Subject::anonymous(), hour(9)), anonymous);
        assert_eq!(permissions(&item, &Subject::account(account("a-9")), hour(9)), signed_in);
    }
}

#[test]
fn rights_add_up_over_grants_groups_visibility_and_visits() {
    let mut link = terms(Role::Contributor, Audience::Anyone);
    link.withhold = vec![Withheld::Download];
    let item = mine()
        .and(
            "a-1",
            super::make::gives_until(1, to_account("a-2"), Role::Viewer, &[Withheld::Copy], None),
        )
        .and("a-1", gives(2, to_group("g-1"), Role::Browser))
        .and("a-1", links(3, link))
        .state;
    let mut subject = Subject::account(account("a-2"));
    let at = hour(10);
    let copy = Withheld::Copy.permissions();
    assert_eq!(permissions(&item, &subject, at), Role::Viewer.permissions().minus(copy));
    let visit = Visit { link: link_id(3), generation: 1, password_version: 0, ends_at: hour(11) };
    subject.visits = vec![visit];
    assert_eq!(permissions(&item, &subject, at), Role::Contributor.permissions());
    assert_eq!(
        permissions(&item, &subject, hour(11)),
        Role::Viewer.permissions().minus(copy),
        "the visit is over"
    );
    let mut member = Subject::account(account("a-9"));
    assert_eq!(permissions(&item, &member, at), Permissions::NONE);
    member.groups = [group("g-1")].into();
    assert_eq!(permissions(&item, &member, at), Role::Browser.permissions());
}

#[test]
fn an_unshare_tells_what_still_gives_access() {
    let item = mine()
        .and("a-1", public())
        .and("a-1", gives(1, to_account("a-2"), Role::Editor))
        .and("a-1", links(2, terms(Role::Viewer, Audience::Anyone)))
        .state;
    let still = |who| remaining_paths(&item, &who, hour(9)).len();
    assert_eq!(still(Principal::Account(account("a-2"))), 3, "grant, visibility, link");
    assert_eq!(still(Principal::Anonymous), 2, "visibility, link");
    assert_eq!(still(Principal::Link(link_id(2))), 1);
    assert_eq!(still(Principal::Group(group("g-1"))), 0);
}

#[test]
fn an_effect_tells_who_gains_and_who_loses() {
    let before = mine().and("a-1", gives(1, to_account("a-2"), Role::Editor));
    let after = before.clone().and("a-1", public());
    let effect = access_diff(&before.state, &after.state, hour(9));
    let gaining: Vec<_> = effect.gains.iter().map(|change| change.principal.clone()).collect();
    assert_eq!(gaining, [Principal::Anonymous]);
    assert_eq!((effect.loses.len(), effect.complete), (0, false));
    let back = access_diff(&after.state, &before.state, hour(9));
    assert_eq!((back.gains.len(), back.loses.len()), (0, 1));
}

#[test]
fn an_effect_tells_what_accounts_gain_and_lose_that_nothing_names() {
    let viewer = Role::Viewer.permissions();
    let restricted = mine().and("a-1", gives(1, to_account("a-2"), Role::Editor));
    let opened = |to| restricted.clone().and("a-1", sees(Visibility::Restricted, to)).state;
    let (internal, to_all) = (opened(Visibility::Internal), opened(Visibility::Public));
    let none = Permissions::NONE;
    for (before, after, gain, lose) in [
        (&restricted.state, &internal, viewer, none),
        (&restricted.state, &to_all, viewer, none),
        (&internal, &restricted.state, none, viewer),
        (&internal, &to_all, none, none),
        (&to_all, &internal, none, none),
    ] {
        let effect = access_diff(before, after, hour(9));
        assert_eq!((effect.others_gain, effect.others_lose), (gain, lose));
        assert_eq!(effect.complete, gain.is_empty() && lose.is_empty());
    }
    let shut = restricted.and("a-1", public()).and("a-1", closed()).state;
    assert_eq!(access_diff(&to_all, &shut, hour(9)).others_lose, viewer, "closed for all");
}
