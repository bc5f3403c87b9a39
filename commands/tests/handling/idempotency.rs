//! One key, one effect: on one node, on two, after a lost acknowledgement.

use crate::world::*;
use commands::{CommandError, GranteeRef, Request, Status};
use domain::{item::ItemCommand, role::Role};

#[tokio::test]
async fn a_replay_answers_what_the_first_answered() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let item = registered(&one).await;
        let request = Request { before: true, ..keyed(by("a-1"), "k-1", "share a-2") };
        let asked = vec![GranteeRef::Account(account("a-2"))];
        let first = one.share(&request, &item, asked.clone(), share(Role::Viewer)).await.unwrap();
        one.item(&by("a-1"), &item, ItemCommand::Close).await.unwrap();
        for node in [&one, &two] {
            let again =
                node.share(&request, &item, asked.clone(), share(Role::Viewer)).await.unwrap();
            assert!(again.replayed);
            assert_eq!(again.status, Status::Recorded);
            assert_eq!(again.command, first.command);
            assert_eq!((again.position, again.at), (first.position, first.at));
            assert_eq!(again.events, first.events);
            assert_eq!(again.results, first.results);
            assert_eq!(again.before, first.before);
            assert_eq!(again.after, first.after);
        }
    }
}

#[tokio::test]
async fn a_key_is_not_good_for_another_request() {
    for world in World::embedded().await {
        let node = world.node().await;
        let item = registered(&node).await;
        node.item(&keyed(by("a-1"), "k", "close"), &item, ItemCommand::Close).await.unwrap();
        let other = keyed(by("a-1"), "k", "retire");
        let error = node.item(&other, &item, ItemCommand::Retire).await;
        assert!(matches!(error, Err(CommandError::KeyReused)), "{error:?}");
        // Somebody else's key of the same name is another key.
        let request = keyed(app(), "k", "retire");
        node.item(&request, &item, ItemCommand::Retire).await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_uses_no_key() {
    let world = World::memory();
    let node = world.node().await;
    let item = registered(&node).await;
    let request = keyed(by("a-2"), "k", "close");
    node.item(&request, &item, ItemCommand::Close).await.unwrap_err();
    let asked = vec![GranteeRef::Account(account("a-2"))];
    node.share(&by("a-1"), &item, asked, share(Role::Viewer)).await.unwrap();
    let error = node.item(&request, &item, ItemCommand::Close).await;
    assert!(!matches!(error, Err(CommandError::KeyReused)), "{error:?}");
}

#[tokio::test]
async fn the_same_key_at_the_same_time_on_two_nodes_has_one_effect() {
    for world in World::embedded().await {
        let nodes = [world.node().await, world.node().await];
        let item = registered(&nodes[0]).await;
        for round in 0..10 {
            let before = world.log.head().await.unwrap().position;
            let mut all = tokio::task::JoinSet::new();
            for n in 0..6 {
                let (node, item) = (nodes[n % 2].clone(), item.clone());
                all.spawn(async move {
                    let request = keyed(by("a-1"), &format!("k-{round}"), "share");
                    let asked = vec![GranteeRef::Account(account(&format!("c-{round}")))];
                    node.share(&request, &item, asked, share(Role::Viewer)).await.unwrap()
                });
            }
            let mut answers = Vec::new();
            while let Some(done) = all.join_next().await {
                answers.push(done.unwrap());
            }
            let after = world.log.head().await.unwrap().position;
            assert_eq!(after.0, before.0 + 1, "round {round}");
            assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
            assert!(answers.iter().all(|answer| answer.command == answers[0].command));
        }
    }
}
