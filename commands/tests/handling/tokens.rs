//! Access tokens: valid, revoked, ended, listed.

use crate::world::*;
use commands::{Caller, CommandError, NewToken, Request};
use domain::{event::CallerRole, position::Position, rejection::Rejection};

fn admin() -> Request {
    Request::new(Caller::system("command-line"))
}

fn new(label: &str) -> NewToken {
    NewToken {
        role: CallerRole::App,
        label: label.to_owned(),
        scopes: Vec::new(),
        account: None,
        ends_at: None,
    }
}

#[tokio::test]
async fn a_token_says_who_calls_until_it_is_revoked() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let (_, id, secret) = one.tokens.issue(&admin(), new("lab")).await.unwrap();
        let secret = secret.unwrap();
        assert!(secret.expose().starts_with("sl_"));
        for node in [&one, &two] {
            let identity =
                node.tokens.authenticate(secret.expose(), Position::START).await.unwrap().unwrap();
            assert_eq!((identity.id, identity.label.as_str()), (id, "lab"));
        }
        one.tokens.revoke(&admin(), id).await.unwrap();
        assert_eq!(one.tokens.authenticate(secret.expose(), Position::START).await.unwrap(), None);
        let revoked = world.log.head().await.unwrap().position;
        assert_eq!(
            two.tokens.authenticate(secret.expose(), revoked).await.unwrap(),
            None,
            "as named"
        );
        world.clock.advance_seconds(1);
        assert_eq!(two.tokens.authenticate(secret.expose(), Position::START).await.unwrap(), None);
    }
}

#[tokio::test]
async fn another_node_refuses_a_revoked_token_as_soon_as_it_sees_the_record() {
    let world = World::memory();
    let (one, two) = (world.node().await, world.node().await);
    let following = two.clone();
    let follower = tokio::spawn(async move { following.run_erasure_worker().await });
    let (_, id, secret) = one.tokens.issue(&admin(), new("lab")).await.unwrap();
    let secret = secret.unwrap();
    assert!(two.tokens.authenticate(secret.expose(), Position::START).await.unwrap().is_some());
    one.tokens.revoke(&admin(), id).await.unwrap();
    // The clock stands still: nothing but the record makes the node look again.
    let refused = async {
        while two.tokens.authenticate(secret.expose(), Position::START).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), refused).await.unwrap();
    follower.abort();
}

#[tokio::test]
async fn a_token_ends_by_the_clock() {
    let world = World::memory();
    let node = world.node().await;
    let ends_at = Some(world.now().plus_seconds(60));
    let token = NewToken { ends_at, ..new("lab") };
    let (_, _, secret) = node.tokens.issue(&admin(), token).await.unwrap();
    let secret = secret.unwrap();
    assert!(node.tokens.authenticate(secret.expose(), Position::START).await.unwrap().is_some());
    world.clock.advance_seconds(60);
    assert_eq!(node.tokens.authenticate(secret.expose(), Position::START).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_no_token_is_nobodys() {
    let world = World::memory();
    let node = world.node().await;
    let unknown = format!("sl_{}", "A".repeat(43));
    for bearer in ["", "sl_", "sl_x", "Bearer", &unknown] {
        assert_eq!(node.tokens.authenticate(bearer, Position::START).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_replayed_issue_shows_no_secret() {
    let world = World::memory();
    let node = world.node().await;
    let request = keyed(admin(), "k", "token lab");
    let (_, first, secret) = node.tokens.issue(&request, new("lab")).await.unwrap();
    assert!(secret.is_some());
    let (outcome, again, secret) = node.tokens.issue(&request, new("lab")).await.unwrap();
    assert!(outcome.replayed);
    assert_eq!((first, secret), (again, None));
}

#[tokio::test]
async fn only_administrators_make_tokens() {
    let world = World::memory();
    let node = world.node().await;
    for request in [app(), by("a-1"), Request::default()] {
        let refused = node.tokens.issue(&request, new("x")).await;
        assert!(
            matches!(refused, Err(CommandError::Rejected(Rejection::NotPermitted { .. }))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn the_first_admin_token_is_made_once() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let made = tokio::join!(one.tokens.issue_first(), two.tokens.issue_first());
        let made: Vec<_> = [made.0.unwrap(), made.1.unwrap()].into_iter().flatten().collect();
        assert_eq!(made.len(), 1);
        let identity =
            one.tokens.authenticate(made[0].expose(), Position::START).await.unwrap().unwrap();
        assert_eq!(identity.role, CallerRole::Admin);
        assert!(one.tokens.issue_first().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn tokens_are_listed_in_pages() {
    let world = World::memory();
    let node = world.node().await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(node.tokens.issue(&admin(), new(&format!("t{n}"))).await.unwrap().1);
    }
    let mut listed = Vec::new();
    loop {
        let page = node.tokens.list(listed.last().copied(), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page.into_iter().map(|(id, _)| id));
    }
    made.sort();
    listed.sort();
    assert_eq!(listed, made);
}
