//! Answers when a part of the service fails or is uncertain, and what the log has then.

use crate::{
    rig::{DRIVER, Rig, Trouble},
    world::{Answer, Client, World, share},
};
use api::extract::PositionToken;
use domain::position::Position;
use projections::ViewError;
use serde_json::json;

/// A registered item, its owner, and the head of the log.
struct Case {
    world: World,
    path: String,
    owner: Client,
    head: u64,
}

impl Case {
    async fn new(world: World) -> Self {
        let path = world.register("8f3a", "a-17").await;
        let owner = world.account("a-17").await;
        let head = world.head().await;
        Self { world, path, owner, head }
    }

    fn at(&self, part: &str) -> String {
        format!("{}{part}", self.path)
    }

    async fn appended(&self, records: u64) {
        assert_eq!(self.world.head().await, self.head + records, "so much was appended");
    }
}

/// The problem, said without the words of a driver.
#[track_caller]
fn refused(answer: &Answer, status: u16, name: &str) {
    answer.problem(status, name);
    for words in [DRIVER, "hunter2", "os error", "as a test asked", "panicked"] {
        assert!(!answer.text.contains(words), "{words}: {}", answer.told());
    }
}

/// The same, with a time to wait.
#[track_caller]
fn refused_for_now(answer: &Answer, status: u16, name: &str) {
    refused(answer, status, name);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0, "{}", answer.told());
}

/// One command of each shape: what is sent, to which part of the item.
async fn commands(case: &Case, caller: &Client) -> Vec<Answer> {
    vec![
        caller.patch(&case.path, json!({"title": "Mine"})).await,
        caller.post(&case.at("/grants"), share("a-22", "viewer")).await,
        caller.delete(&case.at("/grants/account/a-21")).await,
        caller.post(&case.at("/links"), json!({"role": "viewer", "password": "a secret"})).await,
        caller.put(&case.at("/visibility"), json!({"visibility": "public"})).await,
        caller.put(&case.at("/publication"), json!({"audience": "anyone"})).await,
        caller.post(&case.at("/close"), json!({})).await,
        case.world.app().await.put("/v1/accounts/a-1", json!({"name": "A"})).await,
    ]
}

#[tokio::test]
async fn a_wrong_clock_stops_every_command_and_no_reader() {
    let case = Case::new(World::start().await).await;
    let back = case.world.clock.clone();
    back.advance_seconds(-60);
    for answer in commands(&case, &case.owner).await {
        refused_for_now(&answer, 503, "clock-skew");
    }
    let token = json!({"role": "app", "label": "lab"});
    refused_for_now(&case.world.admin().post("/v1/tokens", token).await, 503, "clock-skew");
    case.owner.get(&case.path).await.is(200);
    case.owner.get(&case.at("/access")).await.is(200);
    case.appended(0).await;
    back.advance_seconds(60);
    case.owner.post(&case.at("/close"), json!({})).await.is(200);
    case.appended(1).await;
}

#[tokio::test]
async fn who_loses_every_race_is_told_so_and_has_recorded_nothing() {
    let case = Case::new(World::start().await).await;
    let rival = case.world.elsewhere(&case.owner).await;
    case.world.rig.set(Rig::Rival(rival.clone(), case.path.clone()));
    let mine = case.owner.key("mine");
    let title = json!({"title": "Mine"});
    let lost = mine.patch(&case.path, title.clone()).await;
    refused_for_now(&lost, 409, "contended");
    let races = case.world.rig.appends();
    assert!(races > 1, "it was tried again");
    case.appended(races).await;
    let stands = rival.get(&case.path).await;
    assert_eq!(stands.is(200)["title"], format!("rival {}", races - 1));
    case.world.rig.set(Rig::None);
    let now = mine.patch(&case.path, title).await;
    assert_eq!(now.is(200)["status"], "recorded");
    assert_eq!(now.header("idempotency-replayed"), "", "the key was not used up");
    assert_eq!(now.body["item"]["title"], "Mine");
    case.appended(races + 1).await;
}

