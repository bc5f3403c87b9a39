//! Every route of the OpenAPI description, with every role and with none.

use std::collections::BTreeSet;
use tests::{Answer, Client, World, json, on_both_pairs, raw};

on_both_pairs!(
    every_route_lets_in_whom_it_names_and_nobody_else,
    every_route_refuses_what_it_does_not_know,
);

/// Who is let in: a=admin, u=auditor, p=application, c=account, n=anonymous.
const ROUTES: &[(&str, &str)] = &[
    ("PUT /v1/items/{kind}/{id}", "apc"),
    ("GET /v1/items/{kind}/{id}", "aupc"),
    ("PATCH /v1/items/{kind}/{id}", "apc"),
    ("DELETE /v1/items/{kind}/{id}", "apc"),
    ("POST /v1/items/{kind}/{id}/restore", "apc"),
    ("POST /v1/items/{kind}/{id}/close", "apc"),
    ("POST /v1/items/{kind}/{id}/reopen", "apc"),
    ("POST /v1/items/lookup", "aupc"),
    ("PUT /v1/items/{kind}/{id}/visibility", "apc"),
    ("GET /v1/items/{kind}/{id}/sharing", "aupc"),
    ("PUT /v1/items/{kind}/{id}/sharing", "apc"),
    ("POST /v1/items/{kind}/{id}/grants", "apc"),
    ("GET /v1/items/{kind}/{id}/grants", "aupc"),
    ("GET /v1/items/{kind}/{id}/grants/{grant}", "aupc"),
    ("PATCH /v1/items/{kind}/{id}/grants/{grant}", "apc"),
    ("DELETE /v1/items/{kind}/{id}/grants/{grant}", "apc"),
    ("DELETE /v1/items/{kind}/{id}/grants/account/{account}", "apc"),
    ("DELETE /v1/items/{kind}/{id}/grants/group/{group}", "apc"),
    ("DELETE /v1/items/{kind}/{id}/grants/me", "apc"),
    ("POST /v1/items/{kind}/{id}/links", "apc"),
    ("GET /v1/items/{kind}/{id}/links", "aupc"),
    ("GET /v1/items/{kind}/{id}/links/{link}", "aupc"),
    ("PATCH /v1/items/{kind}/{id}/links/{link}", "apc"),
    ("DELETE /v1/items/{kind}/{id}/links/{link}", "apc"),
    ("POST /v1/items/{kind}/{id}/links/{link}/rotate", "apc"),
    ("PUT /v1/items/{kind}/{id}/links/{link}/password", "apc"),
    ("DELETE /v1/items/{kind}/{id}/links/{link}/password", "apc"),
    ("POST /v1/links/open", "apc"),
    ("POST /v1/visits", "apc"),
    ("GET /v1/items/{kind}/{id}/publication", "aupc"),
    ("PUT /v1/items/{kind}/{id}/publication", "apc"),
    ("DELETE /v1/items/{kind}/{id}/publication", "apc"),
    ("GET /v1/catalog", "aupcn"),
    ("PUT /v1/accounts/{account}", "ap"),
    ("GET /v1/accounts/{account}", "aupc"),
    ("PATCH /v1/accounts/{account}", "ap"),
    ("DELETE /v1/accounts/{account}", "ap"),
    ("POST /v1/accounts/{account}/erase", "ap"),
    ("GET /v1/accounts/{account}/items", "aupc"),
    ("GET /v1/items/{kind}/{id}/access", "aupc"),
    ("GET /v1/items/{kind}/{id}/history", "aupc"),
    ("GET /v1/items/{kind}/{id}/view-as", "aupc"),
    ("GET /v1/view-as", "aupc"),
    ("GET /v1/explain", "aupc"),
    ("POST /access/v1/evaluation", "aupc"),
    ("POST /access/v1/evaluations", "aupc"),
    ("POST /access/v1/search/subject", "aupc"),
    ("POST /access/v1/search/resource", "aupc"),
    ("POST /access/v1/search/action", "aupc"),
    ("GET /v1/audit/events", "au"),
    ("GET /v1/watch", "aup"),
    ("GET /v1/webhooks", "aup"),
    ("PUT /v1/webhooks/{webhook}", "ap"),
    ("GET /v1/webhooks/{webhook}", "aup"),
    ("PATCH /v1/webhooks/{webhook}", "ap"),
    ("DELETE /v1/webhooks/{webhook}", "ap"),
    ("POST /v1/webhooks/{webhook}/rotate-secret", "ap"),
    ("POST /v1/webhooks/{webhook}/replay", "ap"),
    ("GET /v1/webhooks/{webhook}/deliveries", "aup"),
    ("POST /v1/tokens", "a"),
    ("GET /v1/tokens", "au"),
    ("GET /v1/tokens/{token}", "au"),
    ("DELETE /v1/tokens/{token}", "a"),
    ("GET /v1/kinds", "aupc"),
    ("GET /v1/projections", "au"),
    ("GET /v1/projections/{name}", "au"),
    ("POST /v1/projections/{name}/rebuild", "a"),
    ("POST /v1/projections/{name}/verify", "a"),
    ("POST /v1/projections/{name}/pause", "a"),
    ("POST /v1/projections/{name}/resume", "a"),
];

