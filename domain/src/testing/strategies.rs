//! Strategies for ids and names of streams.

use crate::{
    id::{AccountId, GroupId, ItemId, ItemRef, KindName, LinkId, TokenId, WebhookId},
    stream::StreamName,
};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use uuid::Uuid;

const NAME: &str = "[A-Za-z0-9._~:-]{1,128}";

/// Items with ids of any form.
pub fn items() -> impl Strategy<Value = ItemRef> {
    (NAME, "[a-z0-9_]{1,32}").prop_filter_map("no id", |(id, kind)| {
        Some(ItemRef { kind: KindName::parse(kind).ok()?, id: ItemId::parse(id).ok()? })
    })
}

/// Accounts with ids of any form.
pub fn accounts() -> impl Strategy<Value = AccountId> {
    NAME.prop_filter_map("no id", |id| AccountId::parse(id).ok())
}

/// Streams of every kind.
pub fn streams() -> impl Strategy<Value = StreamName> {
    let uuid = any::<u128>().prop_map(Uuid::from_u128);
    prop_oneof![
        items().prop_map(StreamName::Item),
        accounts().prop_map(StreamName::Account),
        NAME.prop_filter_map("no id", |id| GroupId::parse(id).ok()).prop_map(StreamName::Group),
        uuid.clone().prop_map(|id| StreamName::Link(LinkId(id))),
        uuid.clone().prop_map(|id| StreamName::Token(TokenId(id))),
        uuid.prop_map(|id| StreamName::Webhook(WebhookId(id))),
        Just(StreamName::System),
    ]
}
