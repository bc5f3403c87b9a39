//! Every version of every event that was ever written still reads the same.
//!
//! WHEN A TEST HERE FAILS: a new event or version needs its sample `samples/<name>.v<N>.json`, with
//! every optional field, and its line in `samples/checksums.txt`, which the failing test prints. A
//! sample that exists is never edited: a changed payload is a new version with an upcast.

use domain::event::{CatalogEvent as _, Event, EventType};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Every sample, by stored name and version.
fn samples() -> BTreeMap<(String, u32), String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(stem) = name.strip_suffix(".json") else {
            assert_eq!(name, "checksums.txt", "no sample");
            continue;
        };
        let (event, version) = stem.rsplit_once(".v").expect("<name>.v<N>.json");
        let text = fs::read_to_string(&path).unwrap();
        found.insert((event.to_owned(), version.parse().unwrap()), text);
    }
    found
}

#[test]
fn every_version_of_every_event_has_a_sample_and_no_sample_is_unknown() {
    let versions = |event: &EventType| {
        let name = event.name();
        (1..=event.version()).map(move |version| (name.to_owned(), version))
    };
    let expected: Vec<_> = EventType::ALL.iter().flat_map(versions).collect();
    let mut sorted = expected.clone();
    sorted.sort();
    assert_eq!(samples().into_keys().collect::<Vec<_>>(), sorted);
}

#[test]
fn the_current_version_reads_and_writes_its_sample_exactly() {
    let samples = samples();
    for event_type in EventType::ALL {
        let (name, version) = (event_type.name(), event_type.version());
        let text = &samples[&(name.to_owned(), version)];
        let stored: Value = serde_json::from_str(text).unwrap();
        let event = Event::decode(name, version, stored.clone())
            .unwrap_or_else(|error| panic!("{name} version {version}: {error}"));
        assert_eq!(event.event_type(), *event_type);
        assert_eq!(Event::read(name, version, text).unwrap(), event, "{name}");
        let written: Value = serde_json::from_str(event.to_stored().unwrap().get()).unwrap();
        assert_eq!(written, stored, "{name} version {version}");
    }
}

#[test]
fn every_older_version_is_raised_to_the_current_one() {
    for ((name, version), text) in samples() {
        let event = Event::decode(&name, version, serde_json::from_str(&text).unwrap());
        let event = event.unwrap();
        assert_eq!(event.event_type().name(), name, "version {version}");
        assert_eq!(Event::read(&name, version, &text).unwrap(), event, "{name} version {version}");
    }
}

#[test]
fn no_sample_was_ever_edited() {
    let mut expected = String::new();
    for ((name, version), text) in samples() {
        let digest = Sha256::digest(text.as_bytes());
        let hex = digest.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        writeln!(expected, "{hex}  {name}.v{version}.json").unwrap();
    }
    let kept = fs::read_to_string(folder().join("checksums.txt")).unwrap_or_default();
    for line in kept.lines() {
        assert!(expected.contains(line), "an existing sample was edited or removed: {line}");
    }
    let missing: Vec<_> = expected.lines().filter(|line| !kept.contains(*line)).collect();
    assert!(missing.is_empty(), "add to samples/checksums.txt:\n{}", missing.join("\n"));
}

#[test]
fn every_optional_field_stands_in_its_sample() {
    let mut generator = schemars::SchemaGenerator::default();
    let samples = samples();
    for (event, schema) in domain::event::schemas(&mut generator) {
        let (name, version) = (event.name(), event.version());
        let stored: Value = serde_json::from_str(&samples[&(name.to_owned(), version)]).unwrap();
        let fields = schema.get("properties").and_then(Value::as_object);
        for field in fields.into_iter().flat_map(serde_json::Map::keys) {
            assert!(stored.get(field).is_some(), "the sample of {name} lacks `{field}`");
        }
    }
}

#[test]
fn a_payload_with_a_missing_field_is_damaged_not_guessed() {
    for ((name, version), text) in samples() {
        let stored: Value = serde_json::from_str(&text).unwrap();
        let Value::Object(mut fields) = stored else { panic!("{name} is no object") };
        if fields.is_empty() {
            continue;
        }
        fields.clear();
        let decoded = Event::decode(&name, version, Value::Object(fields));
        let all_optional = [
            EventType::AccountRegistered,
            EventType::AccountChanged,
            EventType::AccountErased,
            EventType::WebhookChanged,
        ];
        let event: EventType = name.parse().unwrap();
        assert_eq!(decoded.is_ok(), all_optional.contains(&event), "{name}");
    }
}
