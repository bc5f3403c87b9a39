//! What has ended by the clock is recorded once, whoever notices.

use crate::world::*;
use commands::AskedGrantee;
use domain::{
    event::{Event, ItemEvent},
    item::{NewLink, Share},
    position::Position,
    role::Role,
};

#[tokio::test]
async fn ended_grants_and_links_are_recorded_once_by_several_nodes() {
    for world in World::embedded().await {
        let nodes = [world.node().await, world.node().await];
        let item = registered(&nodes[0]).await;
        let ends_at = Some(world.now().plus_seconds(60));
        let asked = vec![AskedGrantee::Account(account("a-2"))];
        let template = Share { ends_at, ..share(Role::Viewer) };
        nodes[0].share(&by("a-1"), &item, asked, template).await.unwrap();
        let template = NewLink { ends_at, ..link() };
        nodes[0].create_link(&by("a-1"), &item, template, None).await.unwrap();
        assert_eq!(nodes[0].sweep().await.unwrap(), 0);
        world.clock.advance_seconds(60);
        let swept = tokio::join!(nodes[0].sweep(), nodes[1].sweep());
        assert_eq!(swept.0.unwrap() + swept.1.unwrap(), 1);
        let stream = domain::stream::StreamName::Item(item);
        let records = world.log.read_stream(&stream, Position::START).await.unwrap();
        let last = records.last().unwrap();
        assert_eq!(last.envelope.actor.system.as_deref(), Some("sweeper"));
        let ended = last.events().unwrap();
        assert!(ended.iter().all(|recorded| matches!(
            recorded.event,
            Event::Item(ItemEvent::GrantEnded(_) | ItemEvent::LinkExpired(_))
        )));
        assert_eq!(ended.len(), 2);
        assert_eq!(nodes[0].sweep().await.unwrap(), 0);
    }
}
