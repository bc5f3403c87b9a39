//! Modules without circles, type names that stand once, event names in the catalogue only.

use super::{
    sources::{none, packages, rust_files, shown},
    syntax::{Segments, Source},
};
use domain::event::EventType;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use tests::process::repository;

/// Names of types that may stand in several modules of one package.
const COMMON_NAMES: [&str; 2] = ["Error", "Rejection"];

/// Where the stored names of events are written down: the catalogue, and the example of the feed in
/// the OpenAPI document.
const CATALOG_FILES: [&str; 2] = ["domain/src/event.rs", "api/src/v1/watch.rs"];

/// Folders in which modules still use each other. May only get shorter.
const OPEN_CIRCLES: [&str; 1] = ["api :"];

/// The module that a file below `src` is.
fn module(file: &Path, src: &Path) -> Segments {
    let path = file.strip_prefix(src).expect("a file of the package").with_extension("");
    let mut names: Segments = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if ["lib", "main"].contains(&names.last().map_or("", String::as_str)) {
        names.pop();
    }
    names
}

fn read(package: &str) -> Source {
    let src = repository().join(package).join("src");
    let mut source = Source::default();
    for file in rust_files(&src).iter().filter(|file| !file.starts_with(src.join("bin"))) {
        let text = std::fs::read_to_string(file).expect("a source file");
        let module = module(file, &src);
        let module: Vec<&str> = module.iter().map(String::as_str).collect();
        source.add(&module, &text).unwrap_or_else(|error| panic!("{}: {error}", shown(file)));
    }
    source
}

#[test]
fn no_modules_of_one_folder_use_each_other() {
    let circles: Vec<String> = packages()
        .iter()
        .flat_map(|package| {
            read(package).circles().into_iter().map(move |circle| format!("{package} {circle}"))
        })
        .filter(|circle| !OPEN_CIRCLES.iter().any(|open| circle.starts_with(open)))
        .collect();
    none(&circles, "circles of modules");
}

#[test]
fn no_type_name_stands_twice_in_a_package() {
    let mut wrong = Vec::new();
    for package in packages() {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (module, name) in read(&package).types {
            places.entry(name).or_default().push(module.join("/"));
        }
        let common = |name: &str| COMMON_NAMES.contains(&name);
        let twice = places.into_iter().filter(|(name, at)| at.len() > 1 && !common(name));
        wrong.extend(twice.map(|(name, at)| format!("{package}: {name} in {}", at.join(", "))));
    }
    none(&wrong, "types of one name");
}

#[test]
fn event_names_are_literals_in_the_catalogue_only() {
    let names: BTreeSet<&str> = EventType::ALL.iter().map(|event| event.name()).collect();
    let mut wrong = Vec::new();
    for package in packages().iter().filter(|package| *package != "tests") {
        for (module, text) in read(package).literals {
            let file = format!("{package}/src/{}.rs", module.join("/"));
            let mut words = text.split(|c: char| !(c.is_alphanumeric() || "._".contains(c)));
            let found = words.find(|word| names.contains(word));
            let catalog = CATALOG_FILES.contains(&file.as_str());
            if let Some(name) = found.filter(|_| !catalog) {
                wrong.push(format!("{file}: {name}"));
            }
        }
    }
    none(&wrong, "event names outside the catalogue");
}
