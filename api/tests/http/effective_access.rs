//! Reads and commands know the same permissions: those that flow from containers and libraries
//! too, and not less where these are not known.

use crate::world::{World, share};
use async_trait::async_trait;
use commands::{AccountFacts, Authority, CommandError, KnownEnds};
use domain::{
    id::{AccountId, ItemRef},
    position::Position,
    role::{Permissions, Role},
    time::Time,
};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// What a rigged authority says of every account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said {
    /// This flows to it from containers.
    ThroughContainers(Permissions),
    /// That is not known now.
    Unknown,
}

/// An authority that a test makes say something else.
#[derive(Debug)]
pub(crate) struct RiggedAuthority {
    authority: Arc<dyn Authority>,
    said: Mutex<Option<Said>>,
}

impl RiggedAuthority {
    pub(crate) fn new(authority: Arc<dyn Authority>) -> Self {
        Self { authority, said: Mutex::default() }
    }

    pub(crate) fn say(&self, said: Said) {
        *self.said.lock().unwrap() = Some(said);
    }
}

#[async_trait]
impl Authority for RiggedAuthority {
    async fn account_facts(
        &self,
        account: &AccountId,
        item: &ItemRef,
        at_least: Position,
        now: Time,
    ) -> Result<AccountFacts, CommandError> {
        let said = *self.said.lock().unwrap();
        if matches!(said, Some(Said::Unknown)) {
            return Err(CommandError::NotYetVisible);
        }
        let mut facts = self.authority.account_facts(account, item, at_least, now).await?;
        if let Some(Said::ThroughContainers(permissions)) = said {
            facts.through_containers = permissions;
        }
        Ok(facts)
    }

    async fn ends(&self, most: usize) -> Result<Option<KnownEnds>, CommandError> {
        self.authority.ends(most).await
    }
}

#[tokio::test]
async fn what_flows_from_a_container_counts_for_reads_as_for_commands() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let manager = world.account("a-22").await;
    manager.get(&path).await.problem(404, "not-found");
    let given = Role::Manager.permissions();
    world.authority.say(Said::ThroughContainers(given));
    let shared = manager.post(&format!("{path}/grants"), share("a-23", "viewer")).await;
    shared.is(200);
    for part in ["", "/grants", "/access"] {
        let read = manager.get(&format!("{path}{part}")).await;
        read.is(200);
    }
    let item = manager.get(&path).await;
    assert_eq!(item.body["you_may"], json!(given));
}

#[tokio::test]
async fn where_permissions_are_not_known_no_read_says_that_there_is_no_item() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let viewer = world.account("a-22").await;
    let stranger = world.account("a-23").await;
    owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    world.authority.say(Said::Unknown);
    // What the item itself says is exact.
    owner.get(&path).await.is(200);
    viewer.get(&path).await.is(200);
    for (caller, part) in [(&stranger, ""), (&stranger, "/grants"), (&viewer, "/access")] {
        let read = caller.get(&format!("{path}{part}")).await;
        assert_eq!(read.status, 503, "{part}: {}", read.told());
    }
    let shared = stranger.post(&format!("{path}/grants"), share("a-24", "viewer")).await;
    assert_eq!(shared.status, 503, "{}", shared.told());
}
