//! What every vault engine promises.

use commands::vault::{Entry, Vault};

fn entry(key: &str) -> Entry {
    Entry::new(key, key.into())
}

fn owned(key: &str, owner: &str) -> Entry {
    Entry { key_owner: Some(owner.to_owned()), ..entry(key) }
}

fn stored(entry: &Entry, version: u64) -> Entry {
    Entry { version, ..entry.clone() }
}

async fn put(vault: &dyn Vault, entry: &Entry) {
    assert!(vault.put(entry.clone()).await.unwrap(), "{}", entry.key);
}

async fn keys(vault: &dyn Vault, prefix: &str) -> Vec<String> {
    let entries = vault.list(prefix, None, 99).await.unwrap();
    entries.into_iter().map(|entry| entry.key).collect()
}

pub(crate) async fn an_entry_is_read_back_as_it_was_put(vault: &dyn Vault) {
    let bare = Entry::new("empty", Vec::new());
    let lookups = vec![vec![1; 32], vec![2; 16]];
    let full = Entry { lookups, ..owned("a/b/c", "account/a-1") };
    for entry in [bare, full] {
        put(vault, &entry).await;
        assert_eq!(vault.get(&entry.key).await.unwrap(), Some(stored(&entry, 1)));
    }
}

pub(crate) async fn what_is_missing_is_none(vault: &dyn Vault) {
    assert_eq!(vault.get("a").await.unwrap(), None);
    assert_eq!(vault.list("a", None, 9).await.unwrap(), []);
    assert_eq!(vault.find("a", &[1; 32]).await.unwrap(), []);
    vault.remove("a").await.unwrap();
}

pub(crate) async fn an_entry_changes_only_for_who_knows_its_version(vault: &dyn Vault) {
    assert!(!vault.put(stored(&entry("a"), 1)).await.unwrap(), "it is not there yet");
    let value = |n: u8, version| Entry { version, ..Entry::new("a", vec![n]) };
    let adds = (0..8).map(|n| vault.put(value(n, 0)));
    let added = futures::future::try_join_all(adds).await.unwrap();
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    let changes = (0..8).map(|n| vault.put(value(100 + n, 1)));
    let done = futures::future::try_join_all(changes).await.unwrap();
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    let kept = vault.get("a").await.unwrap().unwrap();
    assert_eq!(kept.version, 2);
    assert!(kept.value.unwrap()[0] >= 100);
}

pub(crate) async fn a_change_replaces_owner_and_lookups(vault: &dyn Vault) {
    let lookups = vec![vec![1; 4], vec![2; 4]];
    put(vault, &Entry { lookups, ..owned("a", "account/a-1") }).await;
    let changed = Entry { version: 1, lookups: vec![vec![2; 4], vec![3; 4]], ..entry("a") };
    put(vault, &changed).await;
    assert_eq!(vault.find("", &[1; 4]).await.unwrap(), []);
    assert_eq!(vault.find("", &[3; 4]).await.unwrap(), [stored(&changed, 2)]);
    vault.forget("account/a-1", "tombstone").await.unwrap();
    assert_eq!(vault.get("a").await.unwrap(), Some(stored(&changed, 2)));
}

pub(crate) async fn entries_are_listed_by_the_beginning_of_their_keys_in_pages(vault: &dyn Vault) {
    for key in ["w/2/x", "w/1/y", "w/1/x", "w/1", "v", "w/10", "W/1"] {
        put(vault, &entry(key)).await;
    }
    assert_eq!(keys(vault, "w/1/").await, ["w/1/x", "w/1/y"]);
    assert_eq!(keys(vault, "").await, ["W/1", "v", "w/1", "w/1/x", "w/1/y", "w/10", "w/2/x"]);
    let page = vault.list("w/", Some("w/1"), 2).await.unwrap();
    assert_eq!(page, [stored(&entry("w/1/x"), 1), stored(&entry("w/1/y"), 1)]);
}

pub(crate) async fn entries_are_found_by_digest_below_a_prefix(vault: &dyn Vault) {
    let digest = vec![7; 32];
    for key in ["row/b", "row/a", "other/a"] {
        put(vault, &Entry { lookups: vec![vec![1; 32], digest.clone()], ..entry(key) }).await;
    }
    put(vault, &entry("row/c")).await;
    let found = vault.find("row/", &digest).await.unwrap();
    let found: Vec<&str> = found.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(found, ["row/a", "row/b"]);
    vault.remove("row/a").await.unwrap();
    assert_eq!(vault.find("row/", &digest).await.unwrap().len(), 1);
    assert_eq!(vault.find("row/", &digest[..31]).await.unwrap(), []);
}

pub(crate) async fn an_entry_is_removed_with_all_below_it(vault: &dyn Vault) {
    for key in ["w/1", "w/1/x", "w/1/y/z", "w/10", "w/2", "w"] {
        put(vault, &entry(key)).await;
    }
    vault.remove("w/1").await.unwrap();
    assert_eq!(keys(vault, "").await, ["w", "w/10", "w/2"]);
    put(vault, &entry("w/1")).await;
    vault.remove("w/").await.unwrap();
    assert_eq!(keys(vault, "").await, ["w", "w/1", "w/10", "w/2"], "a key ends with no divider");
}

pub(crate) async fn forgetting_leaves_a_tombstone_and_nothing_else(vault: &dyn Vault) {
    let key = Entry { lookups: vec![vec![5; 16]], ..owned("key/1", "account/a-1") };
    let others = [owned("row/2", "account/a-2"), entry("row/3")];
    let rows = [owned("row/1", "account/a-1"), owned("key/1/x", "account/a-1")];
    for entry in [&key].into_iter().chain(&others).chain(&rows) {
        put(vault, entry).await;
    }
    for _ in 0..2 {
        vault.forget("account/a-1", "key/1").await.unwrap();
    }
    assert_eq!(vault.list("row/", None, 9).await.unwrap(), others.map(|e| stored(&e, 1)));
    let tombstone = Entry { value: None, ..stored(&key, 2) };
    let listed = vault.list("key/", None, 9).await.unwrap();
    assert_eq!(listed, vault.find("key/", &[5; 16]).await.unwrap());
    assert_eq!(listed, [tombstone]);
}

pub(crate) async fn forgetting_who_never_had_anything_leaves_a_tombstone(vault: &dyn Vault) {
    vault.forget("account/a-1", "key/1").await.unwrap();
    let kept = vault.get("key/1").await.unwrap().unwrap();
    assert_eq!(kept.value, None);
    assert_eq!(kept.key_owner.as_deref(), Some("account/a-1"));
}

pub(crate) async fn a_tombstone_is_neither_changed_nor_removed(vault: &dyn Vault) {
    put(vault, &owned("key/1", "account/a-1")).await;
    vault.forget("account/a-1", "key/1").await.unwrap();
    let tombstone = vault.get("key/1").await.unwrap().unwrap();
    for version in 0..4 {
        assert!(!vault.put(stored(&entry("key/1"), version)).await.unwrap(), "{version}");
    }
    vault.remove("key/1").await.unwrap();
    vault.remove("key").await.unwrap();
    assert_eq!(vault.get("key/1").await.unwrap(), Some(tombstone));
}
