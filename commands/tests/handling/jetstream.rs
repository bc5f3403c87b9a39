//! The same promises on JetStream: two nodes, one server.

use crate::{server::Server, world::*};
use commands::{GranteeRef, OpenError, Request, Status};
use domain::{
    item::{ItemCommand, NewLink},
    rejection::ShareResult,
    role::Role,
};
use eventlog::{
    KeyIndex, SharedLog,
    jetstream::{JetStreamKeyIndex, JetStreamLog, JetStreamOptions},
};
use std::sync::Arc;

/// Two nodes with a key index each, and what keeps them alive.
async fn two_nodes(server: &Server) -> (World, [commands::Commands; 2]) {
    let mut nodes = Vec::new();
    let mut shared: Option<World> = None;
    for n in 0..2 {
        let options = JetStreamOptions { urls: vec![server.url()], ..JetStreamOptions::default() };
        let log = JetStreamLog::connect(options).await.unwrap();
        let folder = shared.as_ref().map(|world| world.folder.path().to_owned());
        let fresh = tempfile::tempdir().unwrap();
        let folder = folder.unwrap_or_else(|| fresh.path().to_owned());
        let path = folder.join(format!("keys-{n}.db"));
        let keys = JetStreamKeyIndex::open(&log, &path).await.unwrap();
        let keys: Arc<dyn KeyIndex> = Arc::new(keys);
        let log: SharedLog = Arc::new(log);
        let world = shared.get_or_insert_with(|| World {
            folder: fresh,
            clock: Arc::new(commands::ManualClock::at(machine_time())),
            ..World::over(log.clone(), keys.clone())
        });
        let parts = commands::Dependencies { log, keys, ..world.parts() };
        nodes.push(commands::Commands::open(parts).await.unwrap());
    }
    (shared.unwrap(), nodes.try_into().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "the server compares it with its own clock")]
fn machine_time() -> domain::time::Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    domain::time::Time::default().plus_micros(i64::try_from(since.as_micros()).unwrap())
}

#[tokio::test]
async fn stale_nodes_answer_on_the_current_version() {
    let server = Server::start(false);
    let (_world, [one, two]) = two_nodes(&server).await;
    let item = registered(&one).await;
    let public = ItemCommand::SetVisibility(domain::event::Visibility::Public);
    let closed = ItemCommand::SetVisibility(domain::event::Visibility::Restricted);
    one.item(&by("a-1"), &item, public.clone()).await.unwrap();
    two.item(&by("a-1"), &item, closed).await.unwrap();
    let outcome = one.item(&by("a-1"), &item, public.clone()).await.unwrap();
    assert_eq!(outcome.status, Status::Recorded);
    let again = two.item(&by("a-1"), &item, public).await.unwrap();
    assert_eq!(again.status, Status::Unchanged);
}

#[tokio::test]
async fn shared_keys_have_one_effect_each_and_replays_answer_the_same() {
    let server = Server::start(false);
    let (world, nodes) = two_nodes(&server).await;
    let item = registered(&nodes[0]).await;
    for round in 0..10 {
        let before = world.log.head().await.unwrap().position;
        let mut all = tokio::task::JoinSet::new();
        for n in 0..6 {
            let (node, item) = (nodes[n % 2].clone(), item.clone());
            all.spawn(async move {
                let request =
                    Request { before: true, ..keyed(by("a-1"), &format!("k-{round}"), "share") };
                let asked = vec![GranteeRef::Account(account(&format!("c-{round}")))];
                node.share(&request, &item, asked, share(Role::Viewer)).await.unwrap()
            });
        }
        let answers = all.join_all().await;
        assert_eq!(world.log.head().await.unwrap().position.0, before.0 + 1, "round {round}");
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
        let first = answers.iter().find(|answer| !answer.replayed).unwrap();
        for answer in &answers {
            assert_eq!((answer.command, answer.position), (first.command, first.position));
            assert_eq!(answer.events, first.events);
            assert_eq!(answer.results, first.results);
            assert_eq!(answer.after, first.after);
            assert_eq!(answer.before, first.before);
        }
    }
}

#[tokio::test]
async fn commands_of_two_nodes_on_one_item_are_all_carried_out() {
    let server = Server::start(false);
    let (_world, nodes) = two_nodes(&server).await;
    let item = registered(&nodes[0]).await;
    let mut all = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (node, item) = (nodes[n % 2].clone(), item.clone());
        all.spawn(async move {
            let asked = vec![GranteeRef::Account(account(&format!("b-{n}")))];
            loop {
                let asked = asked.clone();
                match node.share(&by("a-1"), &item, asked, share(Role::Viewer)).await {
                    Ok(shared) => {
                        assert!(matches!(shared.results[..], [ShareResult::Granted { .. }]));
                        return;
                    }
                    Err(commands::CommandError::Contended) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    all.join_all().await;
    for node in &nodes {
        assert_eq!(node.load_item(&item).await.unwrap().grants.len(), 20);
    }
}

#[tokio::test]
async fn a_limited_link_opens_exactly_so_often_on_two_nodes() {
    let server = Server::start(false);
    let (_world, nodes) = two_nodes(&server).await;
    let item = registered(&nodes[0]).await;
    let limited = NewLink { max_visits: Some(5), ..link() };
    let made = nodes[0].create_link(&by("a-1"), &item, limited, None).await.unwrap();
    let token = token_of(&nodes[0], &made.after);
    let mut all = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (node, token) = (nodes[n % 2].clone(), token.clone());
        all.spawn(async move {
            loop {
                match node.open_link(&app().caller, &token, None).await {
                    Ok(_) => return 1,
                    Err(OpenError::NotFound) => return 0,
                    Err(OpenError::Command(commands::CommandError::Contended)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    assert_eq!(all.join_all().await.into_iter().sum::<u32>(), 5);
}

#[tokio::test]
async fn each_node_forgets_what_another_one_erased_in_the_vault() {
    let server = Server::start(false);
    let (_world, [one, two]) = two_nodes(&server).await;
    crate::erasure::what_another_node_erased_is_forgotten(&one, &two).await;
}

#[tokio::test]
async fn everything_that_ends_at_one_instant_is_recorded() {
    let server = Server::start(false);
    let (world, [node, _]) = two_nodes(&server).await;
    crate::sweeping::everything_due_is_recorded(&world, &node).await;
}
