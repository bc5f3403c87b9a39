//! Commands on items: recorded, refused, unchanged, dry runs.

use crate::world::*;
use commands::{CommandError, GranteeRef, Status};
use domain::{
    id::GrantId,
    item::{EndTarget, ItemCommand},
    position::Position,
    rejection::{Entity, Rejection, ShareResult},
    role::Role,
};
use eventlog::ActivityKind;

#[tokio::test]
async fn a_registered_item_is_read_back() {
    for world in World::embedded().await {
        let node = world.node().await;
        let outcome =
            node.item(&app(), &item("history:1"), registration("a-1", "RNA")).await.unwrap();
        assert_eq!(outcome.status, Status::Recorded);
        assert!(outcome.created);
        assert_eq!(node.last_acknowledged(), outcome.position);
        let other = world.node().await;
        let state = other.load_item(&item("history:1")).await.unwrap();
        assert_eq!(*state, *outcome.after);
        assert_eq!(state.description.title.as_ref().unwrap().as_plain(), Some("RNA"));
    }
}

#[tokio::test]
async fn a_share_answers_for_each_grantee_and_ending_it_twice_changes_nothing() {
    for world in World::embedded().await {
        let node = world.node().await;
        let item = registered(&node).await;
        let asked = vec![
            GranteeRef::Account(account("a-2")),
            GranteeRef::Email("nobody@example.org".to_owned()),
        ];
        let shared = node.share(&by("a-1"), &item, asked, share(Role::Viewer)).await.unwrap();
        let [ShareResult::Granted { grant }, ShareResult::Refused { .. }] = shared.results[..]
        else {
            panic!("{:?}", shared.results)
        };
        let end = ItemCommand::EndGrants(EndTarget::Grant(grant));
        let ended = node.item(&by("a-1"), &item, end.clone()).await.unwrap();
        assert_eq!(ended.status, Status::Recorded);
        let again = node.item(&by("a-1"), &item, end).await.unwrap();
        assert_eq!(again.status, Status::Unchanged);
        let never = EndTarget::Grant(GrantId(uuid::Uuid::from_bytes([9; 16])));
        let error = node.item(&by("a-1"), &item, ItemCommand::EndGrants(never)).await;
        let Err(CommandError::Rejected(Rejection::NotFound(Entity::Grant))) = error else {
            panic!("{error:?}")
        };
    }
}

#[tokio::test]
async fn a_stale_node_answers_no_change_only_on_the_current_version() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let item = registered(&one).await;
        let public = ItemCommand::SetVisibility(domain::event::Visibility::Public);
        let closed = ItemCommand::SetVisibility(domain::event::Visibility::Restricted);
        one.item(&by("a-1"), &item, public.clone()).await.unwrap();
        // The first node knows the item as public; the second restricts it.
        two.item(&by("a-1"), &item, closed).await.unwrap();
        let outcome = one.item(&by("a-1"), &item, public).await.unwrap();
        assert_eq!(outcome.status, Status::Recorded);
    }
}

#[tokio::test]
async fn a_stale_node_refuses_only_on_the_current_version() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let item = registered(&one).await;
        one.load_item(&item).await.unwrap();
        let manager = share(Role::Manager);
        let asked = vec![GranteeRef::Account(account("a-2"))];
        two.share(&by("a-1"), &item, asked, manager).await.unwrap();
        let asked = vec![GranteeRef::Account(account("a-3"))];
        let outcome = one.share(&by("a-2"), &item, asked, share(Role::Viewer)).await.unwrap();
        assert!(matches!(outcome.results[..], [ShareResult::Granted { .. }]));
    }
}

