//! The audit trail reports what happened, and forgets what must be forgotten.

use crate::{
    access::{given, on},
    engine::Engine,
    world::{Said, World, dump, key_of},
};
use domain::{
    actor::Actor,
    event::{
        AccountErased, AccountEvent, Description, DescriptionPart, EndCause, GrantChanged,
        GrantEnded, GrantTerms, ItemDescribed, ItemEvent, ItemRegistered, LogStarted, RulesChanged,
        SystemEvent,
    },
    id::{LogId, TokenId},
    position::Position,
    private_text::PrivateText,
    role::Role,
    stream::StreamName,
    testing::{account, grant_id, hour, item, to_account},
    time::Time,
};
use projections::{AuditFilter, AuditOrder, AuditRow, Page, Target, Views};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

fn terms(role: Role, ends_at: Option<Time>) -> GrantTerms {
    GrantTerms { role, withhold: Vec::new(), starts_at: None, ends_at }
}

async fn told() -> World {
    let world = World::new();
    let system = Said { by: Actor::system("start"), ..Said::by("a-1") };
    let log = LogId(Uuid::nil());
    let started = SystemEvent::LogStarted(LogStarted { log, release: "0".into(), level: 1 });
    let rules = SystemEvent::RulesChanged(RulesChanged { before: None, after: 3 });
    world.say(&StreamName::System, &system, vec![started.into(), rules.into()]).await;
    let it = item("history", "8f3a");
    let text = |text: &str| Some(PrivateText::plain(text));
    let description = Description {
        title: text("Private title"),
        tags: text("[\"t\"]"),
        ..Description::default()
    };
    let owner = account("a-1");
    let new = ItemEvent::Registered(ItemRegistered { owner, description, in_library: true });
    world.say(&on(&it), &Said::by("a-1"), vec![new.into()]).await;
    let why = Said {
        by: Actor {
            app: Some("lab".to_owned()),
            via: Some(TokenId(Uuid::from_u128(5))),
            ..Actor::account(account("a-1"))
        },
        reason: Some("Private reason"),
        ticket: Some("4711"),
        key: "a-1",
    };
    world.say(&on(&it), &why, vec![given(1, to_account("a-2"), Role::Viewer, None)]).await;
    let changed = ItemEvent::GrantChanged(GrantChanged {
        grant: grant_id(1),
        grantee: to_account("a-2"),
        before: terms(Role::Viewer, None),
        after: terms(Role::Editor, Some(hour(9000))),
        asked: None,
    });
    let ended = ItemEvent::GrantEnded(GrantEnded {
        grant: grant_id(1),
        grantee: to_account("a-2"),
        before: terms(Role::Editor, None),
        cause: EndCause::Left,
        effective_at: None,
    });
    let two = Said { reason: Some("Other reason"), key: "a-2", ..Said::by("a-2") };
    world.say(&on(&it), &two, vec![changed.into(), ended.into()]).await;
    let before = DescriptionPart { title: Some(text("Private title")), ..Default::default() };
    let after = DescriptionPart { title: Some(text("Later title")), ..Default::default() };
    let described = ItemEvent::Described(ItemDescribed { before, after });
    world.say(&on(&it), &Said::by("a-1"), vec![described.into()]).await;
    world
}

async fn trail(views: &Arc<dyn Views>, filter: AuditFilter) -> Vec<AuditRow> {
    let mut page = Page { limit: 2, after: None, count: true };
    let mut rows = Vec::new();
    loop {
        let answer = views.audit(&filter, &page).await.unwrap();
        rows.extend(answer.rows);
        page.after = answer.next;
        if page.after.is_none() {
            assert_eq!(answer.total.unwrap().value, rows.len() as u64);
            return rows;
        }
    }
}

fn ids(rows: &[AuditRow]) -> String {
    rows.iter().map(|row| row.id.to_string()).collect::<Vec<_>>().join(" ")
}

