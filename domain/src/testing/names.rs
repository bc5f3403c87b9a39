//! The names that examples use.

use crate::{
    event::{ItemEvent, ItemRegistered},
    id::{AccountId, CommitId, GrantId, GroupId, ItemId, ItemRef, KindName, LinkId, VaultId},
    principal::Grantee,
    private_text::Sealed,
    time::Time,
};
use uuid::Uuid;

/// An account; panics on a text that is no id.
#[expect(clippy::expect_used, reason = "an example with a wrong name is a mistake in a test")]
pub fn account(id: &str) -> AccountId {
    AccountId::parse(id).expect("an account id")
}

/// A group; panics on a text that is no id.
#[expect(clippy::expect_used, reason = "an example with a wrong name is a mistake in a test")]
pub fn group(id: &str) -> GroupId {
    GroupId::parse(id).expect("a group id")
}

/// An item; panics on texts that are no kind and id.
#[expect(clippy::expect_used, reason = "an example with a wrong name is a mistake in a test")]
pub fn item(kind: &str, id: &str) -> ItemRef {
    let kind = KindName::parse(kind).expect("a kind");
    ItemRef { kind, id: ItemId::parse(id).expect("an item id") }
}

/// An account as a grantee.
pub fn to_account(id: &str) -> Grantee {
    Grantee::Account(account(id))
}

/// A group as a grantee.
pub fn to_group(id: &str) -> Grantee {
    Grantee::Group(group(id))
}

/// The n-th grant.
pub const fn grant_id(n: u128) -> GrantId {
    GrantId(Uuid::from_u128(n))
}

/// The n-th link.
pub const fn link_id(n: u128) -> LinkId {
    LinkId(Uuid::from_u128(n))
}

/// The n-th row of the vault.
pub const fn vault_id(n: u128) -> VaultId {
    VaultId(Uuid::from_u128(n))
}

/// The n-th commit.
pub const fn commit_id(n: u128) -> CommitId {
    CommitId(Uuid::from_u128(n))
}

/// So many hours after the beginning of 2026.
pub const fn hour(n: i64) -> Time {
    const BEGIN: i64 = 1_767_225_600;
    Time::EPOCH.plus_seconds(BEGIN + 3_600 * n)
}

/// A sealed form for a plain text that no vault sealed: it can be stored, not opened.
pub fn dummy_seal(commit: CommitId, field: &str) -> Sealed {
    let text = "c2VhbGVk".to_owned();
    Sealed { key: Uuid::nil(), commit, field: field.to_owned(), text }
}

/// `item.registered` without a description.
pub fn registered(owner: &str) -> ItemEvent {
    let (owner, description) = (account(owner), crate::event::Description::default());
    ItemEvent::Registered(ItemRegistered { owner, description, in_library: true })
}
