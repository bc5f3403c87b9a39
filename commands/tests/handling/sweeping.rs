//! What has ended by the clock is recorded once, by any node.

use crate::{troubled::TroubledLog, world::*};
use commands::{
    CommandError, Commands, Dependencies, GranteeRef,
    vault::{DataKeyRow, Vault},
};
use domain::{
    event::{Event, ItemEvent, Restore},
    id::ItemRef,
    item::{ItemCommand, NewLink, Share},
    position::Position,
    role::{Role, Withheld},
    stream::StreamName,
};
use std::{sync::Arc, time::Duration};

/// A sweep, which must not take for ever.
async fn sweep(node: &Commands) -> Result<usize, CommandError> {
    tokio::time::timeout(Duration::from_secs(20), node.expire_due())
        .await
        .expect("it comes to an end")
}

/// Shares with an account until so many seconds from now.
async fn share_until(world: &World, node: &Commands, item: &ItemRef, with: &str, seconds: i64) {
    let ends_at = Some(world.now().plus_seconds(seconds));
    let asked = vec![GranteeRef::Account(account(with))];
    node.share(&app(), item, asked, Share { ends_at, ..share(Role::Viewer) }).await.unwrap();
}

/// Ends recorded on an item, one for each grant, in commits.
async fn recorded_ends(world: &World, item: &ItemRef) -> Vec<usize> {
    let stream = StreamName::Item(item.clone());
    let records = world.log.read_stream(&stream, Position::START).await.unwrap();
    let ends = records.iter().map(|record| {
        let events = record.events().unwrap();
        let ended = |event: &Event| matches!(event, Event::Item(ItemEvent::GrantEnded(_)));
        events.iter().filter(|recorded| ended(&recorded.event)).count()
    });
    ends.filter(|number| *number > 0).collect()
}

#[tokio::test]
async fn ended_grants_and_links_are_recorded_once_by_several_nodes() {
    for world in World::embedded().await {
        let nodes = [world.node().await, world.node().await];
        let item = registered(&nodes[0]).await;
        let ends_at = Some(world.now().plus_seconds(60));
        let asked = vec![GranteeRef::Account(account("a-2"))];
        let template = Share { ends_at, ..share(Role::Viewer) };
        nodes[0].share(&by("a-1"), &item, asked, template).await.unwrap();
        let template = NewLink { ends_at, ..link() };
        nodes[0].create_link(&by("a-1"), &item, template, None).await.unwrap();
        assert_eq!(nodes[0].expire_due().await.unwrap(), 0);
        world.clock.advance_seconds(60);
        let swept = tokio::join!(nodes[0].expire_due(), nodes[1].expire_due());
        assert_eq!(swept.0.unwrap() + swept.1.unwrap(), 1);
        let stream = StreamName::Item(item);
        let records = world.log.read_stream(&stream, Position::START).await.unwrap();
        let last = records.last().unwrap();
        assert_eq!(last.envelope.actor.system.as_deref(), Some("sweeper"));
        let ended = last.events().unwrap();
        assert!(ended.iter().all(|recorded| matches!(
            recorded.event,
            Event::Item(ItemEvent::GrantEnded(_) | ItemEvent::LinkExpired(_))
        )));
        assert_eq!(ended.len(), 2);
        assert_eq!(nodes[0].expire_due().await.unwrap(), 0);
    }
}

/// More than one record takes, with all that they can have, at the same instant.
pub(crate) async fn everything_due_is_recorded(world: &World, node: &Commands) {
    const CALLS: usize = 6;
    const GRANTEES: usize = 75;
    let item = registered(node).await;
    let template = Share {
        withhold: Withheld::ALL.to_vec(),
        starts_at: Some(world.now().plus_micros(1)),
        ends_at: Some(world.now().plus_seconds(1)),
        ..share(Role::Contributor)
    };
    for call in 0..CALLS {
        let name = |n| GranteeRef::Account(account(&format!("{:->128}", call * GRANTEES + n)));
        let asked = (0..GRANTEES).map(name).collect();
        node.share(&by("a-1"), &item, asked, template.clone()).await.unwrap();
    }
    assert_eq!(sweep(node).await.unwrap(), 0);
    world.clock.advance_seconds(1);
    assert_eq!(sweep(node).await.unwrap(), 1, "on one item");
    assert_eq!(recorded_ends(world, &item).await.iter().sum::<usize>(), CALLS * GRANTEES);
    assert!(node.load_item(&item).await.unwrap().grants.is_empty());
    assert_eq!(sweep(node).await.unwrap(), 0);
}

#[tokio::test]
async fn everything_that_ends_at_one_instant_is_recorded() {
    for world in World::embedded().await {
        let node = world.node().await;
        everything_due_is_recorded(&world, &node).await;
    }
}

