//! Every body shape of the API description, compared field by field.

use crate::world::{Answer, PUBLIC_URL, World, registration, share};
use serde_json::{Value, json};

/// What a placeholder of an expected body stands for.
fn fits(expected: &Value, found: &Value) -> bool {
    match expected {
        Value::String(text) => match text.as_str() {
            "<time>" => found.as_str().is_some_and(|t| t.len() == 27 && t.ends_with('Z')),
            "<uuid>" => found.as_str().is_some_and(|t| t.len() == 36),
            "<text>" => found.as_str().is_some_and(|t| !t.is_empty()),
            "<number>" => found.as_u64().is_some(),
            "<permissions>" => found.as_array().is_some_and(|list| list.contains(&json!("browse"))),
            id if id.starts_with('<') && id.ends_with("_>") => {
                let prefix = id.trim_matches(['<', '>']);
                found.as_str().is_some_and(|t| t.starts_with(prefix) && t.len() == 35)
            }
            _ => expected == found,
        },
        Value::Object(fields) => fields
            .iter()
            .all(|(name, expected)| found.get(name).is_some_and(|found| fits(expected, found))),
        Value::Array(list) => found.as_array().is_some_and(|found| {
            found.len() == list.len() && list.iter().zip(found).all(|(e, f)| fits(e, f))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => expected == found,
    }
}

#[track_caller]
fn looks_like(answer: &Answer, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        let found = answer.body.get(name).unwrap_or(&Value::Null);
        assert!(
            answer.body.get(name).is_some() && fits(value, found),
            "`{name}` should look like {value:#}\nfound {found:#}\nin {}",
            answer.told()
        );
    }
}

fn head(status: &str) -> Value {
    json!({"command": "<uuid>", "status": status, "position": "<number>", "at": "<time>"})
}

/// The head of a command's answer, and more fields.
fn recorded(more: Value) -> Value {
    let mut all = head("recorded");
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

#[tokio::test]
async fn an_item_looks_as_described() {
    let world = World::start().await;
    let path = "/v1/items/history/8f3a";
    let body = json!({"owner": {"type": "account", "id": "a-17"}, "title": "RNA-seq 4",
        "description": "Reads", "tags": ["rna"], "preview": "https://app.example/4.png",
        "in_library": true, "content": null});
    let made = world.account("a-17").await.put(path, body).await;
    made.is(201);
    let all = json!([
        "browse",
        "view",
        "download",
        "copy",
        "contribute",
        "edit",
        "share",
        "publish",
        "own"
    ]);
    let item = json!({"kind": "history", "id": "8f3a", "owner": {"type": "account", "id": "a-17"},
        "title": "RNA-seq 4", "description": "Reads", "tags": ["rna"],
        "preview": "https://app.example/4.png", "in_library": true, "state": "open",
        "visibility": "restricted", "publication": null,
        "address": format!("{PUBLIC_URL}/i/history/8f3a"), "counts": {"grants": 0, "links": 0},
        "you_may": all, "version": made.body["position"]});
    looks_like(&made, &recorded(json!({"item": item})));
    assert_eq!(made.header("Location"), path);
    assert_eq!(made.header("ETag"), format!("\"{}\"", made.body["position"]));
    assert!(!made.header("Sharelog-Position").is_empty());

    let read = world.account("a-17").await.get(path).await;
    read.is(200);
    looks_like(&read, &item);
    assert_eq!(read.header("ETag"), made.header("ETag"));
    let options = world.account("a-17").await.get(&format!("{path}?include=options")).await;
    looks_like(
        &options,
        &json!({"title": "RNA-seq 4", "options": {
            "roles": ["browser", "viewer", "contributor", "editor", "manager"],
            "link_roles": ["browser", "viewer", "contributor", "editor"],
            "audiences": ["named", "internal", "anyone"], "longest_seconds": null,
            "password_needed": false, "reason_needed": false, "linkable": true,
            "publishable": true, "copyable": true}}),
    );
}

#[tokio::test]
async fn a_share_looks_as_described() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let asked = json!({"grantees": [{"type": "account", "id": "a-22"},
        {"type": "email", "address": "nobody@example.org"}, {"type": "group", "id": "g-3"},
        {"type": "account", "id": "a-17"}],
        "role": "viewer", "withhold": [], "starts_at": null, "ends_at": "2027-01-01T00:00:00Z",
        "on_existing": "keep", "related": "ask", "message": null, "notify": false,
        "reason": "review", "ticket": "4711"});
    let shared = owner.post(&format!("{path}/grants"), asked).await;
    shared.is(200);
    let grant = |grantee: Value| {
        json!({"id": "<gr_>", "grantee": grantee, "role": "viewer", "withhold": [],
            "starts_at": null, "ends_at": "2027-01-01T00:00:00.000000Z",
            "provenance": {"kind": "direct"}, "version": shared.body["position"]})
    };
    let account = json!({"type": "account", "id": "a-22"});
    let group = json!({"type": "group", "id": "g-3"});
    let unknown = json!({"type": "email", "address": "nobody@example.org"});
    looks_like(
        &shared,
        &recorded(json!({
            "results": [
                {"grantee": account, "result": "granted", "grant": grant(account.clone())},
                {"grantee": unknown, "result": "refused", "reason": "unknown_address",
                    "detail": "<text>"},
                {"grantee": group, "result": "granted", "grant": grant(group.clone())},
                {"grantee": {"type": "account", "id": "a-17"}, "result": "refused",
                    "reason": "self_share", "detail": "<text>"}],
            "counts": {"granted": 2, "changed": 0, "unchanged": 0, "invited": 0, "refused": 2}})),
    );

    let id = shared.body["results"][0]["grant"]["id"].as_str().unwrap();
    let one = format!("{path}/grants/{id}");
    let version = &shared.body["results"][0]["grant"]["version"];
    let wanted = json!({"role": "editor", "ends_at": null});
    let changed = owner.if_match(version).patch(&one, wanted).await;
    let now = json!({"id": id, "role": "editor", "ends_at": null,
        "version": changed.body["position"]});
    let before = json!({"id": id, "role": "viewer", "version": shared.body["position"]});
    looks_like(&changed, &recorded(json!({"grant": now, "before": before})));
    looks_like(&owner.get(&one).await, &now);

    let ended = owner.delete(&format!("{path}/grants/account/a-22")).await;
    let expected = json!({"ended": [{"grant": id, "role": "editor", "cause": "unshared"}],
        "still_open": []});
    looks_like(&ended, &recorded(expected));
    let list = owner.get(&format!("{path}/grants?count=true")).await;
    let total = json!({"value": 1, "exact": true});
    looks_like(&list, &json!({"data": [{"grantee": group}], "next": null, "total": total}));
}

#[tokio::test]
async fn a_link_and_its_opening_look_as_described() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let wanted = json!({"label": "reviewers", "role": "viewer", "withhold": ["copy"],
        "audience": "anyone", "starts_at": null, "ends_at": "2027-03-01T00:00:00Z",
        "max_visits": 50, "password": "a good secret", "joins": false, "slug": null,
        "state": "zoom=3", "related": "leave"});
    let made = owner.post(&format!("{path}/links"), wanted).await;
    made.is(201);
    let token = made.body["link"]["token"].as_str().unwrap().to_owned();
    let link = json!({"id": "<ln_>", "address": format!("{PUBLIC_URL}/l/{token}"), "token": token,
        "label": "reviewers", "role": "viewer", "withhold": ["copy"], "audience": "anyone",
        "starts_at": null, "ends_at": "2027-03-01T00:00:00.000000Z", "has_password": true,
        "visits": {"used": 0, "max": 50}, "joins": false, "slug": null, "state": "zoom=3",
        "status": "active", "version": made.body["position"]});
    looks_like(&made, &recorded(json!({"link": link})));
    let id = made.body["link"]["id"].as_str().unwrap();
    let one = format!("{path}/links/{id}");
    assert_eq!(made.header("Location"), one);
    looks_like(&owner.get(&one).await, &link);

    let visitor = world.visitor().await;
    let body = json!({"token": token, "password": "a good secret"});
    let opened = visitor.post("/v1/links/open", body).await;
    opened.is(200);
    looks_like(
        &opened,
        &json!({"visit": "<text>", "ends_at": "<time>",
            "item": {"kind": "history", "id": "8f3a", "title": "RNA-seq 4"},
            "permissions": ["browse", "view", "download"], "link": {"id": id},
            "state": "zoom=3", "can_join": false}),
    );
    let used = owner.get(&one).await;
    assert_eq!(used.is(200)["visits"], json!({"used": 1, "max": 50}));

    let revoked = owner.delete(&format!("{one}?cascade=true")).await;
    let expected = json!({"link": {"id": id, "status": "revoked"}, "ended": [], "still_open": []});
    looks_like(&revoked, &recorded(expected));
    assert!(revoked.body["link"].get("token").is_none());
}

