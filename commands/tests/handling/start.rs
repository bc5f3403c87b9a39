//! The first start, later ones, and those that must be refused.

use crate::world::*;
use commands::{Commands, Settings, StartError, vault::ServerKey};
use domain::position::Position;

#[tokio::test]
async fn the_first_start_is_one_commit_at_position_1() {
    for world in World::embedded().await {
        let node = world.node().await;
        let first = world.log.read(Position(1)).await.unwrap().unwrap();
        let names: Vec<&str> = first.envelope.events.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names[..3], ["log.started", "rules.changed", "kinds.changed"]);
        assert_eq!(world.log.head().await.unwrap().position, Position(1));
        assert_eq!(world.log.identity().await.unwrap(), Some(node.log_id()));
        assert_eq!(node.system().kinds, kinds());
        // The next start finds nothing to do.
        world.node().await;
        assert_eq!(world.log.head().await.unwrap().position, Position(1));
    }
}

#[tokio::test]
async fn nodes_that_start_at_the_same_time_make_one_log() {
    for _ in 0..10 {
        let world = World::memory();
        let nodes = tokio::join!(world.node(), world.node(), world.node());
        let ids = [nodes.0.log_id(), nodes.1.log_id(), nodes.2.log_id()];
        assert!(ids.iter().all(|id| *id == ids[0]));
        assert_eq!(world.log.head().await.unwrap().position, Position(1));
    }
}

#[tokio::test]
async fn changed_kinds_are_recorded_at_the_next_start() {
    let world = World::memory();
    world.node().await;
    let mut parts = world.parts();
    let mut kinds = kinds();
    kinds.insert("dataset".parse().unwrap(), kinds.values().next().unwrap().clone());
    parts.settings.kinds = Some(kinds.clone());
    let node = Commands::open(parts).await.unwrap();
    assert_eq!(node.system().kinds, kinds);
    assert_eq!(world.log.head().await.unwrap().position, Position(2));
    // Without configured kinds those on the log hold.
    let mut parts = world.parts();
    parts.settings = Settings::default();
    let node = Commands::open(parts).await.unwrap();
    assert_eq!(node.system().kinds, kinds);
}

#[tokio::test]
async fn a_wrong_server_key_and_a_foreign_vault_are_refused() {
    let world = World::memory();
    world.node().await;
    let mut parts = world.parts();
    parts.server_key = ServerKey::from_bytes([8; 32]);
    assert!(Commands::open(parts).await.is_err());
    let mut parts = world.parts();
    parts.vault = std::sync::Arc::new(commands::vault::memory::MemoryVault::default());
    let refused = Commands::open(parts).await;
    assert!(matches!(refused, Err(StartError::KeyMissing(_))), "{refused:?}");
}

#[test]
fn a_key_file_is_made_once_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.key");
    ServerKey::load_or_create(&path).unwrap();
    let made = std::fs::read(&path).unwrap();
    ServerKey::load_or_create(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), made);
    std::fs::write(&path, "short").unwrap();
    ServerKey::load_or_create(&path).unwrap_err();
}
