//! ARCHITECTURE.md is true.

use super::syntax::Source;
use std::collections::BTreeSet;
use tests::process::repository;

/// Steps of a walk through the code, at most.
const MAX_STEPS: usize = 12;

/// The walks through the code, by their headings.
const WALKS: [&str; 4] = [
    "### A share, from body to record",
    "### A record, to rows",
    "### A question about the past, to its answer",
    "### A check",
];

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

/// A file, and the functions that are named behind it: "`file`: `function`, `function`".
fn functions(line: &str) -> Option<(String, Vec<String>)> {
    let (_, rest) = line.split_once('`')?;
    let (path, rest) = rest.split_once("`: `")?;
    let mut names = Vec::new();
    let mut rest = Some(rest);
    while let Some((name, behind)) = rest.and_then(|rest| rest.split_once('`')) {
        names.push(name.to_owned());
        rest = behind.strip_prefix(", `");
    }
    Some((path.to_owned(), names))
}

#[test]
fn files_and_their_functions_are_found_in_a_line() {
    let line = "1. `api/src/a.rs`: `share`, `Body::read` reads `grantees`.";
    let names = ["share", "Body::read"].map(str::to_owned).to_vec();
    assert_eq!(functions(line), Some(("api/src/a.rs".to_owned(), names)));
    assert_eq!(functions("`a.rs` and `b`: c"), None);
}

#[test]
fn every_function_it_names_is_in_its_file() {
    let mut wrong = Vec::new();
    for (path, names) in text().lines().filter_map(functions) {
        let Ok(text) = std::fs::read_to_string(repository().join(&path)) else {
            wrong.push(path);
            continue;
        };
        let mut source = Source::default();
        source.add(&[], &text).expect("Rust");
        let types = source.types.iter().map(|(_, name)| name);
        let known: BTreeSet<&String> = source.functions.iter().chain(types).collect();
        let missing = names
            .iter()
            .filter(|name| !name.split("::").all(|part| known.contains(&part.to_owned())));
        wrong.extend(missing.map(|name| format!("{path}: {name}")));
    }
    super::sources::none(&wrong, "ARCHITECTURE.md names what is not there");
}

#[test]
fn walks_are_short_and_never_climb_back() {
    for walk in WALKS {
        let lines = section(walk);
        let steps: Vec<_> = (1..)
            .zip(lines.iter().filter(|line| line.starts_with(|start: char| start.is_ascii_digit())))
            .map(|(number, line)| {
                assert!(line.starts_with(&format!("{number}. `")), "{walk}: {line}");
                functions(line).unwrap_or_else(|| panic!("{walk}: no file and function in {line}"))
            })
            .collect();
        assert!((1..=MAX_STEPS).contains(&steps.len()), "{walk}: {} steps", steps.len());
        let files: BTreeSet<&String> = steps.iter().map(|(path, _)| path).collect();
        assert_eq!(files.len(), steps.len(), "{walk} comes to a file twice");
    }
}