/// Two items with a grant each that ends, and a node that cannot read the first one for now.
async fn with_an_unreadable_item(world: &World) -> (Commands, Commands, Arc<dyn Vault>) {
    let one = world.node().await;
    registered(&one).await;
    let readable = item("history:2");
    one.item(&app(), &readable, registration("a-3", "DNA")).await.unwrap();
    share_until(world, &one, &item("history:1"), "a-2", 59).await;
    share_until(world, &one, &readable, "a-2", 60).await;
    let vault = world.bare_vault().await;
    let key = world.vault.data_key_of("account/a-1").await.unwrap().unwrap();
    let wrapped = Some(b"damaged".to_vec());
    vault.add_data_key(DataKeyRow { wrapped, ..key }).await.unwrap();
    let two = Commands::open(Dependencies { vault: vault.clone(), ..world.parts() }).await.unwrap();
    (one, two, vault)
}

#[tokio::test]
async fn an_item_that_cannot_be_read_holds_up_no_other_and_is_tried_again() {
    for world in World::embedded().await {
        let (_one, two, vault) = with_an_unreadable_item(&world).await;
        let (unreadable, readable) = (item("history:1"), item("history:2"));
        world.clock.advance_seconds(60);
        let told = sweep(&two).await;
        assert!(matches!(told, Err(CommandError::VaultUnavailable(_))), "{told:?}");
        assert_eq!(recorded_ends(&world, &readable).await, [1]);
        // It is put off, for a longer time when it goes wrong again.
        for pause in [1, 2, 4] {
            assert_eq!(sweep(&two).await.unwrap(), 0);
            world.clock.advance_seconds(pause - 1);
            assert_eq!(sweep(&two).await.unwrap(), 0);
            world.clock.advance_seconds(1);
            sweep(&two).await.unwrap_err();
        }
        assert!(recorded_ends(&world, &unreadable).await.is_empty());
        // With the key destroyed its texts are gone, and it can be read.
        vault.forget_owner("account/a-1").await.unwrap();
        world.clock.advance_seconds(8);
        assert_eq!(sweep(&two).await.unwrap(), 1);
        assert_eq!(recorded_ends(&world, &unreadable).await, [1]);
    }
}

#[tokio::test]
async fn what_follows_a_reopened_item_that_cannot_be_read_is_learned() {
    for world in World::embedded().await {
        let (one, two, vault) = with_an_unreadable_item(&world).await;
        let (reopened, other) = (item("history:1"), item("history:2"));
        one.item(&by("a-1"), &reopened, ItemCommand::Close).await.unwrap();
        assert_eq!(sweep(&two).await.unwrap(), 0);
        one.item(&by("a-1"), &reopened, ItemCommand::Reopen(Restore::All)).await.unwrap();
        share_until(&world, &one, &other, "a-4", 10).await;
        sweep(&two).await.unwrap_err();
        world.clock.advance_seconds(10);
        sweep(&two).await.unwrap_err();
        assert_eq!(recorded_ends(&world, &other).await, [1]);
        vault.forget_owner("account/a-1").await.unwrap();
        world.clock.advance_seconds(50);
        assert_eq!(sweep(&two).await.unwrap(), 2);
        assert_eq!(recorded_ends(&world, &reopened).await, [1]);
        assert_eq!(recorded_ends(&world, &other).await, [1, 1]);
    }
}

#[tokio::test]
async fn a_sweep_that_is_dropped_half_way_forgets_nothing() {
    for world in World::embedded().await {
        let one = world.node().await;
        let (reopened, other) = (registered(&one).await, item("history:2"));
        one.item(&app(), &other, registration("a-3", "DNA")).await.unwrap();
        share_until(&world, &one, &reopened, "a-2", 60).await;
        one.item(&by("a-1"), &reopened, ItemCommand::Close).await.unwrap();
        let log = Arc::new(TroubledLog::new(world.log.clone()));
        let two = Commands::open(Dependencies { log: log.clone(), ..world.parts() }).await.unwrap();
        assert_eq!(sweep(&two).await.unwrap(), 0);
        one.item(&by("a-1"), &reopened, ItemCommand::Reopen(Restore::All)).await.unwrap();
        share_until(&world, &one, &other, "a-4", 60).await;
        log.set_hanging(true);
        let dropped = tokio::time::timeout(Duration::from_millis(200), two.expire_due()).await;
        assert!(dropped.is_err(), "{dropped:?}");
        log.set_hanging(false);
        world.clock.advance_seconds(60);
        assert_eq!(sweep(&two).await.unwrap(), 2);
        assert_eq!(recorded_ends(&world, &reopened).await, [1]);
        assert_eq!(recorded_ends(&world, &other).await, [1]);
    }
}
