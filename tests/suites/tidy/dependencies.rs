//! Who may depend on whom, and who may name a driver.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};
use tests::process::repository;

/// Package, and the packages of ours that it may use.
const LAYERS: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("eventlog", &["domain"]),
    ("commands", &["domain", "eventlog"]),
    ("projections", &["domain", "eventlog"]),
    ("api", &["domain", "eventlog", "commands", "projections"]),
    ("tests", &["domain", "eventlog", "commands", "projections", "api"]),
];

/// Driver, and the packages that may name it in their `Cargo.toml`.
const DRIVERS: [(&str, &[&str]); 4] = [
    ("async-nats", &["eventlog", "tests"]),
    ("rusqlite", &["eventlog", "commands", "projections", "tests"]),
    ("tokio-postgres", &["commands", "projections", "api", "tests"]),
    ("deadpool-postgres", &["commands", "projections", "api", "tests"]),
];

/// Any one will do; without, the sources of every platform's crates would have to be fetched.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(repository().join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", PLATFORM].map(str::to_owned).to_vec())
        .exec()
        .expect("cargo metadata")
}

fn ours(metadata: &Metadata) -> BTreeMap<String, Package> {
    let packages = metadata.workspace_packages().into_iter();
    packages.map(|package| (package.name.to_string(), package.clone())).collect()
}

fn used(package: &Package, kinds: &[DependencyKind]) -> BTreeSet<String> {
    let dependencies = package.dependencies.iter();
    let chosen = dependencies.filter(|dependency| kinds.contains(&dependency.kind));
    chosen.map(|dependency| dependency.name.clone()).collect()
}

#[test]
fn packages_depend_inwards_only() {
    let metadata = metadata();
    let ours = ours(&metadata);
    let names: BTreeSet<&str> = ours.keys().map(String::as_str).collect();
    assert_eq!(names, LAYERS.iter().map(|(name, _)| *name).collect(), "a layer for each package");
    for (name, allowed) in LAYERS {
        let all = [DependencyKind::Normal, DependencyKind::Build, DependencyKind::Development];
        for dependency in used(&ours[name], &all) {
            let inside = names.contains(dependency.as_str()) && dependency != name;
            let permitted = allowed.contains(&dependency.as_str());
            assert!(!inside || permitted, "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn drivers_are_named_by_the_packages_that_hold_engines() {
    let metadata = metadata();
    for (name, package) in ours(&metadata) {
        let kinds = [DependencyKind::Normal, DependencyKind::Build];
        for dependency in used(&package, &kinds) {
            let rule = DRIVERS.iter().find(|(driver, _)| *driver == dependency);
            let permitted = rule.is_none_or(|(_, packages)| packages.contains(&name.as_str()));
            assert!(permitted, "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn the_domain_builds_without_a_runtime_or_a_driver() {
    let tree = tree("domain", "normal", "{p}");
    let names: BTreeSet<&str> =
        tree.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("serde"), "{tree:?}");
    for banned in ["tokio", "async-nats", "rusqlite", "tokio-postgres", "axum", "futures", "rand"] {
        assert!(!names.contains(banned), "domain reaches {banned}");
    }
}

/// `cargo tree` resolves the features of this package alone, as when it is built by itself.
fn tree(package: &str, edges: &str, format: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", package, "--edges", edges, "--prefix", "none"])
        .args(["--target", PLATFORM, "--format", format])
        .current_dir(repository())
        .output()
        .expect("cargo tree");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// Otherwise the benchmarks build the service a second time.
#[test]
fn the_service_has_the_same_features_in_the_benchmarks() {
    let service = tree("api", "normal,build", "{p} {f}");
    let benchmarks = tree("tests", "normal,build,dev", "{p} {f}");
    let different: Vec<_> = service.difference(&benchmarks).collect();
    assert!(different.is_empty(), "with other features in the benchmarks: {different:#?}");
}

/// Crate in source, and the part a file's path must have to name it.
const ENGINE_MODULES: [(&str, &[&str]); 5] = [
    ("async_nats", &["jetstream"]),
    // Besides: a local file that can be rebuilt, the snapshots.
    ("rusqlite", &["sqlite", "commands/src/handler/snapshots"]),
    ("tokio_postgres", &["postgres", "api/src/wiring"]),
    ("deadpool_postgres", &["postgres", "api/src/wiring"]),
    ("refinery", &["sqlite", "postgres", "migrat"]),
];

#[test]
fn drivers_appear_only_inside_engine_modules() {
    let mut wrong = Vec::new();
    for (package, _) in LAYERS.iter().filter(|(name, _)| *name != "tests") {
        for file in super::sources::rust_files(&repository().join(package).join("src")) {
            wrong.extend(drivers_out_of_place(&file));
        }
    }
    assert!(wrong.is_empty(), "drivers out of place:\n{}", wrong.join("\n"));
}

fn drivers_out_of_place(file: &Path) -> Vec<String> {
    let path = super::sources::shown(file);
    let text = std::fs::read_to_string(file).expect("a source file");
    let code: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let named = |driver: &str| {
        let path = format!("{driver}::");
        let import = format!("use {driver}");
        code.iter().any(|line| line.contains(&path) || line.contains(&import))
    };
    ENGINE_MODULES
        .iter()
        .filter(|(driver, places)| named(driver) && !places.iter().any(|part| path.contains(part)))
        .map(|(driver, _)| format!("{path} names {driver}"))
        .collect()
}
