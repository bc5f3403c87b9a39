//! Registering and describing.

use super::make::{gives, mine, register, titled};
use domain::{
    access::Subject,
    aggregate::Condition,
    event::{DescriptionPart, EventType, ItemDescribed, ItemEvent},
    id::KindName,
    item::{DescriptionPatch, ItemCommand, NewDescription},
    kind::default_kinds,
    position::Position,
    private_text::PrivateText,
    rejection::{Entity, Rejection},
    role::Role,
    testing::{account, asking, given, registered, to_account},
};

fn describe(patch: DescriptionPatch) -> ItemCommand {
    ItemCommand::Describe(patch)
}

fn described(description: NewDescription) -> ItemCommand {
    ItemCommand::Register { owner: account("a-1"), description }
}

fn text(text: &str) -> Option<Option<PrivateText>> {
    Some(Some(PrivateText::plain(text)))
}

#[test]
fn an_account_registers_an_item_of_its_own() {
    let item = given([]).when(&register("a-1", None), &asking("a-1")).then([registered("a-1")]);
    assert_eq!(item.state.owner, Some(account("a-1")));
    assert_eq!((item.state.version, item.state.sharing_version), (Position(1), Position(1)));
}

#[test]
fn nobody_registers_an_item_for_somebody_else_but_the_unrestricted() {
    let refused = Rejection::NotPermitted { needed: "own" };
    given([]).when(&register("a-1", None), &asking("a-2")).then_rejected(&refused);
    let anonymous = asking("a-2").subject(Subject::anonymous());
    given([]).when(&register("a-1", None), &anonymous).then_rejected(&refused);
    let app = asking("a-2").subject(Subject::unrestricted());
    given([]).when(&register("a-1", None), &app).then([registered("a-1")]);
}

#[test]
fn an_unknown_kind_is_refused_with_the_known_ones() {
    let kind = KindName::parse("dream").unwrap();
    let known = default_kinds().into_keys().collect();
    given([])
        .when(&register("a-1", None), &asking("a-1").about("dream"))
        .then_rejected(&Rejection::UnknownKind { kind, known });
}

#[test]
fn registering_again_replaces_the_description_and_clears_what_is_absent() {
    let titled = titled();
    let event = ItemDescribed {
        before: DescriptionPart { title: text("RNA-seq 4"), ..DescriptionPart::default() },
        after: DescriptionPart { title: Some(None), ..DescriptionPart::default() },
    };
    let again =
        titled.when(&register("a-1", None), &asking("a-1")).then([ItemEvent::Described(event)]);
    assert_eq!(again.state.description.title, None);
    assert_eq!((again.state.version, again.state.sharing_version), (Position(2), Position(1)));
}

#[test]
fn registering_the_same_again_changes_nothing() {
    titled().when(&register("a-1", Some("RNA-seq 4")), &asking("a-1")).then_nothing();
}

#[test]
fn an_editor_may_replace_the_description_but_not_the_owner() {
    let item = || titled().and("a-1", gives(1, to_account("a-2"), Role::Editor));
    item()
        .when(&register("a-1", Some("New")), &asking("a-2"))
        .then_types(&[EventType::ItemDescribed]);
    let refused = Rejection::OwnerChangesByTransfer { owner: account("a-1") };
    item().when(&register("a-2", Some("New")), &asking("a-2")).then_rejected(&refused);
}

#[test]
fn create_only_is_refused_when_the_item_is_there() {
    let create = asking("a-1").on(Condition::Absent);
    given([]).when(&register("a-1", None), &create).then([registered("a-1")]);
    mine().when(&register("a-1", None), &create).then_rejected(&Rejection::AlreadyExists);
}

#[test]
fn a_version_is_never_that_of_an_item_that_is_not_there() {
    for condition in [Condition::Version(Position(1)), Condition::Exists] {
        let refused = Rejection::PreconditionFailed { entity: Entity::Item, current: Position(0) };
        given([])
            .when(&register("a-1", None), &asking("a-1").on(condition))
            .then_rejected(&refused);
    }
}

