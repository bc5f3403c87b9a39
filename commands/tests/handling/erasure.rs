//! Private data is kept where it can be erased, and is erased.

use crate::{troubled::TroubledLog, world::*};
use commands::{
    AccountCommand, Address, CommandError, Commands, Dependencies, GranteeRef, Profile,
    ProfilePatch, Request, Secret,
    vault::{RowKind, Vault, memory::MemoryVault},
};
use domain::{
    item::{ItemCommand, ItemState},
    rejection::{Reason, Rejection, ShareResult},
    role::Role,
};
use std::{sync::Arc, time::Duration};

fn profile(address: &str) -> Profile {
    Profile {
        name: Some("Somebody Planted".to_owned()),
        addresses: vec![Address { address: address.to_owned(), verified: true }],
    }
}

fn title(state: &ItemState) -> Option<String> {
    state.description.title.as_ref().unwrap().as_plain().map(str::to_owned)
}

#[tokio::test]
async fn an_address_leads_to_the_account_that_has_it() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        put(&one, "a-2", profile("Some.Body@Example.org")).await.unwrap();
        let item = registered(&one).await;
        let asked = vec![GranteeRef::Email(" some.body@example.ORG ".to_owned())];
        let shared = two.share(&by("a-1"), &item, asked.clone(), share(Role::Viewer)).await;
        assert!(matches!(shared.unwrap().results[..], [ShareResult::Granted { .. }]));
        // Another profile: the address is free again.
        put(&one, "a-2", profile("other@example.org")).await.unwrap();
        let error = two.share(&by("a-1"), &item, asked, share(Role::Viewer)).await;
        let Err(CommandError::Rejected(Rejection::NothingApplied(results))) = error else {
            panic!("{error:?}")
        };
        let reason = Reason::UnknownAddress;
        assert!(matches!(&results[..], [ShareResult::Refused { reason: r, .. }] if *r == reason));
    }
}

#[tokio::test]
async fn nobody_confirms_the_own_address() {
    let world = World::memory();
    let node = world.node().await;
    let own = AccountCommand::Put(profile("owner@example.org"));
    let outcome = node.account(&by("a-2"), &account("a-2"), own).await.unwrap();
    let kept = node.profile(&outcome.after).await.unwrap().unwrap();
    assert!(!kept.addresses[0].verified);
    let item = registered(&node).await;
    let asked = vec![GranteeRef::Email("owner@example.org".to_owned())];
    node.share(&by("a-1"), &item, asked, share(Role::Viewer)).await.unwrap_err();
    let other = AccountCommand::Put(Profile::default());
    node.account(&by("a-2"), &account("a-3"), other).await.unwrap_err();
}

#[tokio::test]
async fn a_profile_that_says_the_same_changes_nothing() {
    let world = World::memory();
    let node = world.node().await;
    put(&node, "a-2", profile("a@example.org")).await.unwrap();
    let again = put(&node, "a-2", profile("a@example.org")).await.unwrap();
    assert_eq!(again.status, commands::Status::Unchanged);
    let name = Some(Some("New".to_owned()));
    let patch = AccountCommand::Patch(ProfilePatch { name, addresses: None });
    let changed = node.account(&app(), &account("a-2"), patch).await.unwrap();
    let kept = node.profile(&changed.after).await.unwrap().unwrap();
    assert_eq!(kept.name.as_deref(), Some("New"));
    assert_eq!(kept.addresses[0].address, "a@example.org");
}

#[tokio::test]
async fn planted_secrets_are_nowhere_on_the_log_and_after_erasure_nowhere_at_all() {
    for mut world in World::embedded().await {
        let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
        world.vault = vault.clone();
        let node = world.node().await;
        put(&node, "a-1", profile("planted@example.org")).await.unwrap();
        let item = item("history:1");
        let register = registration("a-1", "PLANTED-TITLE");
        node.item(&app(), &item, register).await.unwrap();
        let reason = Some("PLANTED-REASON".to_owned());
        let request = Request { reason, ..keyed(by("a-1"), "PLANTED-KEY", "PLANTED-BODY") };
        let password = Some(Secret::new("PLANTED-PASSWORD"));
        let made = node.create_link(&request, &item, link(), password).await.unwrap();
        let token = token_of(&node, &made.after);
        let log = world.log_text().await.to_lowercase();
        for planted in
            ["planted", "example.org", "somebody", "reviewers", "zoom=3", &token.to_lowercase()]
        {
            assert!(!log.contains(planted), "{planted}");
        }
        let other = world.node().await;
        let state = other.load_item(&item).await.unwrap();
        assert_eq!(title(&state).as_deref(), Some("PLANTED-TITLE"));
        node.account(&app(), &account("a-1"), AccountCommand::Erase).await.unwrap();
        assert_eq!(title(&node.load_item(&item).await.unwrap()), None);
        other.erase().await.unwrap();
        assert_eq!(title(&other.load_item(&item).await.unwrap()), None);
        assert_eq!(vault.list_rows(RowKind::Profile, None, 9).await.unwrap(), []);
        assert_eq!(vault.list_rows(RowKind::Password, None, 9).await.unwrap(), []);
        let key = vault.data_key_of("account/a-1").await.unwrap().unwrap();
        assert_eq!(key.wrapped, None);
        let erased = node.load_account(&account("a-1")).await.unwrap();
        assert_eq!(node.profile(&erased).await.unwrap(), None);
        // Nobody can act for it, and nothing new is sealed for it.
        node.item(&by("a-1"), &item, ItemCommand::Close).await.unwrap_err();
    }
}

