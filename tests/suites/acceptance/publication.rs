//! Publish, search the catalog, unpublish.

use tests::{Answer, World, json, on_both_pairs, world::item};

on_both_pairs!(
    publishing_lists_and_raises_visibility_in_one_commit,
    the_catalog_is_searched_filtered_counted_and_paged,
    restricting_visibility_unpublishes,
    only_some_fields_of_a_publication_change,
);

async fn publish(world: &mut World, id: &str, title: &str, tags: &[&str]) -> Answer {
    world.register("history", id, "a-17").await;
    let owner = world.account("a-17").await;
    let wanted = json!({"audience": "anyone", "title": title, "description": "Reads of a mouse",
        "tags": tags});
    let answer = owner.put(&format!("{}/publication", item("history", id)), wanted).await;
    answer.ok();
    answer
}

async fn publishing_lists_and_raises_visibility_in_one_commit(mut world: World) {
    let published = publish(&mut world, "8f3a", "RNA-seq 4", &["rna"]).await;
    assert_eq!(published.str("/publication/status"), "published");
    assert_eq!(published.str("/publication/audience"), "anyone");
    let also = &published.body["also"][0];
    assert_eq!((&also["before"], &also["after"]), (&json!("restricted"), &json!("public")));
    let anonymous = world.without_token().after(&published);
    let catalog = anonymous.get("/v1/catalog?q=rna&kind=history&count=true").await;
    assert_eq!(catalog.is(200)["data"][0]["id"], "8f3a");
    assert_eq!(catalog.str("/data/0/title"), "RNA-seq 4");
    assert_eq!(catalog.body["total"], json!({"value": 1, "exact": true}));
    let path = item("history", "8f3a");
    world.app().await.anonymous().get(&path).await.is(200);

    let owner = world.account("a-17").await;
    let withdrawn = owner.delete(&format!("{path}/publication")).await;
    assert!(!withdrawn.list("/still_open").is_empty(), "unpublishing keeps visibility and says so");
    let empty = world.without_token().after(&withdrawn).get("/v1/catalog").await;
    assert_eq!(empty.list("/data").len(), 0);
    world.app().await.anonymous().get(&path).await.is(200);
}

async fn the_catalog_is_searched_filtered_counted_and_paged(mut world: World) {
    let mut last = None;
    for (id, title, tags) in [
        ("1", "Alpha sequencing", &["rna", "mouse"][..]),
        ("2", "Beta sequencing", &["dna"]),
        ("3", "Gamma imaging", &["rna"]),
        ("4", "Delta imaging", &["rna"]),
    ] {
        last = Some(publish(&mut world, id, title, tags).await);
    }
    let anonymous = world.without_token().after(&last.expect("a publication"));
    let ids = |answer: &Answer| -> Vec<String> {
        let rows = answer.list("/data");
        rows.iter().map(|row| row["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let found = anonymous.get("/v1/catalog?q=sequen&sort=title").await;
    assert_eq!(ids(&found), ["1", "2"], "words match from their beginning on");
    assert_eq!(ids(&anonymous.get("/v1/catalog?q=sequencing%20beta").await), ["2"], "all words");
    assert_eq!(ids(&anonymous.get("/v1/catalog?q=ALPHA").await), ["1"], "whatever the case");
    assert_eq!(ids(&anonymous.get("/v1/catalog?tag=dna").await), ["2"]);
    assert_eq!(ids(&anonymous.get("/v1/catalog?owner=a-17&tag=mouse").await), ["1"]);
    assert!(ids(&anonymous.get("/v1/catalog?owner=a-99").await).is_empty());
    let newest = anonymous.get("/v1/catalog?sort=-published_at").await;
    assert_eq!(ids(&newest), ["4", "3", "2", "1"]);
    let facets = newest.body["facets"].clone();
    let tags = facets["tag"].as_array().cloned().unwrap_or_default();
    assert!(tags.contains(&json!({"value": "rna", "count": 3})), "{facets}");

    let first = anonymous.get("/v1/catalog?sort=title&limit=3&count=true").await;
    assert_eq!(ids(&first), ["1", "2", "4"]);
    assert_eq!(first.number("/total/value"), 4);
    let cursor = first.str("/next");
    let second = anonymous.get(&format!("/v1/catalog?sort=title&limit=3&cursor={cursor}")).await;
    assert_eq!(ids(&second), ["3"]);
    assert!(second.body["next"].is_null());
    let other =
        anonymous.get(&format!("/v1/catalog?sort=title&tag=rna&limit=3&cursor={cursor}")).await;
    other.problem(400, "cursor-mismatch");
}

async fn restricting_visibility_unpublishes(mut world: World) {
    publish(&mut world, "8f3a", "RNA-seq 4", &[]).await;
    let owner = world.account("a-17").await;
    let path = item("history", "8f3a");
    let restricted =
        owner.put(&format!("{path}/visibility"), json!({"visibility": "restricted"})).await;
    restricted.is(200);
    let catalog = world.without_token().after(&restricted).get("/v1/catalog").await;
    assert_eq!(catalog.list("/data").len(), 0);
    assert!(owner.get(&path).await.body["publication"].is_null());
}

async fn only_some_fields_of_a_publication_change(mut world: World) {
    publish(&mut world, "8f3a", "RNA-seq 4", &["rna"]).await;
    let owner = world.account("a-17").await;
    let path = format!("{}/publication", item("history", "8f3a"));
    let read = owner.get(&path).await;
    assert_eq!(read.is(200)["title"], "RNA-seq 4", "{}", read.dump());
    let wanted = json!({"audience": "internal", "title": "RNA-seq 5", "tags": []});
    let updated = owner.put(&path, wanted).await;
    assert_eq!(updated.is(200)["publication"]["audience"], "internal");
    let open = updated.list("/still_open");
    assert_eq!(open[0]["visibility"], "public", "narrowing the entry keeps it: {open:?}");
    let anonymous = world.without_token().after(&updated).get("/v1/catalog").await;
    assert_eq!(anonymous.list("/data").len(), 0, "internal entries are for accounts");
    let account = world.account("a-99").await.after(&updated).get("/v1/catalog").await;
    assert_eq!(account.str("/data/0/title"), "RNA-seq 5");
}