#[test]
fn a_patch_records_only_the_fields_that_change() {
    let patch = DescriptionPatch {
        title: Some(Some("RNA-seq 4".into())),
        tags: Some(Some(vec!["rna".into(), "seq".into()])),
        in_library: Some(false),
        ..DescriptionPatch::default()
    };
    let event = ItemDescribed {
        before: DescriptionPart {
            tags: Some(None),
            in_library: Some(true),
            ..DescriptionPart::default()
        },
        after: DescriptionPart {
            tags: text(r#"["rna","seq"]"#),
            in_library: Some(false),
            ..DescriptionPart::default()
        },
    };
    titled().when(&describe(patch), &asking("a-1")).then([ItemEvent::Described(event)]);
}

#[test]
fn a_patch_that_changes_nothing_is_no_event() {
    titled().when(&describe(DescriptionPatch::default()), &asking("a-1")).then_nothing();
    let same = DescriptionPatch { title: Some(Some("RNA-seq 4".into())), ..Default::default() };
    titled().when(&describe(same), &asking("a-1")).then_nothing();
    let clear =
        DescriptionPatch { tags: Some(Some(vec![])), preview: Some(None), ..Default::default() };
    titled().when(&describe(clear), &asking("a-1")).then_nothing();
}

#[test]
fn texts_have_limits() {
    let base = NewDescription::default;
    let long = |n: usize| Some("ä".repeat(n));
    let tags = |n: usize, tag: &str| vec![tag.to_owned(); n];
    let wrong = [
        (NewDescription { title: long(501), ..base() }, "title"),
        (NewDescription { title: Some(String::new()), ..base() }, "title"),
        (NewDescription { description: long(20_001), ..base() }, "description"),
        (NewDescription { tags: tags(51, "x"), ..base() }, "tags"),
        (NewDescription { tags: tags(2, ""), ..base() }, "tags.0"),
        (NewDescription { tags: vec!["x".repeat(101)], ..base() }, "tags.0"),
        (NewDescription { preview: Some("ftp://a.example/".into()), ..base() }, "preview"),
        (NewDescription { preview: Some("https://".into()), ..base() }, "preview"),
        (NewDescription { preview: Some("https://a b".into()), ..base() }, "preview"),
        (
            NewDescription { preview: Some(format!("https://a/{}", "x".repeat(2_000))), ..base() },
            "preview",
        ),
        (NewDescription { content: Some("{}".into()), ..base() }, "content"),
    ];
    for (description, field) in wrong {
        given([]).when(&described(description), &asking("a-1")).then_invalid(field);
    }
    let most = NewDescription {
        title: long(500),
        description: long(20_000),
        tags: tags(50, &"x".repeat(100)),
        preview: Some("https://app.example/4.png".into()),
        ..base()
    };
    given([]).when(&described(most), &asking("a-1")).then_types(&[EventType::ItemRegistered]);
}

#[test]
fn control_characters_are_refused_but_the_breaks_of_longer_texts() {
    let named = |title: &str| NewDescription { title: Some(title.into()), ..Default::default() };
    for title in ["a\0b", "two\nlines", "a\u{7f}", "a\u{85}b"] {
        given([]).when(&described(named(title)), &asking("a-1")).then_invalid("title");
    }
    let tagged = |tag: &str| NewDescription { tags: vec![tag.into()], ..Default::default() };
    given([]).when(&described(tagged("a\tb")), &asking("a-1")).then_invalid("tags.0");
    let longer =
        |text: &str| NewDescription { description: Some(text.into()), ..Default::default() };
    given([]).when(&described(longer("a\u{1b}")), &asking("a-1")).then_invalid("description");
    given([])
        .when(&described(longer("one\r\n\ttwo")), &asking("a-1"))
        .then_types(&[EventType::ItemRegistered]);
}

#[test]
fn a_tag_that_is_named_twice_stands_once() {
    let tagged = |tags: &[&str]| NewDescription {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Default::default()
    };
    let item = given([]).when(&described(tagged(&["rna", "dna", "rna"])), &asking("a-1"));
    let item = item.then_types(&[EventType::ItemRegistered]);
    let tags = item.state.description.tags.clone();
    assert_eq!(tags, Some(PrivateText::plain(r#"["rna","dna"]"#)));
    item.when(&described(tagged(&["rna", "rna", "dna"])), &asking("a-1")).then_nothing();
}

#[test]
fn only_kinds_with_content_store_it_up_to_16_kib() {
    let content = |n: usize| {
        described(NewDescription { content: Some("x".repeat(n)), ..NewDescription::default() })
    };
    let search = asking("a-1").about("search");
    given([]).when(&content(16_384), &search).then_types(&[EventType::ItemRegistered]);
    given([]).when(&content(16_385), &search).then_invalid("content");
}