#[tokio::test]
async fn a_publication_and_the_catalog_look_as_described() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let wanted = json!({"slug": null, "audience": "anyone", "groups": [], "title": "RNA-seq",
        "description": "Reads", "tags": ["rna"], "preview": "https://app.example/4.png",
        "related": "share"});
    let published = owner.put(&format!("{path}/publication"), wanted).await;
    published.is(200);
    let address = format!("{PUBLIC_URL}/i/history/8f3a");
    let entry = json!({"status": "published", "audience": "anyone", "slug": null,
        "title": "RNA-seq", "address": address, "published_at": "<time>",
        "version": published.body["position"]});
    let also = json!([{"event": "item.visibility_changed", "before": "restricted",
        "after": "public"}]);
    let expected = json!({"publication": entry, "also": also, "opened": [], "left_closed": []});
    looks_like(&published, &recorded(expected));
    looks_like(&owner.get(&format!("{path}/publication")).await, &entry);

    let query = "q=rna&kind=history&tag=rna&owner=a-17&sort=-published_at&limit=25&count=true";
    let catalog = world.nobody().get(&format!("/v1/catalog?{query}")).await;
    catalog.is(200);
    looks_like(
        &catalog,
        &json!({"data": [{"kind": "history", "id": "8f3a", "title": "RNA-seq",
                "description": "Reads", "tags": ["rna"], "owner": {"id": "a-17", "name": null},
                "preview": "https://app.example/4.png", "address": address, "featured": false,
                "published_at": "<time>", "updated_at": "<time>"}],
            "facets": {"kind": [{"value": "history", "count": 1}],
                "tag": [{"value": "rna", "count": 1}]},
            "total": {"value": 1, "exact": true}, "next": null,
            "position": published.body["position"]}),
    );

    let withdrawn = owner.delete(&format!("{path}/publication")).await;
    let open = json!([{"via": "visibility", "visibility": "public", "role": "viewer"}]);
    looks_like(&withdrawn, &recorded(json!({"publication": null, "still_open": open})));
}

