//! Reads all that the read models answer, for comparison with a fresh rebuild.

use crate::{Answer, Client, World, load::ITEMS, raw, world::item};
use serde_json::Value;
use std::collections::BTreeMap;

/// Every page of a list.
pub async fn whole_list(caller: &Client, path: &str) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let first = format!("{path}{separator}limit=200");
    let mut all = Vec::new();
    let mut page = caller.get(&first).await;
    loop {
        page.is(200);
        all.extend(page.list("/data"));
        let Some(cursor) = page.body["next"].as_str() else { return all };
        page = caller.get(&format!("{first}&cursor={cursor}")).await;
    }
}

/// Access lists now and at past positions, histories, catalog, audit trail.
pub async fn everything(caller: &Client, past: &[u64]) -> BTreeMap<String, Vec<Value>> {
    let mut paths = vec!["/v1/catalog?sort=title".to_owned(), "/v1/audit/events".to_owned()];
    for number in 0..ITEMS {
        let path = item("history", &format!("i-{number}"));
        paths.push(format!("{path}/access"));
        paths.push(format!("{path}/history"));
        paths.extend(past.iter().map(|position| format!("{path}/access?at_position={position}")));
    }
    let mut answers = BTreeMap::new();
    for path in paths {
        let list = whole_list(caller, &path).await;
        answers.insert(path, list);
    }
    answers
}

/// Registers the items of a load; answers the last command.
pub async fn prepare(world: &mut World) -> Answer {
    let mut last = None;
    for number in 0..ITEMS {
        last = Some(world.register("history", &format!("i-{number}"), "a-17").await);
    }
    last.expect("an item")
}

/// Asks a question until the projections have reached the log's head; answers a caller who waits.
pub async fn caught_up(world: &World) -> Client {
    let head = raw::head(world).await;
    let admin = world.admin();
    let path = format!("{}/access", item("history", "i-0"));
    let bound = std::time::Duration::from_mins(1);
    crate::wait::until("the projections have caught up", bound, || {
        let asked = admin.get(&path).attempt();
        let trail = admin.get("/v1/audit/events?limit=1").attempt();
        let catalog = admin.get("/v1/catalog?limit=1").attempt();
        async move {
            for answer in [asked.await, trail.await, catalog.await] {
                let position = answer.ok()?.body["position"].as_u64()?;
                if position < head {
                    return None;
                }
            }
            Some(())
        }
    })
    .await;
    admin
}

/// The whole audit trail up to the log's head, oldest first.
pub async fn trail(world: &World) -> Vec<Value> {
    let head = raw::head(world).await;
    let admin = world.admin();
    crate::wait::until("the audit trail", std::time::Duration::from_mins(1), || async {
        let asked = admin.get("/v1/audit/events?limit=1").attempt().await;
        (asked.ok()?.body["position"].as_u64()? >= head).then_some(())
    })
    .await;
    whole_list(&admin, "/v1/audit/events?order=oldest").await
}

/// Destroys the read models of a stopped service, so that the next start rebuilds them.
pub async fn forget_views(world: &World) {
    match &world.postgres {
        None => {
            for name in ["views.db", "views.db-wal", "views.db-shm"] {
                // Not every file need be there.
                drop(std::fs::remove_file(world.node().data.join(name)));
            }
        }
        Some(postgres) => {
            let client = postgres.connect().await;
            let drop_all = "DROP SCHEMA IF EXISTS sharelog CASCADE;
                            DROP SCHEMA IF EXISTS sharelog_data CASCADE;";
            client.batch_execute(drop_all).await.expect("the views are gone");
        }
    }
}

/// The same questions before and after a rebuild from nothing must have the same answers.
pub async fn assert_equal_to_a_fresh_rebuild(world: &mut World) {
    let head = raw::head(world).await;
    let past: Vec<u64> = (1..=4).map(|part| (head * part / 5).max(1)).collect();
    let before = everything(&caught_up(world).await, &past).await;
    assert!(world.node_mut().stop(), "a graceful end");
    forget_views(world).await;
    world.node_mut().start_again().await;
    let after = everything(&caught_up(world).await, &past).await;
    for (path, answer) in &before {
        assert_eq!(Some(answer), after.get(path), "{path} differs from a fresh rebuild");
    }
}
