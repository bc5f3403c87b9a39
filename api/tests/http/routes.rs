//! Every route with every role and with none.

use crate::world::{Client, World};
use api::{
    openapi::described,
    routing::{Callers, Route},
};
use domain::event::CallerRole;
use eventlog::ActivityKind;
use serde_json::json;

/// A call with plausible names in its path.
async fn call(caller: &Client, route: &Route) -> crate::world::Answer {
    call_with(caller, route, "").await
}

/// The same with a query.
async fn call_with(caller: &Client, route: &Route, query: &str) -> crate::world::Answer {
    // An erased account's token is nobody's at once: what others read must not be erased.
    let account = if route.method == "GET" { "a-1" } else { "a-9" };
    let path = route
        .path
        .replace("{kind}", "history")
        .replace("{id}", "none")
        .replace("{account}", account)
        .replace("{group}", "g-1")
        .replace("{grant}", "gr_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d")
        .replace("{link}", "ln_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d")
        .replace("{webhook}", "wh_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d")
        .replace("{token}", "tk_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d");
    // What never ends is asked for something that is refused at once.
    let path = match query {
        "" => path.replace("/v1/watch", "/v1/watch?after=nothing"),
        query => format!("{path}?{query}"),
    };
    if route.method == "GET" || route.method == "DELETE" {
        return caller.send(&route.method, &path, "", "").await;
    }
    caller.send(&route.method, &path, "application/json", "{}").await
}

async fn callers(world: &World) -> Vec<(CallerRole, Client)> {
    let account = json!({"role": "account", "label": "laptop", "account": "a-1"});
    vec![
        (CallerRole::Admin, world.admin()),
        (CallerRole::Auditor, world.auditor().await),
        (CallerRole::App, world.app().await),
        (CallerRole::Account, world.nobody().token(&world.issue(account).await)),
    ]
}

#[tokio::test]
async fn every_route_lets_in_whom_it_names_and_nobody_else() {
    let world = World::start().await;
    let callers = callers(&world).await;
    let forged = world.nobody().token("sl_forged");
    let head = world.head().await;
    let routes = described();
    let json_routes = || routes.iter().filter(|route| route.is_protected());
    for route in json_routes() {
        call(&forged, route).await.problem(401, "not-authenticated");
        let Callers::Roles(roles) = route.access.callers else {
            call(&world.nobody(), route).await.is(200);
            continue;
        };
        let nobody = call(&world.nobody(), route).await;
        nobody.problem(401, "not-authenticated");
        assert!(nobody.header("WWW-Authenticate").starts_with("Bearer"));
        for (role, caller) in callers.iter().filter(|(role, _)| !roles.contains(role)) {
            let answer = call(caller, route).await;
            assert_eq!(answer.status.as_u16(), 403, "{role:?}: {}", answer.told());
            answer.problem(403, "not-permitted");
        }
    }
    assert_eq!(world.head().await, head, "who is refused appends nothing");
    for route in json_routes() {
        let Callers::Roles(roles) = route.access.callers else { continue };
        for (role, caller) in callers.iter().filter(|(role, _)| roles.contains(role)) {
            let answer = call(caller, route).await;
            let status = answer.status.as_u16();
            assert!(![401, 403, 405, 500].contains(&status), "{role:?}: {}", answer.told());
        }
    }
}

#[tokio::test]
async fn a_query_parameter_that_a_route_does_not_know_is_refused_before_anything_is_done() {
    let world = World::start().await;
    let (admin, app) = (world.admin(), world.app().await);
    let head = world.head().await;
    for route in described().iter().filter(|route| route.path.starts_with("/v1/")) {
        let callers = route.access.callers;
        let admins = matches!(callers, Callers::Roles(roles) if roles.contains(&CallerRole::Admin));
        let caller = if admins { &admin } else { &app };
        let answer = call_with(caller, route, "nonsense=1").await;
        assert_eq!(answer.pointer(), "query:nonsense", "{}", answer.told());
        if !route.access.command {
            let answer = call_with(caller, route, "dry_run=true").await;
            assert_eq!(answer.pointer(), "query:dry_run", "{}", answer.told());
        }
        let forged = call_with(&world.nobody().token("sl_forged"), route, "nonsense=1").await;
        forged.problem(401, "not-authenticated");
    }
    assert_eq!(world.head().await, head, "nothing was appended");
}