/// Callers of each role, by letter.
async fn callers(world: &mut World) -> Vec<(char, Client)> {
    let own = json!({"role": "account", "label": "laptop", "account": "a-1"});
    let account = world.without_token().token(&world.issue(own).await);
    vec![
        ('a', world.admin()),
        ('u', world.auditor().await),
        ('p', world.app().await),
        ('c', account),
        ('n', world.without_token()),
    ]
}

/// A call of a route with plausible names in its path; commands come with an empty body.
fn call(caller: &Client, route: &str) -> tests::client::Call {
    call_with(caller, route, "")
}

/// The same with a query.
fn call_with(caller: &Client, route: &str, query: &str) -> tests::client::Call {
    let (method, path) = route.split_once(' ').expect("method and path");
    // What others read must not be ended by a call that is let in.
    let account = if method == "GET" { "a-1" } else { "a-9" };
    let path = path
        .replace("{kind}", "history")
        .replace("{id}", "none")
        .replace("{account}", account)
        .replace("{group}", "g-1")
        .replace("{name}", "none")
        .replace("{grant}", "gr_018f0000000070008000000000000000")
        .replace("{link}", "ln_018f0000000070008000000000000000")
        .replace("{webhook}", "wh_018f0000000070008000000000000000")
        .replace("{token}", "tk_018f0000000070008000000000000000");
    // What never ends is asked for something that is refused at once.
    let path = match query {
        "" => path.replace("/v1/watch", "/v1/watch?after=nothing"),
        query => format!("{path}?{query}"),
    };
    let call = caller.call(method, &path);
    if ["POST", "PUT", "PATCH"].contains(&method) { call.body(&json!({})) } else { call }
}

async fn every_route_lets_in_whom_it_names_and_nobody_else(mut world: World) {
    the_description_has_exactly_these_routes(&world).await;
    world.admin().put("/v1/accounts/a-1", json!({})).await.is(201);
    let callers = callers(&mut world).await;
    let head = raw::head(&world).await;
    for (route, allowed) in ROUTES {
        for (role, caller) in callers.iter().filter(|(role, _)| !allowed.contains(*role)) {
            let answer = call(caller, route).await;
            match role {
                'n' => answer.problem(401, "not-authenticated"),
                _ => answer.problem(403, "not-permitted"),
            };
        }
        let forged = call(&world.without_token().token("sl_forged"), route).await;
        forged.problem(401, "not-authenticated");
    }
    assert_eq!(raw::head(&world).await, head, "who is refused appends nothing");
    for (route, allowed) in ROUTES {
        for (role, caller) in callers.iter().filter(|(role, _)| allowed.contains(*role)) {
            let answer = call(caller, route).await;
            assert!(let_in(&answer), "role {role}: {}", answer.dump());
        }
    }
}

async fn every_route_refuses_what_it_does_not_know(mut world: World) {
    let callers = callers(&mut world).await;
    let head = raw::head(&world).await;
    let asked = |route: &str| route.contains(" /v1/");
    for (route, allowed) in ROUTES.iter().filter(|(route, _)| asked(route)) {
        let caller = callers.iter().find(|(role, _)| allowed.contains(*role));
        let (_, caller) = caller.expect("somebody is let in");
        let answer = call_with(caller, route, "nonsense=1").await;
        let problem = answer.problem(400, "invalid-field");
        assert_eq!(problem["errors"][0]["pointer"], "query:nonsense", "{}", answer.dump());
    }
    assert_eq!(raw::head(&world).await, head, "nothing is appended");
}

fn let_in(answer: &Answer) -> bool {
    ![401, 403, 405, 500].contains(&answer.status.as_u16())
}

async fn the_description_has_exactly_these_routes(world: &World) {
    let openapi = world.without_token().get("/openapi.json").await;
    let paths = openapi.is(200)["paths"].as_object().expect("paths").clone();
    let mut described = BTreeSet::new();
    let of_tokens = |path: &str| path.starts_with("/v1/") || path.starts_with("/access/");
    for (path, operations) in paths.iter().filter(|(path, _)| of_tokens(path)) {
        for method in ["get", "put", "post", "patch", "delete"] {
            if operations.get(method).is_some() {
                described.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let known: BTreeSet<String> = ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(described, known);
}
