//! How are read models rebuilt while everything goes on, and what must be true of the answers
//! meanwhile?

use crate::{
    Answer, Client, World,
    load::Load,
    reading,
    wait::until,
    world::{item, share},
};
use serde_json::{Value, json};
use std::time::Duration;

/// The projections.
pub const NAMES: [&str; 3] = ["access", "catalog", "audit"];
/// How long a build may take here.
const PATIENCE: Duration = Duration::from_mins(2);

/// Asks for something about every projection.
pub async fn ask(admin: &Client, action: &str) {
    for name in NAMES {
        let answer = admin.post(&format!("/v1/projections/{name}/{action}"), json!({})).await;
        assert!(answer.status.is_success(), "{}", answer.told());
    }
}

/// The last build of every projection, if that is answered.
async fn builds(admin: &Client) -> Option<Vec<Value>> {
    let answer = admin.get("/v1/projections").attempt().await.ok()?;
    let rows = answer.status.is_success().then(|| answer.list("/data"))?;
    let builds: Vec<Value> = rows.iter().map(|row| row["build"].clone()).collect();
    (!builds.is_empty()).then_some(builds)
}

fn has_ended(build: &Value) -> bool {
    build["ended_at"].is_string()
}

fn is_under_way(build: &Value) -> bool {
    build["started_at"].is_string() && !has_ended(build)
}

/// Waits until the last build of every projection has ended; answers them.
pub async fn ended(admin: &Client) -> Vec<Value> {
    until("every build has ended", PATIENCE, || async {
        builds(admin).await.filter(|builds| builds.iter().all(has_ended))
    })
    .await
}

/// Has everything rebuilt, and answers as soon as a build is under way: those that are.
pub async fn under_way(admin: &Client) -> Vec<Value> {
    let caught = async {
        loop {
            ask(admin, "rebuild").await;
            // All may be over before they are looked at; then others are asked for.
            while let Some(mut builds) = builds(admin).await {
                if builds.iter().all(has_ended) {
                    break;
                }
                builds.retain(is_under_way);
                if !builds.is_empty() {
                    return builds;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, caught).await.expect("a build that is under way")
}

/// Was one of these builds broken off and taken up again since?
pub fn was_taken_up_again(before: &[Value], after: &[Value]) -> bool {
    before.iter().any(|build| {
        let same = |other: &&Value| {
            other["generation"] == build["generation"]
                && other["purpose"] == build["purpose"]
                && other["requested_at"] == build["requested_at"]
        };
        let now = after.iter().find(same);
        now.is_some_and(|now| now["started_at"] != build["started_at"])
    })
}

/// Every build ended well, and what was read was what follows from the log.
pub fn assert_equal(builds: &[Value]) {
    for build in builds {
        assert_eq!(build["state"], "done", "{build}");
        assert_eq!(build["comparison"]["equal"], true, "{build}");
    }
}

/// Shares and unshares, and after each asks who has access: the answer must include it at once.
/// Ends after so many rounds at least, and when `enough` says so; answers how many there were.
pub async fn no_wrong_answer(owner: &Client, admin: &Client, enough: impl Fn() -> bool) -> u64 {
    let path = item("history", "watched");
    owner.put(&path, crate::world::registration("a-17", "Watched")).await.is(201);
    let mut rounds = 0;
    while rounds < 5 || !enough() {
        let given = owner.post(&format!("{path}/grants"), share("w-1", "viewer")).await;
        assert!(named(admin, &given, &path).await, "given is seen, round {rounds}");
        let ended = owner.delete(&format!("{path}/grants/account/w-1")).await;
        assert!(!named(admin, &ended, &path).await, "ended is seen, round {rounds}");
        rounds += 1;
    }
    rounds
}

/// Does the access list that includes a command name the account?
async fn named(admin: &Client, command: &Answer, path: &str) -> bool {
    command.ok();
    let list = admin.after(command).get(&format!("{path}/access")).await;
    list.is(200);
    assert!(list.number("/position") >= command.number("/position"), "{}", list.told());
    list.list("/data").iter().any(|row| row.to_string().contains("w-1"))
}

/// Rebuilds everything several times while commands run and lists are read.
pub async fn while_commands_run(world: &mut World, times: u32) {
    reading::prepare(world).await;
    let (owner, admin) = (world.account("a-17").await, world.admin());
    let load = Load::new(vec![owner.clone()]);
    let workers = load.start(3, 11);
    let over = std::sync::atomic::AtomicBool::new(false);
    let rebuilding = async {
        for _ in 0..times {
            ask(&admin, "rebuild").await;
            assert_equal(&ended(&admin).await);
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let enough = || over.load(std::sync::atomic::Ordering::Relaxed);
    let ((), rounds) = tokio::join!(rebuilding, no_wrong_answer(&owner, &admin, enough));
    load.stop();
    for worker in workers {
        worker.await.expect("a worker");
    }
    println!("{rounds} rounds of asking, {} commands beside", load.acknowledged());
    for row in admin.get("/v1/projections").await.list("/data") {
        assert_eq!(row["generation"], times, "{row}");
        assert_eq!(row["state"], "running", "{row}");
    }
}