#[tokio::test]
async fn what_has_no_dry_run_is_not_done_when_one_is_asked_for() {
    let world = World::start().await;
    let admin = world.admin();
    let paused = admin.post("/v1/projections/audit/pause?dry_run=true", json!({})).await;
    let detail = paused.problem(400, "invalid-field")["detail"].to_string();
    assert!(detail.contains("takes no query parameters"), "{detail}");
    assert_eq!(admin.get("/v1/projections/audit").await.is(200)["state"], "running");
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let made = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let link = &made.is(201)["link"];
    let opened = owner.post("/v1/links/open?dry_run=true", json!({"token": link["token"]})).await;
    assert_eq!(opened.pointer(), "query:dry_run");
    let id = link["id"].as_str().unwrap();
    let link = owner.get(&format!("{path}/links/{id}")).await;
    assert_eq!(link.is(200)["visits"]["used"], 0, "{}", link.told());
    let wrong = owner.get(&format!("{path}/access?limits=1")).await;
    let detail = wrong.problem(400, "invalid-field")["detail"].to_string();
    assert!(detail.contains("`limit`") && detail.contains("`at`"), "{detail}");
}

#[tokio::test]
async fn a_token_with_scopes_is_let_in_where_they_reach() {
    let world = World::start().await;
    for scope in ["items", "sharing", "visits", "accounts", "read", "webhooks"] {
        let wanted = json!({"role": "app", "label": scope, "scopes": [scope]});
        let caller = world.nobody().token(&world.issue(wanted).await);
        for route in &described() {
            let callers = route.access.callers;
            let app = matches!(callers, Callers::Roles(roles) if roles.contains(&CallerRole::App));
            let Some(needed) = route.access.scope.filter(|_| app) else { continue };
            let answer = call(&caller, route).await;
            if json!(needed) == json!(scope) {
                assert_ne!(answer.status.as_u16(), 403, "{}", answer.told());
            } else {
                assert_eq!(answer.problem(403, "scope-missing")["scope"], json!(needed));
            }
        }
    }
}

#[tokio::test]
async fn refusals_at_the_gate_are_noted() {
    let world = World::start().await;
    world.nobody().token("sl_forged").get("/v1/kinds").await.problem(401, "not-authenticated");
    world.auditor().await.delete("/v1/accounts/a-1").await.problem(403, "not-permitted");
    assert_eq!(world.noted(ActivityKind::SignInRefused).await, 1);
    assert_eq!(world.noted(ActivityKind::CommandDenied).await, 1);
}

#[tokio::test]
async fn only_applications_act_for_others() {
    let world = World::start().await;
    for name in ["Sharelog-On-Behalf-Of", "Sharelog-Client-Address"] {
        let value = if name.ends_with("Of") { "account:a-1" } else { "192.0.2.7" };
        world.admin().with(name, value).get("/v1/kinds").await.problem(403, "not-permitted");
        world.nobody().with(name, value).get("/v1/catalog").await.problem(403, "not-permitted");
        world.app().await.with(name, value).get("/v1/kinds").await.is(200);
    }
    let own = json!({"role": "account", "label": "laptop", "account": "a-1"});
    let account = world.nobody().token(&world.issue(own).await);
    world.app().await.put("/v1/accounts/a-1", json!({"name": "Ada"})).await.is(201);
    account.get("/v1/accounts/me").await.is(200);
    account.get("/v1/accounts/a-2").await.problem(404, "not-found");
    let acting = world.account("a-1").await;
    acting.put("/v1/accounts/a-2", json!({})).await.problem(403, "not-permitted");
}

#[tokio::test]
async fn credentials_that_cannot_be_read_are_refused() {
    let world = World::start().await;
    let nobody = world.nobody();
    for value in ["Basic YTpi", "Bearer", "Bearer ", "sl_x"] {
        let answer = nobody.with("Authorization", value).get("/v1/kinds").await;
        answer.problem(401, "not-authenticated");
    }
    let twice = world.admin().with("Authorization", "Bearer sl_x").get("/v1/kinds").await;
    twice.problem(401, "not-authenticated");
}
