//! Operation: health, metrics, graceful end, restart, the command line.

use tests::{
    Pair, World, json, on_both_pairs, raw,
    service::{self, command_line},
    world::{item, registration},
};

on_both_pairs!(
    health_readiness_and_metrics_are_told,
    a_graceful_end_loses_nothing_and_a_restart_knows_everything,
    the_command_line_tells_the_history_and_exports_the_audit_trail,
    projections_report_how_far_they_are,
    a_second_service_on_the_same_folder_is_refused,
);

async fn health_readiness_and_metrics_are_told(world: World) {
    world.without_token().get("/healthz").await.is(200);
    world.without_token().get("/readyz").await.is(200);
    let metrics = world.without_token().get("/metrics").await;
    metrics.is(200);
    assert!(metrics.text.contains("sharelog"), "{}", metrics.text);
    let openapi = world.without_token().get("/openapi.json").await;
    assert!(openapi.is(200)["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let docs = world.without_token().get("/docs").await;
    assert!(docs.status.is_success() || docs.status.is_redirection(), "{}", docs.dump());
}

async fn a_graceful_end_loses_nothing_and_a_restart_knows_everything(mut world: World) {
    let app = world.app().await;
    let calls = (0..40).map(|number| {
        let path = item("history", &format!("h-{number}"));
        let call = app.put(&path, registration("a-17", "X"));
        async move { (path, call.attempt().await) }
    });
    let load = tokio::spawn(futures::future::join_all(calls));
    tests::wait::until("the first records", std::time::Duration::from_secs(20), || async {
        (raw::head(&world).await > 8).then_some(())
    })
    .await;
    assert!(world.node_mut().stop(), "it reports a graceful end");
    let answers = load.await.expect("the load");
    world.node_mut().start_again().await;
    let acknowledged: Vec<&String> = answers
        .iter()
        .filter(|(_, answer)| answer.as_ref().is_ok_and(|answer| answer.status == 201))
        .map(|(path, _)| path)
        .collect();
    assert!(!acknowledged.is_empty());
    for path in acknowledged {
        app.get(path).await.is(200);
    }
    let index = world.without_token().get("/readyz").await.body["access_index"].clone();
    assert_eq!(index["started_from"], "saved file", "{index}");
    assert!(index["items"].as_u64().is_some_and(|items| items > 0), "{index}");
    run(&world, &["doctor"]).lines().find(|line| line.contains("access index")).expect("a line");
}

fn arguments(world: &World) -> Vec<String> {
    let mut all = vec!["--data".to_owned(), world.node().data.to_string_lossy().into_owned()];
    all.extend(world.engines());
    all
}

fn run(world: &World, what: &[&str]) -> String {
    let more = arguments(world);
    let all: Vec<&str> = what.iter().copied().chain(more.iter().map(String::as_str)).collect();
    let output = command_line(&all);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "sharelog {what:?}: {text}{errors}");
    text
}

async fn the_command_line_tells_the_history_and_exports_the_audit_trail(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.share(&path, "a-17", "a-22", "viewer").await;
    let history = run(&world, &["history", "history:8f3a"]);
    assert!(history.contains("a-17 granted a-22 the role viewer"), "{history}");
    let export = run(&world, &["audit", "export"]);
    let lines: Vec<&str> = export.lines().collect();
    assert!(lines.len() > 3, "{export}");
    for line in lines {
        let event: tests::Value = serde_json::from_str(line).expect("a JSON line");
        assert!(event["id"].is_string() && event["type"].is_string(), "{line}");
    }
    run(&world, &["doctor"]);
    run(&world, &["projections", "status"]);
    let help = command_line(&["--help"]);
    assert!(help.status.success());
}

async fn projections_report_how_far_they_are(mut world: World) {
    let last = world.register("history", "8f3a", "a-17").await;
    let admin = world.admin();
    let access = format!("{}/access", item("history", "8f3a"));
    admin.after(&last).get(&access).await.is(200);
    let status = admin.get("/v1/projections").await;
    status.is(200);
    for name in ["access", "catalog", "audit"] {
        assert!(status.list("/data").iter().any(|row| row["name"] == name), "{}", status.dump());
    }
}

async fn a_second_service_on_the_same_folder_is_refused(world: World) {
    let data = world.node().data.to_string_lossy().into_owned();
    let mut all = vec!["serve".to_owned(), "--listen".to_owned(), "127.0.0.1:0".to_owned()];
    all.extend(arguments(&world));
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    let output = std::process::Command::new("timeout")
        .arg("20")
        .arg(service::binary())
        .args(&words)
        .output()
        .expect("the second service");
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.status.code() != Some(124), "{printed}");
    assert!(
        printed.contains("another") || printed.contains("lock") || printed.contains(&data),
        "{printed}"
    );
    if world.pair == Pair::Embedded {
        world.admin().put("/v1/accounts/a-1", json!({})).await.ok();
    }
}
