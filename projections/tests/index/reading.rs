//! Every reader sees one consistent position while the writer goes on.

use crate::{
    oracle::{compare, opened},
    world::{PATIENCE, World},
};
use domain::{position::Position, testing::history};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_snapshot_equals_the_oracle_at_its_own_position_while_records_come() {
    let history = Arc::new(history(50, 100));
    let world = Arc::new(World::new());
    let index = opened(&world).await;
    index.wait_for(Position::START, PATIENCE).await.unwrap();
    let writer = tokio::spawn({
        let (history, world) = (history.clone(), world.clone());
        async move {
            for step in &history.steps {
                world.step(step).await;
                tokio::task::yield_now().await;
            }
        }
    });
    let readers = (0..2).map(|_| {
        let (history, index) = (history.clone(), index.clone());
        tokio::spawn(async move {
            let (mut last, mut seen) = (Position::START, 0);
            while last < history.head() {
                let snapshot = index.wait_for(last.next(), PATIENCE).await.unwrap();
                assert!(snapshot.position() > last);
                last = snapshot.position();
                // The snapshot stays as it is while the writer goes on.
                compare(&history, &snapshot);
                assert_eq!(snapshot.position(), last);
                seen += 1;
            }
            seen
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        assert!(reader.await.unwrap() > 0);
    }
    writer.await.unwrap();
    index.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_snapshot_is_not_changed_by_what_comes_later() {
    let history = history(51, 120);
    let world = World::new();
    let index = opened(&world).await;
    let mut kept = Vec::new();
    for step in &history.steps {
        world.step(step).await;
        if step.position.0 % 10 == 0 {
            kept.push(index.wait_for(step.position, PATIENCE).await.unwrap());
        }
    }
    index.wait_for(history.head(), PATIENCE).await.unwrap();
    for snapshot in kept {
        compare(&history, &snapshot);
    }
    index.close().await;
}
