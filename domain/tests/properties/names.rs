//! Ids, streams, positions and times read back as they were written.

use domain::{
    id::{
        AccountId, GrantId, GroupId, ItemId, ItemRef, KindName, LinkId, TokenId, VaultId, VisitId,
        WebhookId,
    },
    position::{EventId, Position},
    principal::Principal,
    stream::StreamName,
    time::Time,
};
use proptest::prelude::*;
use uuid::Uuid;

const NAME: &str = "[A-Za-z0-9._~:-]{1,128}";

fn item() -> impl Strategy<Value = ItemRef> {
    (NAME, "[a-z0-9_]{1,32}").prop_filter_map("no id", |(id, kind)| {
        Some(ItemRef { kind: KindName::parse(kind).ok()?, id: ItemId::parse(id).ok()? })
    })
}

fn account() -> impl Strategy<Value = AccountId> {
    NAME.prop_filter_map("no id", |id| AccountId::parse(id).ok())
}

fn stream() -> impl Strategy<Value = StreamName> {
    let uuid = any::<u128>().prop_map(Uuid::from_u128);
    prop_oneof![
        item().prop_map(StreamName::Item),
        account().prop_map(StreamName::Account),
        NAME.prop_filter_map("no id", |id| GroupId::parse(id).ok()).prop_map(StreamName::Group),
        uuid.clone().prop_map(|id| StreamName::Link(LinkId(id))),
        uuid.clone().prop_map(|id| StreamName::Token(TokenId(id))),
        uuid.prop_map(|id| StreamName::Webhook(WebhookId(id))),
        Just(StreamName::System),
    ]
}

proptest! {
    #[test]
    fn a_stream_reads_back_from_its_name_and_its_subject(stream in stream()) {
        prop_assert_eq!(stream.to_string().parse::<StreamName>(), Ok(stream.clone()));
        let subject = stream.subject("sharelog.log");
        prop_assert!(!subject.contains([' ', '*', '>', '\t']), "{subject}");
        prop_assert!(subject.split('.').all(|token| !token.is_empty()), "{subject}");
        prop_assert_eq!(StreamName::from_subject("sharelog.log", &subject), Some(stream));
    }

    #[test]
    fn two_streams_never_have_one_subject(one in stream(), two in stream()) {
        prop_assert_eq!(one.subject("p") == two.subject("p"), one == two);
    }

    #[test]
    fn any_subject_is_a_stream_of_exactly_this_subject_or_none(subject in "\\PC{0,60}") {
        if let Some(stream) = StreamName::from_subject("p", &subject) {
            prop_assert_eq!(stream.subject("p"), subject);
        }
    }

    #[test]
    fn ids_of_ours_read_back(number in any::<u128>()) {
        let id = Uuid::from_u128(number);
        prop_assert_eq!(GrantId(id).to_string().parse(), Ok(GrantId(id)));
        prop_assert_eq!(LinkId(id).to_string().parse(), Ok(LinkId(id)));
        prop_assert_eq!(TokenId(id).to_string().parse(), Ok(TokenId(id)));
        prop_assert_eq!(VisitId(id).to_string().parse(), Ok(VisitId(id)));
        prop_assert_eq!(VaultId(id).to_string().parse(), Ok(VaultId(id)));
        prop_assert!(GrantId(id).to_string().parse::<LinkId>().is_err());
    }

    #[test]
    fn items_and_principals_read_back(item in item(), account in account()) {
        prop_assert_eq!(item.to_string().parse(), Ok(item));
        let principal = Principal::Account(account);
        prop_assert_eq!(principal.to_string().parse(), Ok(principal));
    }

    #[test]
    fn an_id_keeps_its_rule(text in "\\PC{0,140}") {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._~:-".contains(c);
        let good = (1..=128).contains(&text.chars().count())
            && text.chars().all(allowed) && text != "." && text != "..";
        prop_assert_eq!(ItemId::parse(text.clone()).is_ok(), good);
        prop_assert_eq!(AccountId::parse(text.clone()).is_ok(), good && text != "me");
    }

    #[test]
    fn event_ids_read_back(position in any::<u64>(), index in any::<u32>()) {
        let id = EventId { position: Position(position), index };
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn times_read_back_and_sort_like_their_text(
        one in 0..253_402_300_799_999_999i64, two in 0..253_402_300_799_999_999i64
    ) {
        let one = Time::from_micros(one).expect("an instant");
        let two = Time::from_micros(two).expect("an instant");
        prop_assert_eq!(one.to_string().parse(), Ok(one));
        prop_assert_eq!(one.cmp(&two), one.to_string().cmp(&two.to_string()));
    }
}
