//! Steps from an old version to the current one chain. Proven with versions that never were.

use domain::event::{
    CatalogEvent as _, Event, EventType,
    upcast::{Upcast, run},
};
use serde_json::{Value, json};

/// Made up: version 1 of `grant.given` had `user` where version 2 has `grantee`.
fn grantee(mut old: Value) -> Result<Value, String> {
    let fields = old.as_object_mut().ok_or("no object")?;
    let user = fields.remove("user").ok_or("`user` is missing")?;
    fields.insert("grantee".to_owned(), json!({ "type": "account", "id": user }));
    Ok(old)
}

/// Made up: version 3 has a provenance.
fn provenance(mut old: Value) -> Result<Value, String> {
    let fields = old.as_object_mut().ok_or("no object")?;
    fields.insert("provenance".to_owned(), json!({ "kind": "direct" }));
    Ok(old)
}

const STEPS: &[(EventType, u32, Upcast)] = &[
    (EventType::GrantGiven, 1, grantee),
    (EventType::GrantGiven, 2, provenance),
    (EventType::GrantEnded, 1, provenance),
];

#[test]
fn a_made_up_first_version_becomes_a_grant_of_today() {
    let old = json!({
        "grant": "gr_00000000000000000000000000000017", "user": "a-22", "role": "viewer",
    });
    let raised = run(STEPS, EventType::GrantGiven, 1, 3, old).unwrap();
    let event = Event::decode(EventType::GrantGiven.name(), 1, raised.clone()).unwrap();
    let written: Value = serde_json::from_str(event.to_stored().unwrap().get()).unwrap();
    assert_eq!(written, raised);
    assert_eq!(raised["grantee"], json!({ "type": "account", "id": "a-22" }));
}

#[test]
fn raising_starts_at_the_stored_version_and_ends_at_the_one_asked_for() {
    let middle = json!({ "grantee": 1 });
    let raised = run(STEPS, EventType::GrantGiven, 2, 3, middle.clone()).unwrap();
    assert_eq!(raised["provenance"], json!({ "kind": "direct" }));
    assert_eq!(run(STEPS, EventType::GrantGiven, 3, 3, middle.clone()), Ok(middle));
}

#[test]
fn a_missing_step_and_a_step_that_fails_are_errors() {
    let missing = run(STEPS, EventType::GrantEnded, 1, 3, json!({})).unwrap_err();
    assert_eq!(missing, "no upcast from version 2");
    let failing = run(STEPS, EventType::GrantGiven, 1, 3, json!({})).unwrap_err();
    assert_eq!(failing, "`user` is missing");
}
