//! ARCHITECTURE.md is true.

use tests::process::repository;

fn text() -> String {
    std::fs::read_to_string(repository().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

/// The lines between a heading and the next one.
fn section(heading: &str) -> Vec<String> {
    let text = text();
    let mut lines = text.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "ARCHITECTURE.md has no section {heading}");
    lines.take_while(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// What stands in back-quotes and looks like a path.
fn paths(lines: &[String]) -> Vec<String> {
    let quoted = lines.iter().flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted.filter(|word| word.contains('/') && !word.contains(' ')).map(str::to_owned).collect()
}

#[test]
fn the_map_names_every_package() {
    let map = section("## Map").join("\n");
    let workspace = std::fs::read_to_string(repository().join("Cargo.toml")).expect("Cargo.toml");
    let members = workspace.lines().find(|line| line.starts_with("members")).expect("members");
    for package in members.split('"').skip(1).step_by(2) {
        assert!(map.contains(&format!("`{package}/`")), "the map does not name {package}");
    }
}

#[test]
fn every_path_it_names_exists() {
    let text: Vec<String> = text().lines().map(str::to_owned).collect();
    let folders =
        ["domain/", "eventlog/", "commands/", "projections/", "api/", "tests/", "scripts/"];
    let named = paths(&text);
    let ours = named.iter().filter(|path| folders.iter().any(|folder| path.starts_with(folder)));
    for path in ours {
        let plain = path.trim_end_matches("/*").replace("/NAME", "");
        assert!(repository().join(&plain).exists(), "ARCHITECTURE.md names {path}, which is not");
    }
}

#[test]
fn the_places_an_added_event_touches_are_listed() {
    let named = paths(&section("### An added event touches"));
    for needed in ["domain/src/event.rs", "domain/src/item/evolve.rs", "domain/src/item/decide.rs"]
    {
        assert!(named.iter().any(|path| path == needed), "{needed} is not in the list: {named:?}");
    }
}

#[test]
fn the_places_an_added_projection_touches_are_listed() {
    let named = paths(&section("### An added projection touches"));
    assert!(named.iter().any(|path| path.starts_with("projections/src/")), "{named:?}");
}
