//! Share, change, unshare, leave, replace the whole list.

use tests::{
    Value, World, json, on_both_pairs,
    world::{item, share},
};

on_both_pairs!(
    a_share_answers_for_every_grantee_and_can_be_changed_and_ended,
    a_recipient_leaves_by_itself,
    nobody_gives_more_than_the_own_role,
    the_whole_list_is_replaced_only_with_its_version,
    a_grant_works_inside_its_window_only,
    strangers_do_not_learn_that_an_item_exists,
);

async fn a_share_answers_for_every_grantee_and_can_be_changed_and_ended(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let asked = json!({"grantees": [{"type": "account", "id": "a-22"},
        {"type": "account", "id": "a-17"}], "role": "viewer", "ticket": "4711"});
    let shared = owner.post(&grants, asked).await;
    shared.is(200);
    assert_eq!(shared.str("/results/0/result"), "granted");
    assert_eq!(shared.str("/results/1/result"), "refused");
    assert_eq!(shared.str("/results/1/reason"), "self_share");
    let counts = json!({"granted": 1, "changed": 0, "unchanged": 0, "invited": 0, "refused": 1});
    assert_eq!(shared.body["counts"], counts);
    let grant = shared.str("/results/0/grant/id");
    assert!(grant.starts_with("gr_"), "{grant}");

    let again = owner.post(&grants, share("a-22", "viewer")).await;
    assert_eq!(again.is(200)["status"], "unchanged", "{}", again.dump());
    assert_eq!(again.str("/results/0/result"), "unchanged");
    let kept = owner.post(&grants, share("a-22", "editor")).await;
    assert_eq!(kept.is(200)["results"][0]["grant"]["role"], "viewer", "on_existing: keep");
    let nothing = owner.post(&grants, share("a-17", "viewer")).await;
    assert!(nothing.problem(422, "nothing-applied")["results"].is_array());

    let one = format!("{grants}/{grant}");
    let version = shared.body["results"][0]["grant"]["version"].clone();
    let change = json!({"role": "editor", "ends_at": null});
    let changed = owner.patch(&one, change.clone()).if_match(&version).await;
    assert_eq!(changed.is(200)["grant"]["role"], "editor");
    assert_eq!(changed.body["before"]["role"], "viewer");
    let stale = owner.patch(&one, json!({"role": "viewer"})).if_match(&version).await;
    stale.problem(412, "precondition-failed");

    let reader = world.account("a-22").await;
    assert!(reader.get(&path).await.list("/you_may").contains(&json!("edit")));
    let ended = owner.delete(&format!("{grants}/account/a-22")).await;
    assert_eq!(ended.is(200)["ended"][0]["grant"], json!(grant));
    assert_eq!(ended.str("/ended/0/cause"), "unshared");
    assert_eq!(ended.str("/ended/0/role"), "editor");
    reader.get(&path).await.problem(404, "not-found");
    let again = owner.delete(&one).await;
    assert_eq!(again.is(200)["status"], "unchanged", "what has ended, has ended");
    let never = format!("{grants}/gr_018f0000000070008000000000000000");
    owner.delete(&never).await.problem(404, "not-found");
}

async fn a_recipient_leaves_by_itself(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.share(&path, "a-17", "a-22", "viewer").await;
    let reader = world.account("a-22").await;
    let left = reader.delete(&format!("{path}/grants/me")).await;
    assert_eq!(left.is(200)["ended"][0]["cause"], "left");
    reader.get(&path).await.problem(404, "not-found");
}

async fn nobody_gives_more_than_the_own_role(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.share(&path, "a-17", "a-22", "manager").await;
    world.share(&path, "a-17", "a-23", "viewer").await;
    let grants = format!("{path}/grants");
    let manager = world.account("a-22").await;
    manager.post(&grants, share("a-30", "editor")).await.is(200);
    manager.delete(&format!("{grants}/account/a-17")).await;
    let owner = world.account("a-17").await;
    owner.get(&path).await.is(200);
    let viewer = world.account("a-23").await;
    viewer.post(&grants, share("a-31", "viewer")).await.problem(403, "not-permitted");
    viewer.post(&format!("{path}/close"), json!({})).await.problem(403, "not-permitted");
}

async fn the_whole_list_is_replaced_only_with_its_version(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.share(&path, "a-17", "a-22", "viewer").await;
    world.share(&path, "a-17", "a-23", "viewer").await;
    let owner = world.account("a-17").await;
    let sharing = format!("{path}/sharing");
    let now = owner.get(&sharing).await;
    assert_eq!(now.is(200)["grants"].as_array().map(Vec::len), Some(2), "{}", now.dump());
    let wanted = json!({"visibility": "internal", "grants": [
        {"grantee": {"type": "account", "id": "a-22"}, "role": "editor"},
        {"grantee": {"type": "account", "id": "a-24"}, "role": "viewer"}]});
    owner.put(&sharing, wanted.clone()).await.problem(428, "precondition-required");
    let etag = now.header("ETag");
    world.share(&path, "a-17", "a-25", "viewer").await;
    let late = owner.put(&sharing, wanted.clone()).header("If-Match", &etag).await;
    late.problem(412, "precondition-failed");
    let etag = owner.get(&sharing).await.header("ETag");
    let replaced = owner.put(&sharing, wanted).header("If-Match", &etag).await;
    assert_eq!(replaced.is(200)["status"], "recorded");
    let after = owner.get(&sharing).await;
    assert_eq!(after.is(200)["visibility"], "internal");
    let mut names: Vec<Value> =
        after.list("/grants").iter().map(|grant| grant["grantee"]["id"].clone()).collect();
    names.sort_by_key(Value::to_string);
    assert_eq!(names, [json!("a-22"), json!("a-24")]);
}

async fn a_grant_works_inside_its_window_only(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let mut future = share("a-22", "viewer");
    future["starts_at"] = json!("2999-01-01T00:00:00Z");
    owner.post(&grants, future).await.is(200);
    world.account("a-22").await.get(&path).await.problem(404, "not-found");
    let mut past = share("a-23", "viewer");
    past["ends_at"] = json!("2001-01-01T00:00:00Z");
    let refused = owner.post(&grants, past).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.dump());
    let soon = tests::wait::soon(1500);
    let mut short = share("a-24", "viewer");
    short["ends_at"] = json!(soon);
    owner.post(&grants, short).await.is(200);
    let reader = world.account("a-24").await;
    reader.get(&path).await.is(200);
    tests::wait::until("the grant has ended", std::time::Duration::from_secs(10), || {
        let asked = reader.get(&path);
        async move { (asked.await.status == 404).then_some(()) }
    })
    .await;
}

async fn strangers_do_not_learn_that_an_item_exists(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let stranger = world.account("a-99").await;
    let (here, there) = (stranger.get(&path).await, stranger.get(&item("history", "none")).await);
    here.problem(404, "not-found");
    there.problem(404, "not-found");
    assert_eq!(here.body["detail"], there.body["detail"], "the two look alike");
    for path in
        ["access", "history", "grants", "links", "sharing"].map(|part| format!("{path}/{part}"))
    {
        stranger.get(&path).await.problem(404, "not-found");
    }
    stranger
        .post(&format!("{path}/grants"), share("a-99", "viewer"))
        .await
        .problem(404, "not-found");
}