pub(crate) async fn the_trail_says_before_and_after_in_any_order(engine: Engine) {
    let world = told().await;
    let views = world.catch_up(&engine.fresh().await, 2).await;
    let newest = trail(&views, AuditFilter::default()).await;
    assert_eq!(ids(&newest), "5-0 4-1 4-0 3-0 2-0 1-1 1-0");
    let order = AuditOrder::OldestFirst;
    let rows = trail(&views, AuditFilter { order, ..AuditFilter::default() }).await;
    assert_eq!(ids(&rows), "1-0 1-1 2-0 3-0 4-0 4-1 5-0");
    assert_eq!(rows[0].system.as_deref(), Some("start"));
    assert_eq!((rows[0].rules, rows[1].rules, rows[6].rules), (3, 3, 3));
    let new = &rows[2];
    assert_eq!(new.before, None);
    let after =
        json!({ "owner": "a-1", "in_library": true, "title": "Private title", "tags": ["t"] });
    assert_eq!(new.after, Some(after));
    let given = &rows[3];
    assert_eq!(given.target, Some(Target { kind: "account".into(), id: "a-2".into() }));
    assert_eq!(given.item, Some(item("history", "8f3a")));
    assert_eq!(given.after.as_ref().unwrap()["role"], "viewer");
    assert_eq!(given.after.as_ref().unwrap()["grant"], grant_id(1).to_string());
    assert_eq!(
        (given.reason.as_deref(), given.ticket.as_deref()),
        (Some("Private reason"), Some("4711"))
    );
    assert_eq!((given.app.as_deref(), given.actor.clone()), (Some("lab"), Some(account("a-1"))));
    assert_eq!(given.text, "a-1 granted a-2 the role viewer on history 8f3a");
    let changed = &rows[4];
    assert_eq!(changed.before.as_ref().unwrap()["role"], "viewer");
    assert_eq!(changed.after.as_ref().unwrap()["ends_at"], hour(9000).to_string());
    assert_eq!(rows[5].after, Some(json!({ "cause": "left" })));
    assert_eq!(rows[6].before, Some(json!({ "title": "Private title" })));
    assert_eq!(rows[6].after, Some(json!({ "title": "Later title" })));
}

pub(crate) async fn the_trail_is_filtered(engine: Engine) {
    let world = told().await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let ask = async |filter: AuditFilter| ids(&trail(&views, filter).await);
    let any = AuditFilter::default;
    let by_item = AuditFilter { item: Some(item("history", "8f3a")), ..any() };
    assert_eq!(ask(by_item).await, "5-0 4-1 4-0 3-0 2-0");
    let about = AuditFilter { account: Some(account("a-2")), ..any() };
    assert_eq!(ask(about).await, "4-1 4-0 3-0");
    assert_eq!(ask(AuditFilter { actor: Some(account("a-2")), ..any() }).await, "4-1 4-0");
    let types = vec!["grant.".to_owned(), "rules.changed".to_owned()];
    assert_eq!(ask(AuditFilter { types, ..any() }).await, "4-1 4-0 3-0 1-1");
    let span = AuditFilter {
        from_position: Some(Position(2)),
        to_position: Some(Position(4)),
        from_time: Some(hour(3)),
        to_time: Some(hour(4)),
        ..any()
    };
    assert_eq!(ask(span).await, "3-0");
}

pub(crate) async fn erasure_takes_the_texts_of_destroyed_keys_and_no_others(engine: Engine) {
    let world = told().await;
    let home = engine.place();
    let database = home.open().await;
    world.catch_up(&database, 100).await;
    assert!(format!("{:?}", dump(&database).await).contains("Private"));
    let erased = AccountEvent::Erased(AccountErased { keys: vec![key_of("a-1")] });
    let stream = StreamName::Account(account("a-1"));
    world.say(&stream, &Said::by("a-9"), vec![erased.into()]).await;
    let views = world.catch_up(&database, 100).await;
    let tables = dump(&database).await;
    let text = format!("{tables:?}");
    assert!(!text.contains("Private") && !text.contains("Later"), "{text}");
    assert!(text.contains("Other reason"));
    let rows = trail(&views, AuditFilter::default()).await;
    let new = rows.iter().find(|row| row.name == "item.registered").unwrap();
    assert_eq!(new.after.as_ref().unwrap()["title"], json!(null));
    assert_eq!(new.after.as_ref().unwrap()["owner"], "a-1");
    // A rebuild after the keys are gone comes to the same; so does one before, in one batch.
    for destroyed in [false, true] {
        if destroyed {
            world.opener.destroyed.lock().insert(key_of("a-1"));
        }
        let again = engine.fresh().await;
        world.catch_up(&again, 100).await;
        assert_eq!(dump(&again).await, tables);
    }
}