/// An erasure that another node has carried out in the vault, checkpoint and all, is still to be
/// carried out in a node's own memory.
pub(crate) async fn what_another_node_erased_is_forgotten(one: &Commands, two: &Commands) {
    put(one, "a-1", profile("planted@example.org")).await.unwrap();
    let item = registered(one).await;
    assert_eq!(title(&two.load_item(&item).await.unwrap()).as_deref(), Some("RNA"));
    one.account(&app(), &account("a-1"), AccountCommand::Erase).await.unwrap();
    one.erase().await.unwrap();
    two.erase().await.unwrap();
    assert_eq!(title(&two.load_item(&item).await.unwrap()), None);
}

#[tokio::test]
async fn each_node_forgets_what_another_one_erased_in_the_vault() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        what_another_node_erased_is_forgotten(&one, &two).await;
    }
}

#[tokio::test]
async fn an_eraser_that_broke_off_goes_on_from_its_own_place() {
    for world in World::embedded().await {
        let one = world.node().await;
        let log = Arc::new(TroubledLog::new(world.log.clone()));
        let two = Commands::open(Dependencies { log: log.clone(), ..world.parts() }).await.unwrap();
        put(&one, "a-1", profile("planted@example.org")).await.unwrap();
        let item = registered(&one).await;
        let following = two.clone();
        let follower = tokio::spawn(async move { following.run_erasure_worker().await });
        assert_eq!(title(&two.load_item(&item).await.unwrap()).as_deref(), Some("RNA"));
        tokio::time::sleep(Duration::from_millis(50)).await;
        log.set_broken(true);
        one.account(&app(), &account("a-1"), AccountCommand::Erase).await.unwrap();
        one.erase().await.unwrap();
        log.set_broken(false);
        let forgotten = async {
            while title(&two.load_item(&item).await.unwrap()).is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), forgotten).await.unwrap();
        follower.abort();
    }
}

#[tokio::test]
async fn a_vault_restored_from_a_backup_erases_again_before_it_serves() {
    let world = World::memory();
    let node = world.node().await;
    put(&node, "a-1", profile("planted@example.org")).await.unwrap();
    // The backup: the vault as it is now, with the checkpoint it has now.
    let backup = world.bare_vault().await;
    let key = world.vault.data_key_of("account/a-1").await.unwrap().unwrap();
    backup.add_data_key(key).await.unwrap();
    for row in world.vault.list_rows(RowKind::Profile, None, 9).await.unwrap() {
        backup.add_row(row).await.unwrap();
    }
    node.account(&app(), &account("a-1"), AccountCommand::Erase).await.unwrap();
    let mut parts = world.parts();
    parts.vault = backup.clone();
    Commands::open(parts).await.unwrap();
    assert_eq!(backup.list_rows(RowKind::Profile, None, 9).await.unwrap(), []);
    assert_eq!(backup.data_key_of("account/a-1").await.unwrap().unwrap().wrapped, None);
}

#[tokio::test]
async fn rows_that_nothing_refers_to_are_collected_after_a_day() {
    const DAY: i64 = 24 * 60 * 60 + 1;
    let world = World::memory();
    let node = world.node().await;
    put(&node, "a-2", profile("old@example.org")).await.unwrap();
    put(&node, "a-2", profile("new@example.org")).await.unwrap();
    let rows = || async { world.vault.list_rows(RowKind::Profile, None, 9).await.unwrap().len() };
    assert_eq!(rows().await, 2);
    world.clock.advance_seconds(DAY);
    assert_eq!(node.collect().await.unwrap(), 0, "it is seen unreferenced for the first time");
    assert_eq!(node.collect().await.unwrap(), 0);
    world.clock.advance_seconds(DAY);
    assert_eq!(node.collect().await.unwrap(), 1);
    assert_eq!(rows().await, 1);
    let state = node.load_account(&account("a-2")).await.unwrap();
    assert!(node.profile(&state).await.unwrap().is_some());
}