#[tokio::test]
async fn one_lost_race_is_decided_again_unnoticed() {
    let case = Case::new(World::start().await).await;
    let rival = case.world.elsewhere(&case.owner).await;
    rival.patch(&case.path, json!({"title": "Theirs"})).await.is(200);
    let shared = case.owner.post(&case.at("/grants"), share("a-22", "viewer")).await;
    assert_eq!(shared.is(200)["status"], "recorded");
    case.appended(2).await;
}

#[tokio::test]
async fn what_was_perhaps_not_stored_is_done_once_with_the_same_key() {
    let case = Case::new(World::hasty().await).await;
    let (grants, keyed) = (case.at("/grants"), case.owner.key("once"));
    case.world.rig.set(Rig::Swallow);
    let doubtful = keyed.post(&grants, share("a-22", "viewer")).await;
    refused_for_now(&doubtful, 503, "outcome-unknown");
    assert!(doubtful.body["command"].is_string(), "{}", doubtful.told());
    case.appended(0).await;
    case.world.rig.set(Rig::None);
    let again = keyed.post(&grants, share("a-22", "viewer")).await;
    assert_eq!(again.is(200)["status"], "recorded");
    assert_eq!(again.header("idempotency-replayed"), "");
    case.appended(1).await;
    let third = keyed.post(&grants, share("a-22", "viewer")).await;
    assert_eq!(third.is(200), &again.body);
    assert_eq!(third.header("idempotency-replayed"), "true");
    case.appended(1).await;
}

#[tokio::test]
async fn what_was_stored_without_a_word_is_replayed_with_the_same_key() {
    let case = Case::new(World::hasty().await).await;
    let (grants, keyed) = (case.at("/grants"), case.owner.key("once"));
    case.world.rig.set(Rig::CutOff);
    let doubtful = keyed.post(&grants, share("a-22", "viewer")).await;
    refused_for_now(&doubtful, 503, "outcome-unknown");
    case.appended(1).await;
    case.world.rig.set(Rig::None);
    case.world.faults.set_down(false);
    let again = keyed.post(&grants, share("a-22", "viewer")).await;
    assert_eq!(again.is(200)["command"], doubtful.body["command"]);
    assert_eq!(again.body["results"][0]["result"], "granted");
    assert_eq!(again.header("idempotency-replayed"), "true");
    case.appended(1).await;
}

