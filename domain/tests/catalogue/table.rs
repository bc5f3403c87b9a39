//! The payload table in `EVENTS.md` is that of the types.

use domain::{docs::payload_table, event::EventType};
use std::{fs, path::PathBuf};

#[test]
fn the_committed_table_is_current() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("EVENTS.md");
    let table = payload_table();
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept != table {
        let fresh = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("EVENTS.md");
        fs::write(&fresh, &table).unwrap();
        panic!("EVENTS.md is not current; copy {} to {}", fresh.display(), file.display());
    }
}

#[test]
fn the_table_explains_every_field_of_every_event() {
    let table = payload_table();
    for event in EventType::ALL {
        let (name, version) = (event.name(), event.version());
        assert!(table.contains(&format!("### `{name}` version {version}\n")), "{name}");
    }
    let (payloads, _) = table.split_once("\n## Types").unwrap();
    assert!(!payloads.contains("\n\n\n"), "a payload without a meaning");
    for line in table.lines() {
        assert!(!line.ends_with("|  |"), "a field without a meaning: {line}");
        assert!(!line.contains("anything") && !line.contains("| ? |"), "no type: {line}");
    }
}
