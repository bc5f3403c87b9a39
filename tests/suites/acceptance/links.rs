//! Links: make, open, limit, protect, rotate, revoke; visits; the page.

use tests::{Client, Value, World, json, on_both_pairs, service::PUBLIC_URL, world::item};

on_both_pairs!(
    a_link_opens_for_whoever_holds_it_until_it_is_revoked,
    a_link_that_nobody_could_join_by_is_refused,
    a_visit_adds_the_rights_of_its_link,
    a_limited_link_opens_as_often_as_it_says,
    a_password_is_asked_for_and_can_be_changed_and_cleared,
    a_rotated_link_opens_with_the_new_secret_only,
    a_link_works_inside_its_window_only,
    a_link_for_the_entitled_opens_for_nobody_else,
    the_page_of_a_link_consumes_nothing_and_leads_to_the_item,
    forged_and_unknown_tokens_look_alike,
);

/// An item with one link; answers the item's path and the link.
async fn linked(world: &mut World, options: Value) -> (String, Value) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let made = owner.post(&format!("{path}/links"), options).await;
    (path, made.is(201)["link"].clone())
}

async fn open(caller: &Client, link: &Value) -> tests::Answer {
    caller.post("/v1/links/open", json!({"token": link["token"]})).await
}

async fn a_link_opens_for_whoever_holds_it_until_it_is_revoked(mut world: World) {
    let wanted = json!({"label": "reviewers", "role": "viewer", "withhold": ["copy"],
        "audience": "anyone", "state": "zoom=3"});
    let (path, link) = linked(&mut world, wanted).await;
    let id = link["id"].as_str().unwrap_or_default();
    let token = link["token"].as_str().unwrap_or_default();
    assert!(id.starts_with("ln_"), "{link}");
    assert_eq!(link["address"], json!(format!("{PUBLIC_URL}/l/{token}")));
    assert_eq!((&link["label"], &link["status"]), (&json!("reviewers"), &json!("active")));
    assert_eq!(link["has_password"], false);

    let anonymous = world.app().await.anonymous();
    let opened = open(&anonymous, &link).await;
    assert_eq!(opened.is(200)["item"]["id"], "8f3a");
    assert_eq!(opened.str("/item/title"), "A title");
    assert_eq!(opened.str("/state"), "zoom=3");
    assert_eq!(opened.str("/link/id"), id);
    let permissions = opened.list("/permissions");
    assert!(permissions.contains(&json!("view")) && !permissions.contains(&json!("copy")));
    assert!(!permissions.contains(&json!("share")), "a link gives no share");

    let owner = world.account("a-17").await;
    let one = format!("{path}/links/{id}");
    let read = owner.get(&one).await;
    assert_eq!(read.str("/token"), token, "the owner can see the address again");
    let changed = owner.patch(&one, json!({"role": "editor"})).await;
    assert_eq!(changed.is(200)["link"]["role"], "editor");
    let revoked = owner.delete(&one).await;
    assert_eq!(revoked.is(200)["status"], "recorded");
    open(&anonymous, &link).await.problem(404, "not-found");
    let visit = opened.str("/visit");
    anonymous.with("Sharelog-Visit", &visit).get(&path).await.problem(404, "not-found");
    let again = owner.delete(&one).await;
    assert_eq!(again.is(200)["status"], "unchanged");
    assert_eq!(again.body["link"], revoked.body["link"], "the ended link is shown again");
    assert_eq!(again.str("/link/label"), "reviewers");
}

async fn a_link_that_nobody_could_join_by_is_refused(mut world: World) {
    let (path, link) = linked(&mut world, json!({"role": "viewer"})).await;
    let owner = world.account("a-17").await;
    let links = format!("{path}/links");
    let joins = owner.post(&links, json!({"role": "viewer", "joins": true})).await;
    joins.problem(400, "invalid-field");
    let one = format!("{links}/{}", link["id"].as_str().unwrap_or_default());
    owner.patch(&one, json!({"joins": true})).await.problem(400, "invalid-field");
    let opened = open(&world.account("a-22").await, &link).await;
    assert_eq!(opened.is(200)["can_join"], false);
}

async fn a_visit_adds_the_rights_of_its_link(mut world: World) {
    let (path, link) = linked(&mut world, json!({"role": "viewer"})).await;
    let anonymous = world.app().await.anonymous();
    anonymous.get(&path).await.problem(404, "not-found");
    let visit = open(&anonymous, &link).await.str("/visit");
    anonymous.with("Sharelog-Visit", &visit).get(&path).await.is(200);
    let stranger = world.account("a-99").await;
    stranger.with("Sharelog-Visit", &visit).get(&path).await.is(200);
    anonymous.with("Sharelog-Visit", "nonsense").get(&path).await.problem(404, "not-found");
    world.register("history", "other", "a-17").await;
    let other = anonymous.with("Sharelog-Visit", &visit).get(&item("history", "other")).await;
    other.problem(404, "not-found");
}

async fn a_limited_link_opens_as_often_as_it_says(mut world: World) {
    let (path, link) = linked(&mut world, json!({"role": "viewer", "max_visits": 2})).await;
    let anonymous = world.app().await.anonymous();
    let calls = (0..6).map(|_| open(&anonymous, &link));
    let answers = futures::future::join_all(calls).await;
    let opened = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(opened, 2, "exactly as many as the limit, however they race");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.problem(404, "not-found");
    }
    let owner = world.account("a-17").await;
    let read =
        owner.get(&format!("{path}/links/{}", link["id"].as_str().unwrap_or_default())).await;
    assert_eq!(read.is(200)["visits"], json!({"used": 2, "max": 2}));
    assert_eq!(read.str("/status"), "used_up");
}