#[tokio::test]
async fn an_access_list_and_its_history_look_as_described() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let wanted = json!({"grantees": [{"type": "account", "id": "a-22"}], "role": "viewer",
        "ends_at": "2027-01-01T00:00:00Z", "reason": "review", "ticket": "4711"});
    let shared = owner.post(&format!("{path}/grants"), wanted).await;
    let grant = &shared.body["results"][0]["grant"]["id"];
    let position = shared.is(200)["position"].as_u64().unwrap();

    let list = owner.get(&format!("{path}/access?at_position={position}&count=true")).await;
    list.is(200);
    let given_by = json!({"type": "account", "id": "a-17"});
    let event = format!("{position}-0");
    looks_like(
        &list,
        &json!({"item": {"kind": "history", "id": "8f3a", "title": "RNA-seq 4"},
            "as_of": {"time": "<time>", "position": position}, "known_from": "<time>", "rules": 1,
            "open_to": "restricted", "total": {"value": 2, "exact": true}, "next": null,
            "position": position}),
    );
    let rows = list.body["data"].as_array().unwrap();
    let row = |id: &str| rows.iter().find(|row| row["principal"]["id"] == id).unwrap();
    let reader = json!({"principal": {"type": "account", "id": "a-22"}, "role": "viewer",
        "permissions": ["browse", "view", "download", "copy"],
        "until": "2027-01-01T00:00:00.000000Z",
        "paths": [{"via": "grant", "grant": grant, "role": "viewer", "starts_at": null,
            "ends_at": "2027-01-01T00:00:00.000000Z", "provenance": {"kind": "direct"},
            "given_by": given_by, "events": [event]}]});
    assert!(fits(&reader, row("a-22")), "{:#}", row("a-22"));
    let own = json!({"role": "owner", "until": null, "paths": [{"via": "owner"}]});
    assert!(fits(&own, row("a-17")), "{:#}", row("a-17"));

    let history = owner.get(&format!("{path}/history")).await;
    history.is(200);
    let text = "a-17 granted a-22 the role viewer on history 8f3a until 1 January 2027";
    let expected = json!({"id": event, "time": "<time>", "command": shared.body["command"],
        "type": "grant.given", "v": 1, "outcome": "recorded",
        "actor": {"type": "account", "id": "a-17"}, "via": {"app": "lab", "token": "<tk_>"},
        "item": {"kind": "history", "id": "8f3a"}, "target": {"type": "account", "id": "a-22"},
        "before": null, "after": {"grant": grant, "role": "viewer"}, "reason": "review",
        "ticket": "4711", "undoes": null, "source": null, "rules": 1, "position": position,
        "text": text});
    assert!(fits(&expected, &history.body["data"][0]), "{:#}", history.body["data"][0]);
    let auditor = world.auditor().await;
    let trail = auditor.get("/v1/audit/events?item=history:8f3a&type=grant.").await;
    assert!(fits(&json!([expected]), &trail.is(200)["data"]), "{}", trail.told());
}

