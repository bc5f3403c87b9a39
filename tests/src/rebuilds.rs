//! Rebuilds read models while everything goes on, and checks the answers meanwhile.

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
const WAIT_TIMEOUT: Duration = Duration::from_mins(2);

/// Asks for something about every projection.
pub async fn ask(admin: &Client, action: &str) {
    for name in NAMES {
        let answer = admin.post(&format!("/v1/projections/{name}/{action}"), json!({})).await;
        assert!(answer.status.is_success(), "{}", answer.dump());
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
    until("every build has ended", WAIT_TIMEOUT, || async {
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
    tokio::time::timeout(WAIT_TIMEOUT, caught).await.expect("a build that is under way")
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

/// Shares and unshares, publishes and withdraws, and after each asks who has access, what the
/// catalog holds and what happened last: the answers must include it at once. Ends after so many
/// rounds at least, and when `enough` says so; answers how many there were.
pub async fn no_wrong_answer(owner: &Client, admin: &Client, enough: impl Fn() -> bool) -> u64 {
    let path = item("history", "watched");
    owner.put(&path, crate::world::registration("a-17", "Watched")).await.is(201);
    let publication = format!("{path}/publication");
    let mut rounds = 0;
    while rounds < 5 || !enough() {
        let given = owner.post(&format!("{path}/grants"), share("w-1", "viewer")).await;
        assert!(named(admin, &given, &path).await, "given is seen, round {rounds}");
        assert_told(admin, &given, "grant.given").await;
        let title = format!("Watched {rounds}");
        let listed = owner.put(&publication, json!({"audience": "anyone", "title": title})).await;
        assert_eq!(title_of(admin, &listed).await, json!(title), "published is seen");
        assert_told(admin, &listed, "publication.published").await;
        let ended = owner.delete(&format!("{path}/grants/account/w-1")).await;
        assert!(!named(admin, &ended, &path).await, "ended is seen, round {rounds}");
        assert_told(admin, &ended, "grant.ended").await;
        let withdrawn = owner.delete(&publication).await;
        assert_eq!(title_of(admin, &withdrawn).await, Value::Null, "withdrawn is seen");
        assert_told(admin, &withdrawn, "publication.withdrawn").await;
        rounds += 1;
    }
    rounds
}

/// Does the access list that includes a command name the account?
async fn named(admin: &Client, command: &Answer, path: &str) -> bool {
    let list = including(admin, command, &format!("{path}/access")).await;
    list.list("/data").iter().any(|row| row.to_string().contains("w-1"))
}

/// The title of the watched item in the catalog that includes a command; null = it is not there.
async fn title_of(admin: &Client, command: &Answer) -> Value {
    let catalog = including(admin, command, "/v1/catalog?q=watched&limit=200").await;
    let rows = catalog.list("/data");
    let watched = rows.iter().find(|row| row["id"] == "watched");
    watched.map_or(Value::Null, |row| row["title"].clone())
}

/// The audit trail that includes a command reports all of it.
async fn assert_told(admin: &Client, command: &Answer, name: &str) {
    let position = command.number("/position");
    let path = format!("/v1/audit/events?item=history:watched&from_position={position}");
    let trail = including(admin, command, &path).await;
    let rows = trail.list("/data");
    let of_it = rows.iter().filter(|row| row["position"] == position);
    assert!(of_it.into_iter().any(|row| row["type"] == name), "{name}: {}", trail.dump());
}

/// An answer that includes a command.
async fn including(admin: &Client, command: &Answer, path: &str) -> Answer {
    command.ok();
    let answer = admin.after(command).get(path).await;
    answer.is(200);
    assert!(answer.number("/position") >= command.number("/position"), "{}", answer.dump());
    answer
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
