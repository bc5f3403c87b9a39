//! The suites of `scripts/soak.sh` select tests that exist.

use super::{
    sources::{none, rust_files},
    syntax::Source,
};
use tests::process::repository;

/// The lines of the table: name, portions, factor, count, selection.
fn suites() -> Vec<Vec<String>> {
    let script = repository().join("scripts/soak.sh");
    let script = std::fs::read_to_string(script).expect("scripts/soak.sh");
    let table = script.split_once("<<'TABLE'\n").and_then(|(_, rest)| rest.split_once("\nTABLE\n"));
    let (table, _) = table.expect("the table of suites");
    let cells = |line: &str| line.split(" | ").map(str::to_owned).collect();
    table.lines().map(cells).collect()
}

/// Names of modules and functions of a package's suite, and of the conformance suite that it runs.
fn names(package: &str, suite: &str) -> Vec<String> {
    let folder = if package == "tests" { "suites" } else { "tests" };
    let mut files = rust_files(&repository().join(package).join(folder).join(suite));
    files.extend(rust_files(&repository().join(package).join("src/conformance")));
    let mut source = Source::default();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a source file");
        source.add(&[], &text).expect("Rust");
    }
    let stems = files.iter().filter_map(|file| file.file_stem()?.to_str().map(str::to_owned));
    stems.chain(source.functions).collect()
}

#[test]
fn suites_of_the_soak_select_tests_that_exist() {
    let mut wrong = Vec::new();
    for suite in suites() {
        let selection = suite.last().expect("a selection");
        let words: Vec<&str> = selection.split(' ').collect();
        assert_eq!((words[0], words[2]), ("-p", "--test"), "{selection}");
        let known = names(words[1], words[3]);
        if known.is_empty() {
            wrong.push(format!("{}: no suite {} in {}", suite[0], words[3], words[1]));
        }
        let filters = selection.split("test(").skip(1).filter_map(|rest| rest.split_once(')'));
        for (filter, _) in filters {
            if !known.iter().any(|name| name.contains(filter)) {
                wrong.push(format!("{}: no test of {} has {filter}", suite[0], words[3]));
            }
        }
    }
    none(&wrong, "scripts/soak.sh selects what is not there");
}