#[tokio::test]
async fn an_account_and_its_items_look_as_described() {
    let world = World::start().await;
    let app = world.app().await;
    let address = json!({"address": "ada@example.org", "verified": true});
    let body = json!({"name": "Ada", "addresses": [address]});
    let made = app.put("/v1/accounts/a-22", body).await;
    made.is(201);
    let account = json!({"id": "a-22", "status": "active", "name": "Ada", "addresses": [address],
        "registered_at": "<time>", "version": made.body["position"]});
    looks_like(&made, &recorded(json!({"account": account})));
    assert_eq!(made.header("Location"), "/v1/accounts/a-22");
    looks_like(&app.get("/v1/accounts/a-22").await, &account);
    let audited = world.auditor().await.get("/v1/accounts/a-22").await;
    assert!(audited.is(200).get("addresses").is_none(), "auditors see no addresses");

    let path = world.register("8f3a", "a-17").await;
    let body = json!({"grantees": [{"type": "email", "address": "ada@example.org"}],
        "role": "viewer"});
    world.account("a-17").await.post(&format!("{path}/grants"), body).await.is(200);
    let mine = world.account("a-22").await.get("/v1/accounts/me/items?relation=shared_with").await;
    mine.is(200);
    looks_like(
        &mine,
        &json!({"data": [{"kind": "history", "id": "8f3a", "title": "RNA-seq 4", "role": "viewer",
            "owner": {"type": "account", "id": "a-17"}, "permissions": "<permissions>"}],
            "next": null}),
    );
    let people = world.account("a-17").await.get(&format!("{path}/access?include=people")).await;
    let rows = people.is(200)["data"].as_array().unwrap();
    let row = rows.iter().find(|row| row["principal"]["id"] == "a-22").unwrap();
    assert_eq!(row["person"]["name"], "Ada");

    let gone = app.delete("/v1/accounts/a-22").await;
    looks_like(&gone, &recorded(json!({"account": {"status": "deactivated"}})));
    let erased = app.post("/v1/accounts/a-22/erase", json!({})).await;
    let expected = json!({"account": {"status": "erased", "name": null, "addresses": []}});
    looks_like(&erased, &recorded(expected));
}