#[tokio::test]
async fn a_recorded_command_whose_answer_cannot_be_read_is_not_said_to_be_unrecorded() {
    let case = Case::new(World::hasty().await).await;
    let links = case.at("/links");
    let limited = json!({"role": "viewer", "max_visits": 5});
    let link = case.owner.post(&links, limited).await.is(201)["link"]["id"].clone();
    let link = format!("{links}/{}", link.as_str().unwrap());
    let keyed = case.owner.key("once");
    case.world.rig.set(Rig::ThenDown);
    let doubtful = keyed.patch(&link, json!({"label": "reviewers"})).await;
    refused_for_now(&doubtful, 503, "outcome-unknown");
    case.appended(2).await;
    case.world.rig.set(Rig::None);
    case.world.faults.set_down(false);
    let again = keyed.patch(&link, json!({"label": "reviewers"})).await;
    assert_eq!(again.is(200)["command"], doubtful.body["command"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
    case.appended(2).await;
}

#[tokio::test]
async fn a_log_that_is_away_stops_commands_and_leaves_lists() {
    let case = Case::new(World::start().await).await;
    case.owner.get(&case.at("/access")).await.is(200);
    case.world.faults.set_down(true);
    for answer in commands(&case, &case.owner).await {
        refused_for_now(&answer, 503, "log-unavailable");
    }
    refused_for_now(&case.owner.get(&case.path).await, 503, "log-unavailable");
    case.owner.get("/v1/catalog").await.is(200);
    case.appended(0).await;
}

#[tokio::test]
async fn a_command_is_not_decided_on_less_than_the_caller_has_seen() {
    let case = Case::new(World::start().await).await;
    let seen = case.owner.patch(&case.path, json!({"title": "Seen"})).await;
    let token = PositionToken::decode(seen.header("sharelog-position")).unwrap();
    let ahead = PositionToken { position: Position(token.position.0 + 1_000), ..token }.encode();
    let asking = case.owner.with("Sharelog-At-Least", &ahead).with("Prefer", "wait=0");
    for answer in commands(&case, &asking).await.iter().take(7) {
        refused_for_now(answer, 503, "not-yet-visible");
    }
    for list in ["", "/grants", "/links", "/access", "/history", "/sharing"] {
        refused_for_now(&asking.get(&case.at(list)).await, 503, "not-yet-visible");
    }
    for list in ["/v1/catalog", "/v1/accounts/me/items?relation=owned"] {
        refused_for_now(&asking.get(list).await, 503, "not-yet-visible");
    }
    assert_eq!(case.world.head().await, token.position.0 + 1, "the account alone was recorded");
}

#[tokio::test]
async fn lists_fail_with_their_read_models_and_commands_go_on() {
    let case = Case::new(World::start().await).await;
    let stopped = ViewError::Stopped {
        projection: "access".to_owned(),
        position: Position(3),
        why: DRIVER.to_owned(),
    };
    for error in [ViewError::Unavailable(DRIVER.to_owned()), stopped] {
        case.world.views.set(Some(Trouble::Error(error)));
        for list in ["/access", "/history"] {
            refused_for_now(&case.owner.get(&case.at(list)).await, 503, "views-unavailable");
        }
        for list in ["/v1/catalog", "/v1/accounts/me/items?relation=owned"] {
            refused_for_now(&case.owner.get(list).await, 503, "views-unavailable");
        }
        let status = case.world.admin().get("/v1/projections").await;
        refused_for_now(&status, 503, "views-unavailable");
        case.owner.get(&case.path).await.is(200);
        case.owner.get(&case.at("/grants")).await.is(200);
    }
    case.appended(0).await;
    for answer in commands(&case, &case.owner).await {
        assert!(answer.status.is_success(), "{}", answer.told());
    }
    case.world.views.set(None);
    case.owner.get(&case.at("/history")).await.is(200);
}

#[tokio::test]
async fn a_defect_is_owned_without_its_words_and_leaves_nothing_locked() {
    let case = Case::new(World::start().await).await;
    let (grants, keyed) = (case.at("/grants"), case.owner.key("once"));
    case.world.rig.set(Rig::Panic);
    let failed = keyed.post(&grants, share("a-22", "viewer")).await;
    refused(&failed, 500, "internal");
    assert!(!failed.header("x-request-id").is_empty(), "it can be found in the log");
    case.appended(0).await;
    case.world.rig.set(Rig::None);
    assert_eq!(keyed.post(&grants, share("a-22", "viewer")).await.is(200)["status"], "recorded");
    case.appended(1).await;
    case.world.views.set(Some(Trouble::Panic));
    refused(&case.owner.get("/v1/catalog").await, 500, "internal");
    case.world.views.set(None);
    case.owner.get("/v1/catalog").await.is(200);
    case.appended(1).await;
}

#[tokio::test]
async fn a_use_of_a_link_is_not_given_out_while_it_cannot_be_counted() {
    let mut case = Case::new(World::hasty().await).await;
    let limited = json!({"role": "viewer", "max_visits": 1});
    let link = case.owner.post(&case.at("/links"), limited).await.is(201)["link"].clone();
    case.head = case.world.head().await;
    let visitor = case.world.visitor().await;
    let open = async || visitor.post("/v1/links/open", json!({"token": link["token"]})).await;
    case.world.clock.advance_seconds(-60);
    refused_for_now(&open().await, 503, "clock-skew");
    case.world.clock.advance_seconds(60);
    case.world.faults.set_down(true);
    refused_for_now(&open().await, 503, "log-unavailable");
    case.world.faults.set_down(false);
    case.world.rig.set(Rig::Swallow);
    refused_for_now(&open().await, 503, "outcome-unknown");
    case.appended(0).await;
    case.world.rig.set(Rig::None);
    open().await.is(200);
    case.appended(1).await;
    refused(&open().await, 404, "not-found");
    case.appended(1).await;
}