#[tokio::test]
async fn commands_of_two_nodes_on_one_item_are_all_carried_out() {
    for world in World::embedded().await {
        let nodes = [world.node().await, world.node().await];
        let item = registered(&nodes[0]).await;
        let mut all = tokio::task::JoinSet::new();
        for n in 0..20 {
            let (node, item) = (nodes[n % 2].clone(), item.clone());
            all.spawn(async move {
                let asked = vec![GranteeRef::Account(account(&format!("b-{n}")))];
                loop {
                    let asked = asked.clone();
                    match node.share(&by("a-1"), &item, asked, share(Role::Viewer)).await {
                        Ok(_) => return,
                        Err(CommandError::Contended) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
        for node in &nodes {
            assert_eq!(node.load_item(&item).await.unwrap().grants.len(), 20);
        }
    }
}

#[tokio::test]
async fn a_dry_run_records_nothing_and_shows_what_would_be() {
    for world in World::embedded().await {
        let node = world.node().await;
        let item = registered(&node).await;
        let head = world.log.head().await.unwrap();
        let dry = commands::Request { dry_run: true, ..keyed(by("a-1"), "k", "x") };
        let asked = vec![GranteeRef::Account(account("a-2"))];
        let planned = node.share(&dry, &item, asked.clone(), share(Role::Viewer)).await.unwrap();
        assert_eq!(planned.status, Status::Planned);
        assert_eq!(planned.after.grants.len(), 1);
        assert_eq!(planned.before.unwrap().grants.len(), 0);
        assert_eq!(world.log.head().await.unwrap(), head);
        // The key was not used up.
        let real = keyed(by("a-1"), "k", "x");
        let done = node.share(&real, &item, asked, share(Role::Viewer)).await.unwrap();
        assert_eq!((done.status, done.replayed), (Status::Recorded, false));
    }
}

#[tokio::test]
async fn what_is_too_large_for_a_record_is_refused() {
    let world = World::memory();
    let node = world.node().await;
    let item = registered(&node).await;
    let head = world.log.head().await.unwrap();
    let asked: Vec<_> =
        (0..500).map(|n| GranteeRef::Account(account(&format!("{n:0>120}")))).collect();
    let error = node.share(&by("a-1"), &item, asked, share(Role::Viewer)).await;
    assert!(matches!(error, Err(CommandError::Rejected(Rejection::TooLarge { .. }))), "{error:?}");
    assert_eq!(world.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn a_position_beyond_the_head_is_not_yet_visible() {
    let world = World::memory();
    let node = world.node().await;
    let item = registered(&node).await;
    let ahead = commands::Request { at_least: Position(1_000), ..by("a-1") };
    let error = node.item(&ahead, &item, ItemCommand::Close).await;
    assert!(matches!(error, Err(CommandError::NotYetVisible)), "{error:?}");
}

#[tokio::test]
async fn a_refusal_for_lack_of_rights_is_noted() {
    let world = World::memory();
    let node = world.node().await;
    let item = registered(&node).await;
    node.item(&by("a-9"), &item, ItemCommand::Close).await.unwrap_err();
    let entries = world.activity.entries();
    assert!(entries.iter().any(|entry| entry.kind == ActivityKind::CommandDenied
        && entry.account == Some(account("a-9"))
        && entry.item.as_ref() == Some(&item)));
}

#[tokio::test]
async fn saved_folds_shorten_loading_and_change_nothing() {
    let world = World::memory();
    let mut parts = world.parts();
    parts.settings.folds = Some(world.folder.path().join("folds.db"));
    parts.settings.fold_events = 5;
    let node = commands::Commands::open(parts.clone()).await.unwrap();
    let item = registered(&node).await;
    for n in 0..12 {
        let asked = vec![GranteeRef::Account(account(&format!("b-{n}")))];
        node.share(&by("a-1"), &item, asked, share(Role::Viewer)).await.unwrap();
    }
    let file = world.folder.path().join("folds.db");
    let saved = || {
        let file = rusqlite::Connection::open(&file).unwrap();
        let count = "SELECT count(*) FROM folds WHERE stream = 'item/history/1' AND position > 5";
        file.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let before = node.load_item(&item).await.unwrap();
    while saved() == 0 {
        tokio::task::yield_now().await;
    }
    let bytes = std::fs::read(&file).unwrap();
    let wal = std::fs::read(world.folder.path().join("folds.db-wal")).unwrap_or_default();
    for bytes in [bytes, wal] {
        assert!(!String::from_utf8_lossy(&bytes).contains("RNA"), "texts are saved sealed");
    }
    let fresh = commands::Commands::open(parts).await.unwrap();
    assert_eq!(*fresh.load_item(&item).await.unwrap(), *before);
}
