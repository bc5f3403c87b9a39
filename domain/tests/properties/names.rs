//! Ids, streams, positions and times read back as they were written.

use domain::{
    id::{AccountId, GrantId, ItemId, LinkId, TokenId, VaultId, VisitId},
    position::{EventId, Position},
    principal::Principal,
    stream::StreamName,
    testing::{accounts, items, streams},
    time::Time,
};
use proptest::prelude::*;
use uuid::Uuid;

proptest! {
    #[test]
    fn a_stream_reads_back_from_its_name(stream in streams()) {
        prop_assert_eq!(stream.to_string().parse::<StreamName>(), Ok(stream));
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
    fn items_and_principals_read_back(item in items(), account in accounts()) {
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