async fn a_password_is_asked_for_and_can_be_changed_and_cleared(mut world: World) {
    let (path, link) =
        linked(&mut world, json!({"role": "viewer", "password": "first secret"})).await;
    assert_eq!(link["has_password"], true);
    let anonymous = world.app().await.anonymous();
    open(&anonymous, &link).await.problem(403, "link-password-required");
    let with = |password: &str| {
        anonymous.post("/v1/links/open", json!({"token": link["token"], "password": password}))
    };
    with("wrong").await.problem(403, "link-password-wrong");
    let visit = with("first secret").await.str("/visit");
    let visitor = anonymous.with("Sharelog-Visit", &visit);
    visitor.get(&path).await.is(200);

    let owner = world.account("a-17").await;
    let id = link["id"].as_str().unwrap_or_default();
    let password = format!("{path}/links/{id}/password");
    owner.put(&password, json!({"password": "second secret"})).await.is(200);
    visitor.get(&path).await.problem(404, "not-found");
    with("first secret").await.problem(403, "link-password-wrong");
    with("second secret").await.is(200);
    owner.delete(&password).await.is(200);
    open(&anonymous, &link).await.is(200);
}

async fn a_rotated_link_opens_with_the_new_secret_only(mut world: World) {
    let (path, link) = linked(&mut world, json!({"role": "viewer"})).await;
    let anonymous = world.app().await.anonymous();
    let visit = open(&anonymous, &link).await.str("/visit");
    let owner = world.account("a-17").await;
    let id = link["id"].as_str().unwrap_or_default();
    let rotated = owner.post(&format!("{path}/links/{id}/rotate"), json!({})).await;
    assert_eq!(rotated.is(200)["link"]["id"], json!(id), "the same link");
    assert_ne!(rotated.body["link"]["token"], link["token"]);
    open(&anonymous, &link).await.problem(404, "not-found");
    anonymous.with("Sharelog-Visit", &visit).get(&path).await.problem(404, "not-found");
    open(&anonymous, &rotated.body["link"]).await.is(200);
}

async fn a_link_works_inside_its_window_only(mut world: World) {
    let wanted = json!({"role": "viewer", "starts_at": "2999-01-01T00:00:00Z"});
    let (path, link) = linked(&mut world, wanted).await;
    assert_eq!(link["status"], "scheduled");
    let anonymous = world.app().await.anonymous();
    open(&anonymous, &link).await.problem(404, "not-found");
    let owner = world.account("a-17").await;
    let soon = tests::wait::soon(1500);
    let short = json!({"role": "viewer", "ends_at": soon});
    let link = owner.post(&format!("{path}/links"), short).await.is(201)["link"].clone();
    let visit = open(&anonymous, &link).await.str("/visit");
    tests::wait::until("the link has expired", std::time::Duration::from_secs(10), || {
        let asked = open(&anonymous, &link);
        async move { (asked.await.status == 404).then_some(()) }
    })
    .await;
    anonymous.with("Sharelog-Visit", &visit).get(&path).await.problem(404, "not-found");
    let past = json!({"role": "viewer", "ends_at": "2001-01-01T00:00:00Z"});
    let refused = owner.post(&format!("{path}/links"), past).await;
    assert_eq!(refused.problem(422, "rejected")["reason"], "window_in_past");
}

async fn a_link_for_the_entitled_opens_for_nobody_else(mut world: World) {
    let (path, link) = linked(&mut world, json!({"role": "viewer", "audience": "named"})).await;
    world.share(&path, "a-17", "a-22", "viewer").await;
    open(&world.account("a-22").await, &link).await.is(200);
    let stranger = open(&world.account("a-99").await, &link).await;
    assert!([403, 404].contains(&stranger.status.as_u16()), "{}", stranger.dump());
    let anonymous = open(&world.app().await.anonymous(), &link).await;
    anonymous.problem(403, "sign-in-required");
}

async fn the_page_of_a_link_consumes_nothing_and_leads_to_the_item(mut world: World) {
    let (path, link) = linked(&mut world, json!({"role": "viewer", "max_visits": 1})).await;
    let token = link["token"].as_str().unwrap_or_default();
    let visitor = world.without_token();
    for _ in 0..3 {
        let page = visitor.get(&format!("/l/{token}")).await;
        assert!(page.status == 200 || page.status.is_redirection(), "{}", page.dump());
    }
    let owner = world.account("a-17").await;
    let read =
        owner.get(&format!("{path}/links/{}", link["id"].as_str().unwrap_or_default())).await;
    assert_eq!(read.body["visits"]["used"], 0, "looking at the page uses nothing up");
    let page = visitor.get("/i/history/8f3a").await;
    assert!(!page.text.contains("A title"), "an address gives no right: {}", page.text);
    open(&world.app().await.anonymous(), &link).await.is(200);
}

async fn forged_and_unknown_tokens_look_alike(mut world: World) {
    let (_, link) = linked(&mut world, json!({"role": "viewer"})).await;
    let anonymous = world.app().await.anonymous();
    let token = link["token"].as_str().unwrap_or_default();
    let mut forged: Vec<char> = token.chars().collect();
    if let Some(last) = forged.get_mut(12) {
        *last = if *last == 'A' { 'B' } else { 'A' };
    }
    let mut answers = Vec::new();
    for token in [forged.iter().collect::<String>(), "AAAA".to_owned(), "x".repeat(400)] {
        let answer = anonymous.post("/v1/links/open", json!({"token": token})).await;
        answer.problem(404, "not-found");
        answers.push(answer.body["detail"].clone());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}