#[tokio::test]
async fn the_small_ones_look_as_described() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let visibility = format!("{path}/visibility");
    let public = owner.put(&visibility, json!({"visibility": "public"})).await;
    looks_like(&public, &recorded(json!({"item": {"visibility": "public"}})));

    let sharing = format!("{path}/sharing");
    let now = owner.get(&sharing).await;
    looks_like(&now, &json!({"visibility": "public", "grants": []}));
    let grantee = json!({"type": "account", "id": "a-22"});
    let wanted = json!({"visibility": "restricted", "grants": [
        {"grantee": grantee, "role": "editor"}]});
    let replaced = owner.with("If-Match", now.header("ETag")).put(&sharing, wanted).await;
    let expected = json!({"visibility": "restricted", "grants": [
        {"id": "<gr_>", "grantee": grantee, "role": "editor"}], "ended": []});
    looks_like(&replaced, &recorded(expected));

    let closed = owner.post(&format!("{path}/close"), json!({})).await;
    let counts = json!({"grants": 1, "links": 0, "publications": 0});
    let expected = json!({"item": {"state": "closed", "counts": {"grants": 0, "links": 0}},
        "ended": [{"grantee": grantee, "role": "editor", "cause": "closed"}],
        "ended_counts": counts});
    looks_like(&closed, &recorded(expected));
    let reopened = owner.post(&format!("{path}/reopen"), json!({"restore": "all"})).await;
    looks_like(&reopened, &recorded(json!({"item": {"state": "open"}, "restored": counts})));

    let admin = world.admin();
    let wanted = json!({"role": "app", "label": "shop", "scopes": ["read"]});
    let token = admin.post("/v1/tokens", wanted).await;
    token.is(201);
    let expected = json!({"id": "<tk_>", "role": "app", "label": "shop", "scopes": ["read"],
        "secret": "<text>"});
    looks_like(&token, &recorded(json!({"token": expected})));
    assert!(token.body["token"]["secret"].as_str().unwrap().starts_with("sl_"));
    let list = admin.get("/v1/tokens?limit=2&count=true").await;
    assert_eq!(list.is(200)["data"].as_array().unwrap().len(), 2);
    assert!(!list.text.contains("secret"), "{}", list.told());
    let next = format!("/v1/tokens?limit=2&cursor={}", list.body["next"].as_str().unwrap());
    admin.get(&next).await.is(200);

    let kinds = owner.get("/v1/kinds").await;
    let kinds = kinds.is(200)["data"].as_array().unwrap();
    assert!(kinds.iter().any(|kind| kind["kind"] == "history" && kind["linkable"] == true));
    let statuses = admin.get("/v1/projections").await;
    let names: Vec<_> =
        statuses.is(200)["data"].as_array().unwrap().iter().map(|p| p["name"].clone()).collect();
    let all: Vec<_> = projections::PROJECTIONS.iter().map(|one| json!(one.name())).collect();
    assert_eq!(names, all);
    let row = json!({"version": "<number>", "position": "<number>", "time": "<time>",
        "head": "<number>", "stopped": null});
    assert!(fits(&row, &statuses.body["data"][0]), "{}", statuses.told());
}

#[tokio::test]
async fn a_dry_run_looks_as_described() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants?dry_run=true");
    let head = world.head().await;
    let planned = owner.post(&grants, share("a-22", "viewer")).await;
    planned.is(200);
    let permissions = json!(["browse", "view", "download", "copy"]);
    let sample = json!([{"principal": {"type": "account", "id": "a-22"},
        "permissions": permissions}]);
    looks_like(
        &planned,
        &json!({"status": "planned", "results": [{"result": "granted"}],
            "events": [{"type": "grant.given", "v": 1, "text": "<text>"}],
            "gains": {"count": 1, "sample": sample, "complete": true},
            "loses": {"count": 0, "sample": [], "complete": true}}),
    );
    let many: Vec<Value> =
        (0..30).map(|n| json!({"type": "account", "id": format!("b-{n}")})).collect();
    let planned = owner.post(&grants, json!({"grantees": many, "role": "viewer"})).await;
    assert_eq!(planned.is(200)["gains"]["count"], 30);
    assert_eq!(planned.body["gains"]["sample"].as_array().unwrap().len(), 20);
    assert_eq!(planned.body["gains"]["complete"], false);
    let fresh = registration("a-17", "New");
    let planned = owner.put("/v1/items/history/new?dry_run=true", fresh).await;
    assert_eq!(planned.is(200)["status"], "planned");
    assert_eq!(planned.header("Location"), "");
    let link = owner.post(&format!("{path}/links?dry_run=true"), json!({"role": "viewer"})).await;
    assert!(link.is(200)["link"].get("token").is_none(), "nothing was made that could be opened");
    assert_eq!(world.head().await, head, "nothing was appended");
}

#[tokio::test]
async fn many_items_are_looked_up_as_the_caller_sees_them() {
    let world = World::start().await;
    world.register("1", "a-17").await;
    world.register("2", "a-18").await;
    let refs = json!({"items": [{"kind": "history", "id": "2"}, {"kind": "history", "id": "1"},
        {"kind": "history", "id": "none"}]});
    let found = world.account("a-17").await.post("/v1/items/lookup", refs).await;
    looks_like(
        &found,
        &json!({"data": [{"kind": "history", "id": "2", "found": false, "item": null},
            {"id": "1", "found": true, "item": {"title": "RNA-seq 4"}},
            {"id": "none", "found": false, "item": null}], "next": null}),
    );
}
