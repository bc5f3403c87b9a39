//! Read models: rebuilt, compared, paused and resumed while the service runs.

use tests::{
    Pair, World, json, on_both_pairs, reading, rebuilds,
    service::command_line,
    wait::until,
    world::{item, share},
};

on_both_pairs!(
    read_models_are_rebuilt_while_commands_and_queries_run,
    read_models_are_compared_with_the_log,
    a_paused_read_model_says_so_and_goes_on_when_resumed,
    the_command_line_rebuilds_compares_pauses_and_resumes,
);

async fn read_models_are_rebuilt_while_commands_and_queries_run(mut world: World) {
    let client = match &world.postgres {
        Some(postgres) => Some(postgres.connect().await),
        None => None,
    };
    if let Some(client) = &client {
        let mine =
            "CREATE VIEW mine AS SELECT role, count(*) FROM sharelog.access_list GROUP BY role";
        client.batch_execute(mine).await.expect("a view of a dashboard");
    }
    rebuilds::while_commands_run(&mut world, 2).await;
    if let Some(client) = &client {
        client.query("SELECT * FROM mine", &[]).await.expect("it is there still");
    }
    reading::assert_equal_to_a_fresh_rebuild(&mut world).await;
}

async fn read_models_are_compared_with_the_log(mut world: World) {
    reading::prepare(&mut world).await;
    world.register("history", "8f3a", "a-17").await;
    world.share(&item("history", "8f3a"), "a-17", "a-22", "viewer").await;
    let admin = world.admin();
    reading::caught_up(&world).await;
    rebuilds::ask(&admin, "verify").await;
    rebuilds::assert_equal(&rebuilds::ended(&admin).await);
    let one = admin.get("/v1/projections/access").await;
    assert_eq!(one.is(200)["generation"], 0, "nothing was switched");
    assert_eq!(one.body["build"]["purpose"], "verify");
    admin.get("/v1/projections/nothing").await.problem(404, "not-found");
    admin.post("/v1/projections/nothing/rebuild", json!({})).await.problem(404, "not-found");
    let Some(postgres) = &world.postgres else { return };
    let client = postgres.connect().await;
    let damage = "UPDATE sharelog_data.access_v1_grants SET role = 'editor'";
    client.batch_execute(damage).await.expect("damage by hand");
    rebuilds::ask(&admin, "verify").await;
    let builds = rebuilds::ended(&admin).await;
    let difference = &builds[0]["comparison"]["difference"];
    assert_eq!((&difference["table"], &difference["column"]), (&json!("grants"), &json!("role")));
    let sides = (&difference["read"], &difference["from_log"]);
    assert_eq!(sides, (&json!("editor"), &json!("viewer")));
}

async fn a_paused_read_model_says_so_and_goes_on_when_resumed(mut world: World) {
    let path = item("history", "8f3a");
    let registered = world.register("history", "8f3a", "a-17").await;
    let admin = world.admin();
    let list = format!("{path}/access");
    admin.after(&registered).get(&list).await.is(200);
    let paused = admin.post("/v1/projections/access/pause", json!({})).await;
    assert_eq!(paused.is(200)["state"], "paused");
    world.node_mut().kill();
    world.node_mut().start_again().await;
    let owner = world.account("a-17").await;
    let given = owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    admin.after(&given).get(&list).await.problem(503, "views-unavailable");
    admin.after(&given).get(&format!("{path}/history")).await.is(200);
    let status = admin.get("/v1/projections/access").await;
    assert!(status.is(200)["paused_at"].is_string(), "{}", status.dump());
    assert!(status.number("/lag_records") > 0, "{}", status.dump());
    admin.post("/v1/projections/access/resume", json!({})).await.is(200);
    until("it goes on", std::time::Duration::from_secs(20), || async {
        let answer = admin.after(&given).get(&list).await;
        (answer.status == 200).then_some(())
    })
    .await;
}

async fn the_command_line_rebuilds_compares_pauses_and_resumes(mut world: World) {
    reading::prepare(&mut world).await;
    reading::caught_up(&world).await;
    let data = world.node().data.to_string_lossy().into_owned();
    let base = world.node().base();
    let run = |what: &[&str]| {
        let mut all = vec!["projections"];
        all.extend(what);
        all.extend(["--data", &data, "--url", &base]);
        let output = command_line(&all);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), format!("{printed}{errors}"))
    };
    let (code, printed) = run(&["verify", "--all"]);
    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(printed.matches("equals the log").count(), 3, "{printed}");
    let (code, printed) = run(&["rebuild", "audit"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("audit: rebuilt"), "{printed}");
    let (code, printed) = run(&["pause", "catalog"]);
    assert!(code == Some(0) && printed.contains("paused since"), "{printed}");
    let (code, printed) = run(&["resume", "catalog"]);
    assert!(code == Some(0) && !printed.contains("paused since"), "{printed}");
    let (code, printed) = run(&["rebuild", "nothing"]);
    assert!(code == Some(2) && printed.contains("access, catalog, audit"), "{printed}");
    if world.pair == Pair::Production {
        return;
    }
    // Beside the service the data are taken; without it they are rebuilt as they lie there.
    let local = ["projections", "rebuild", "--all", "--data", &data];
    assert_eq!(command_line(&local).status.code(), Some(5));
    assert!(world.node_mut().stop());
    let output = command_line(&local);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world.node_mut().start_again().await;
    let admin = world.admin();
    let generations = admin.get("/v1/projections").await.list("/data");
    let generations: Vec<u64> =
        generations.iter().filter_map(|row| row["generation"].as_u64()).collect();
    // A verified generation counts too.
    assert_eq!(generations, [2, 2, 3]);
}
