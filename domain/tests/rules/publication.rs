//! The catalog entry.

use super::make::{mine, public, sees, titled};
use domain::{
    aggregate::Condition,
    event::{
        CatalogAudience, EventType, ItemEvent, Publication, PublicationUpdated,
        PublicationWithdrawn, Published, Visibility, WithdrawCause,
    },
    item::{ItemCommand, NewPublication},
    position::Position,
    rejection::{Entity, Reason, Rejection},
    testing::{asking, group},
};

fn asked(audience: CatalogAudience) -> NewPublication {
    NewPublication {
        audience,
        groups: vec![],
        title: None,
        description: None,
        tags: None,
        preview: None,
    }
}

fn entry(audience: CatalogAudience) -> Publication {
    Publication {
        audience,
        groups: vec![],
        slug: None,
        title: "RNA-seq 4".into(),
        description: None,
        tags: vec![],
        preview: None,
    }
}

fn publish(publication: NewPublication) -> ItemCommand {
    ItemCommand::Publish(publication)
}

#[test]
fn publishing_lists_it_and_raises_the_visibility_in_one_commit() {
    let (restricted, internal) = (Visibility::Restricted, Visibility::Internal);
    for (audience, visibility) in
        [(CatalogAudience::Anyone, Visibility::Public), (CatalogAudience::Internal, internal)]
    {
        let published = Published { publication: entry(audience) };
        let item = titled()
            .when(&publish(asked(audience)), &asking("a-1"))
            .then([ItemEvent::Published(published), sees(restricted, visibility)]);
        item.when(&publish(asked(audience)), &asking("a-1")).then_nothing();
    }
}

#[test]
fn publishing_never_narrows() {
    let item = titled().and("a-1", public());
    item.when(&publish(asked(CatalogAudience::Internal)), &asking("a-1"))
        .then_types(&[EventType::Published]);
}

#[test]
fn publishing_to_groups_names_them_and_does_not_raise_the_visibility() {
    titled().when(&publish(asked(CatalogAudience::Groups)), &asking("a-1")).then_invalid("groups");
    let mut some = asked(CatalogAudience::Groups);
    some.groups = vec![group("g-2"), group("g-1"), group("g-2")];
    let item = titled().when(&publish(some), &asking("a-1")).then_types(&[EventType::Published]);
    let open = item.state.publication.unwrap();
    assert_eq!(open.publication.groups, [group("g-1"), group("g-2")]);
    let mut wrong = asked(CatalogAudience::Anyone);
    wrong.groups = vec![group("g-1")];
    titled().when(&publish(wrong), &asking("a-1")).then_invalid("groups");
}

#[test]
fn an_entry_needs_a_title_of_its_own_or_of_the_item() {
    mine().when(&publish(asked(CatalogAudience::Anyone)), &asking("a-1")).then_invalid("title");
    let own = NewPublication { title: Some("Own".into()), ..asked(CatalogAudience::Anyone) };
    let item = titled().when(&publish(own), &asking("a-1"));
    let item = item.then_types(&[EventType::Published, EventType::VisibilityChanged]);
    assert_eq!(item.state.publication.unwrap().publication.title, "Own");
}

#[test]
fn publishing_again_with_other_fields_updates_the_entry() {
    let item = titled().when(&publish(asked(CatalogAudience::Anyone)), &asking("a-1"));
    let item = item.then_types(&[EventType::Published, EventType::VisibilityChanged]);
    let tagged =
        NewPublication { tags: Some(vec!["rna".into()]), ..asked(CatalogAudience::Anyone) };
    let before = entry(CatalogAudience::Anyone);
    let after = Publication { tags: vec!["rna".into()], ..before.clone() };
    let updated = ItemEvent::PublicationUpdated(PublicationUpdated { before, after });
    let item = item.when(&publish(tagged), &asking("a-1")).then([updated]);
    let open = item.state.publication.unwrap();
    assert!(open.published_at < open.updated_at);
    assert_eq!(open.version, Position(3));
}

#[test]
fn fields_of_an_entry_have_the_limits_of_the_item() {
    let long = NewPublication { title: Some("x".repeat(501)), ..asked(CatalogAudience::Anyone) };
    titled().when(&publish(long), &asking("a-1")).then_invalid("title");
    let tags = NewPublication { tags: Some(vec![String::new()]), ..asked(CatalogAudience::Anyone) };
    titled().when(&publish(tags), &asking("a-1")).then_invalid("tags.0");
}

#[test]
fn kinds_that_are_not_published_are_refused() {
    let kinds = domain::kind::parse("[history]\npublishable = false").unwrap();
    titled()
        .when(&publish(asked(CatalogAudience::Anyone)), &asking("a-1").kinds(kinds))
        .then_rule(Reason::KindNotPublishable);
}

#[test]
fn unpublishing_keeps_the_visibility_and_twice_changes_nothing() {
    let item = titled().when(&publish(asked(CatalogAudience::Anyone)), &asking("a-1"));
    let item = item.then_types(&[EventType::Published, EventType::VisibilityChanged]);
    let withdrawn = PublicationWithdrawn {
        cause: WithdrawCause::Unpublished,
        audience: CatalogAudience::Anyone,
    };
    let item = item
        .when(&ItemCommand::Unpublish, &asking("a-1"))
        .then([ItemEvent::PublicationWithdrawn(withdrawn)]);
    assert_eq!(item.state.visibility, Visibility::Public);
    item.when(&ItemCommand::Unpublish, &asking("a-1")).then_nothing();
}

#[test]
fn if_match_is_the_version_of_the_entry() {
    let failed = |current| Rejection::PreconditionFailed {
        entity: Entity::Publication,
        current: Position(current),
    };
    let at = |version| asking("a-1").on(Condition::Version(Position(version)));
    let command = publish(asked(CatalogAudience::Anyone));
    titled().when(&command, &at(1)).then_rejected(&failed(0));
    let item = titled().when(&command, &asking("a-1").on(Condition::Absent));
    let item = item.then_types(&[EventType::Published, EventType::VisibilityChanged]);
    item.clone().when(&ItemCommand::Unpublish, &at(1)).then_rejected(&failed(2));
    item.clone()
        .when(&command, &asking("a-1").on(Condition::Absent))
        .then_rejected(&Rejection::AlreadyExists);
    item.when(&ItemCommand::Unpublish, &at(2)).then_types(&[EventType::PublicationWithdrawn]);
}
