//! Lists of items by owner and recipient.

use crate::{
    access::{given, link, on},
    engine::Engine,
    world::{Said, World},
};
use domain::{
    event::{
        AccountDeactivated, AccountEvent, AccountRegistered, Description, DescriptionPart,
        ItemDescribed, ItemEvent, ItemRegistered,
    },
    id::ItemRef,
    lifecycle::Lifecycle,
    position::Position,
    private_text::PrivateText,
    role::{Permissions, Role},
    stream::StreamName,
    testing::{account, hour, item, registered, to_account},
};
use projections::{ItemRow, Page, Relation, Views};

fn refs(rows: &[ItemRow]) -> Vec<String> {
    rows.iter().map(|row| row.item.to_string()).collect()
}

async fn listed(views: &dyn Views, of: &str, relation: Relation, at: i64) -> Vec<ItemRow> {
    let mut page = Page { limit: 2, after: None, count: true };
    let mut rows = Vec::new();
    loop {
        let answer = views.items_of(&account(of), relation, hour(at), &page).await.unwrap();
        rows.extend(answer.rows);
        page.after = answer.next;
        if page.after.is_none() {
            assert_eq!(answer.total.unwrap().value, rows.len() as u64);
            return rows;
        }
    }
}

pub(crate) async fn items_are_listed_by_relation(engine: Engine) {
    let world = World::new();
    let by = Said::by("a-1");
    let items: Vec<ItemRef> = (0..5).map(|n| item("history", &format!("h-{n}"))).collect();
    for it in &items {
        world.say(&on(it), &by, vec![registered("a-1").into()]).await;
    }
    let other = item("album", "x");
    world.say(&on(&other), &Said::by("b-1"), vec![registered("b-1").into()]).await;
    for (number, it) in (0..3).zip(&items) {
        let to = to_account("b-1");
        let ends = if number == 1 { Some(hour(40)) } else { None };
        world.say(&on(it), &by, vec![given(number, to, Role::Editor, ends)]).await;
    }
    world.say(&on(&items[2]), &by, vec![given(9, to_account("b-1"), Role::Viewer, None)]).await;
    world.say(&on(&items[3]), &by, vec![link(1)]).await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let views = views.as_ref();

    let owned = listed(views, "a-1", Relation::Owned, 30).await;
    assert_eq!(
        refs(&owned),
        ["history:h-0", "history:h-1", "history:h-2", "history:h-3", "history:h-4"]
    );
    assert!(owned.iter().all(|row| row.permissions == Permissions::ALL));
    assert_eq!((owned[2].grants, owned[3].links), (2, 1));
    let with = listed(views, "b-1", Relation::SharedWith, 30).await;
    assert_eq!(refs(&with), ["history:h-0", "history:h-1", "history:h-2"]);
    assert_eq!(with[1].until, Some(hour(40)));
    assert_eq!(with[2].role, Some(Role::Editor));
    let later = listed(views, "b-1", Relation::SharedWith, 40).await;
    assert_eq!(refs(&later), ["history:h-0", "history:h-2"]);
    let shared = listed(views, "a-1", Relation::SharedBy, 40).await;
    assert_eq!(refs(&shared), ["history:h-0", "history:h-2", "history:h-3"]);

    let stream = StreamName::Account(account("b-1"));
    let known = AccountEvent::Registered(AccountRegistered { profile: None });
    world.say(&stream, &by, vec![known.into()]).await;
    let gone = AccountEvent::Deactivated(AccountDeactivated {});
    world.say(&stream, &by, vec![gone.into()]).await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    assert_eq!(listed(views.as_ref(), "b-1", Relation::SharedWith, 30).await, Vec::new());
}

pub(crate) async fn items_are_found_by_name_in_the_order_asked(engine: Engine) {
    let world = World::new();
    let (one, two) = (item("history", "8f3a"), item("album", "al.1"));
    let text = |text: &str| Some(PrivateText::plain(text));
    let description = Description {
        title: text("RNA-seq 4"),
        tags: text("[\"rna\",\"cell\"]"),
        ..Description::default()
    };
    let owner = account("a-1");
    let new = ItemEvent::Registered(ItemRegistered { owner, description, in_library: true });
    world.say(&on(&one), &Said::by("a-1"), vec![new.into()]).await;
    world.say(&on(&two), &Said::by("a-2"), vec![registered("a-2").into()]).await;
    let after = DescriptionPart {
        title: Some(text("RNA-seq 5")),
        preview: Some(None),
        in_library: Some(false),
        ..DescriptionPart::default()
    };
    let before = DescriptionPart { title: Some(text("RNA-seq 4")), ..DescriptionPart::default() };
    let described = ItemEvent::Described(ItemDescribed { before, after });
    world.say(&on(&one), &Said { key: "a-1", ..Said::by("a-1") }, vec![described.into()]).await;
    for batch in [1, 100] {
        let views = world.catch_up(&engine.fresh().await, batch).await;
        let asked = [two.clone(), item("history", "never"), one.clone()];
        let found = views.lookup(&asked).await.unwrap();
        assert_eq!(found.position, Position(3));
        assert_eq!(found.rows[1], None);
        assert_eq!(found.rows[0].as_ref().unwrap().owner, account("a-2"));
        let row = found.rows[2].as_ref().unwrap();
        assert_eq!(row.title.as_deref(), Some("RNA-seq 5"));
        assert_eq!(row.tags, ["rna", "cell"]);
        assert_eq!(
            (row.in_library, row.lifecycle, row.version),
            (false, Lifecycle::Open, Position(3))
        );
        assert_eq!((row.registered_at, row.updated_at), (hour(1), hour(3)));
    }
}
