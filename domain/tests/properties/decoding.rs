//! Decoders survive any input.

use domain::{
    actor::Actor,
    event::{CatalogEvent as _, Event, EventType},
    item::ItemState,
    kind,
    principal::Principal,
    time::Time,
};
use proptest::prelude::*;
use serde_json::Value;

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["viewer", "owner", "anyone", "public", "gr_0", "a-1"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        let names = prop::sample::select(vec![
            "grant",
            "grantee",
            "role",
            "before",
            "after",
            "link",
            "type",
            "id",
            "ended",
            "visibility",
            "audience",
            "title",
            "cause",
            "kinds",
            "generation",
            "description",
            "owner",
            "x",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..8).prop_map(|fields| Value::from(
                fields
                    .into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect::<serde_json::Map<_, _>>()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(domain::testing::soak::config(3_000))]

    #[test]
    fn a_decoder_answers_or_says_what_is_wrong(
        event in prop::sample::select(EventType::ALL), version in 0..4u32, data in json()
    ) {
        if let Ok(event) = Event::decode(event.name(), version, data) {
            prop_assert!(event.to_stored().is_ok());
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_crash(
        bytes in prop::collection::vec(any::<u8>(), 0..200)
    ) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = serde_json::from_slice::<Actor>(&bytes);
        let _ = serde_json::from_slice::<ItemState>(&bytes);
        let _ = kind::parse(&text);
        let _ = text.parse::<Principal>();
        let _ = text.parse::<Time>();
        let _ = Event::decode(&text, 1, Value::from(text.as_ref()));
    }
}

#[test]
fn an_unknown_name_and_a_newer_version_stop_the_reader() {
    for (name, version) in [("item.dreamt", 1), ("grant.given", 2), ("grant.given", 0)] {
        let error = Event::decode(name, version, Value::Null).expect_err("unknown");
        assert!(error.to_string().contains("upgrade"), "{error}");
    }
}
