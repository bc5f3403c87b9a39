//! Source files are of a readable size, introduced, and all compiled.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tests::process::repository;

const FILE_LINES: usize = 450;
const LINE_CHARS: usize = 100;

/// The folder of each package of the workspace.
pub(crate) fn packages() -> Vec<String> {
    let manifest = std::fs::read_to_string(repository().join("Cargo.toml")).expect("Cargo.toml");
    let members = manifest.split_once("members = [").and_then(|(_, text)| text.split_once(']'));
    let (members, _) = members.expect("the members of the workspace");
    members.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every Rust file below a folder.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path as it is printed: from the top of the repository on.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).to_string_lossy().into_owned()
}

fn all() -> Vec<(PathBuf, String)> {
    let folders = packages().into_iter().map(|package| repository().join(package));
    let files: BTreeSet<PathBuf> = folders.flat_map(|folder| rust_files(&folder)).collect();
    files
        .into_iter()
        .map(|file| (file.clone(), std::fs::read_to_string(file).expect("a source file")))
        .collect()
}

#[track_caller]
pub(crate) fn none(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_can_be_read() {
    let long = |text: &str| text.lines().count() > FILE_LINES;
    let wrong: Vec<_> = all().iter().filter(|(_, text)| long(text)).map(|f| shown(&f.0)).collect();
    none(&wrong, "files of more than 450 lines");
}

#[test]
fn no_line_is_longer_than_can_be_read() {
    let mut wrong = Vec::new();
    for (file, text) in all() {
        for (number, line) in (1..).zip(text.lines()) {
            if line.chars().count() > LINE_CHARS {
                wrong.push(format!("{}:{number}", shown(&file)));
            }
        }
    }
    none(&wrong, "lines of more than 100 characters");
}

#[test]
fn every_file_opens_with_a_statement_of_what_it_is() {
    let files = all();
    let wrong = files.iter().filter(|(_, text)| !text.starts_with("//! "));
    none(&wrong.map(|f| shown(&f.0)).collect::<Vec<_>>(), "files that do not open with //!");
    let wrong = files.iter().filter(|(_, text)| asks(text));
    none(&wrong.map(|f| shown(&f.0)).collect::<Vec<_>>(), "module documents with a question");
}

/// Whether the `//!` of a file ask anything; question marks of code do not count.
fn asks(text: &str) -> bool {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let prose = lines.collect::<Vec<_>>().join(" ");
    prose.split('`').step_by(2).any(|part| part.contains('?'))
}

#[test]
fn questions_are_told_from_statements() {
    assert!(asks("//! Lists them.\n//! Which ones?\nuse a;"));
    assert!(!asks("//! `?at=`: the moment.\nfn f() -> Option<u8> { g()? }"));
}

#[test]
fn nothing_is_left_to_do_without_an_issue() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut wrong = Vec::new();
    for (file, text) in all() {
        for (number, line) in (1..).zip(text.lines()) {
            let marked = marks.iter().any(|mark| line.contains(mark));
            if marked && !line.contains("issue") {
                wrong.push(format!("{}:{number}", shown(&file)));
            }
        }
    }
    none(&wrong, "marks without an issue");
}

#[test]
fn no_module_file_is_forgotten() {
    let mut wrong = Vec::new();
    for package in packages() {
        let folder = repository().join(package);
        for file in rust_files(&folder.join("src")).into_iter().chain(rust_files(&suites(&folder)))
        {
            if !is_root(&file) && !named_by_parent(&file) {
                wrong.push(shown(&file));
            }
        }
    }
    none(&wrong, "files that no `mod` names");
}

fn suites(package: &Path) -> PathBuf {
    package.join("suites")
}

fn is_root(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    ["lib.rs", "main.rs"].contains(&name) || file.parent().is_some_and(|dir| dir.ends_with("bin"))
}

fn named_by_parent(file: &Path) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = file.parent().expect("a folder");
    let beside = folder.with_extension("rs");
    let parents = [folder.join("lib.rs"), folder.join("main.rs"), beside];
    let declaration = format!("mod {stem}");
    let texts = parents.iter().filter_map(|parent| std::fs::read_to_string(parent).ok());
    texts.into_iter().any(|text| {
        let mut lines = text.lines();
        lines.any(|line| {
            let line = line.trim().trim_end_matches(['{', ' ', ';']);
            line.ends_with(&declaration) && !line.starts_with("//")
        })
    })
}

#[test]
fn every_suite_is_run() {
    let manifest =
        std::fs::read_to_string(repository().join("tests/Cargo.toml")).expect("manifest");
    let folders = std::fs::read_dir(repository().join("tests/suites")).expect("suites");
    let names: BTreeSet<String> =
        folders.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let unnamed = |name: &&String| !manifest.contains(&format!("suites/{name}/main.rs"));
    none(&names.iter().filter(unnamed).cloned().collect::<Vec<_>>(), "suites that never run");
}
