//! The AuthZEN API: what the text requires, and what it leaves to us.

mod asking;
mod finding;
mod protocol;
mod shapes;

use crate::world::{Answer, Client, World, share};
use serde_json::{Value, json};

/// A question.
fn question(subject: &str, action: &str, resource: &str) -> Value {
    let subject = subject.split_once(':').unwrap_or((subject, "nobody"));
    let resource = resource.split_once(':').unwrap();
    json!({
        "subject": {"type": subject.0, "id": subject.1},
        "action": {"name": action},
        "resource": {"type": resource.0, "id": resource.1},
    })
}

/// Its answer.
async fn ask(caller: &Client, subject: &str, action: &str, resource: &str) -> Answer {
    caller.post("/access/v1/evaluation", question(subject, action, resource)).await
}

/// An item of `a-17` that `a-22` may view and `a-23` may manage.
async fn shared() -> World {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await.is(200);
    owner.post(&format!("{path}/grants"), share("a-23", "manager")).await.is(200);
    world
}
