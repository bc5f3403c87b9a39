//! How current answers are: own writes, positions that are named, read models that lag or are away.

use crate::world::{World, share};
use api::extract::PositionToken;
use domain::position::Position;
use serde_json::json;

#[tokio::test]
async fn a_caller_finds_what_it_wrote() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    for number in 0..20 {
        let name = format!("b-{number}");
        let shared = owner.post(&format!("{path}/grants"), share(&name, "viewer")).await;
        let list = owner.get(&format!("{path}/access?limit=200")).await;
        assert!(list.is(200).to_string().contains(&format!("\"{name}\"")), "{}", list.told());
        assert_eq!(list.body["position"], shared.body["position"]);
        assert_eq!(list.header("sharelog-position"), shared.header("sharelog-position"));
    }
}

#[tokio::test]
async fn lists_wait_for_the_position_named_and_no_longer_than_asked() {
    let world = World::with_views(false).await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let shared = owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    let after = owner.with("Sharelog-At-Least", shared.header("sharelog-position"));
    let impatient = after.with("Prefer", "wait=0");
    for list in ["/access", "/history"] {
        let answer = impatient.get(&format!("{path}{list}")).await;
        answer.problem(503, "not-yet-visible");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    }
    impatient.get("/v1/catalog").await.problem(503, "not-yet-visible");
    let mine = impatient.get("/v1/accounts/me/items?relation=owned").await;
    mine.problem(503, "not-yet-visible");
    impatient.get(&path).await.is(200);
    impatient.get(&format!("{path}/grants")).await.is(200);
    let unasked = owner.with("Prefer", "wait=0").get("/v1/catalog").await;
    assert_eq!(unasked.is(200)["position"], 0, "an answer always names its position");
}

#[tokio::test]
async fn a_position_that_nobody_was_ever_told_is_not_waited_for() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let shared = owner.post(&format!("{path}/grants"), share("b", "viewer")).await;
    let told = PositionToken::decode(shared.header("sharelog-position")).unwrap();
    let beyond = PositionToken { position: Position(told.position.0 + 1_000_000), ..told };
    let patient = owner.with("Sharelog-At-Least", &beyond.encode()).with("Prefer", "wait=30");
    let began = std::time::Instant::now();
    for list in ["/v1/catalog", &path, &format!("{path}/access"), &format!("{path}/grants")] {
        let answer = patient.get(list).await;
        answer.problem(503, "not-yet-visible");
    }
    let anybody = world.nobody().with("Sharelog-At-Least", &beyond.encode());
    let anybody = anybody.with("Prefer", "wait=30").get("/v1/catalog").await;
    anybody.problem(503, "not-yet-visible");
    let question = json!({"subject": {"type": "user", "id": "a-17"}, "action": {"name": "view"},
        "resource": {"type": "history", "id": "8f3a"}});
    let asked = patient.post("/access/v1/evaluation", question).await;
    asked.problem(503, "not-yet-visible");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_position_of_another_log_is_refused() {
    let (here, there) = (World::start().await, World::start().await);
    let path = here.register("8f3a", "a-17").await;
    let foreign = there.admin().put("/v1/accounts/a-1", json!({})).await;
    let owner = here.account("a-17").await;
    let asking = owner.with("Sharelog-At-Least", foreign.header("sharelog-position"));
    let head = here.head().await;
    asking.get(&format!("{path}/access")).await.problem(400, "foreign-position");
    asking.get(&path).await.problem(400, "foreign-position");
    asking.post(&format!("{path}/close"), json!({})).await.problem(400, "foreign-position");
    assert_eq!(here.head().await, head);
}

#[tokio::test]
async fn a_node_whose_clock_is_wrong_takes_no_commands() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let head = world.head().await;
    world.clock.advance_seconds(-3600);
    let owner = world.account("a-17").await;
    let refused = owner.post(&format!("{path}/close"), json!({})).await;
    refused.problem(503, "clock-skew");
    assert_eq!(world.head().await, head);
    owner.get(&path).await.is(200);
}
