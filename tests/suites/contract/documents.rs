//! What the README says is true of the binary and the repository.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt as _, process::Command};
use tests::{
    process::repository,
    service::{binary, command_line},
};

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).expect("README.md")
}

/// Lines inside fences, commands continued over several lines joined.
fn command_lines() -> Vec<String> {
    let text = readme().replace("\\\n", " ");
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            lines.push(line.trim().to_owned());
        }
    }
    lines
}

/// Words that look like commands of the binary, after its name.
fn commands() -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for line in command_lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let starts =
            words.iter().position(|word| *word == "sharelog" || word.ends_with("/sharelog"));
        let from_cargo = line
            .starts_with("cargo run")
            .then(|| words.iter().position(|word| *word == "--").unwrap_or(words.len()));
        let Some(start) = from_cargo.or(starts) else { continue };
        let is_word = |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let rest = words.get(start + 1..).unwrap_or_default();
        let command = rest.iter().take_while(is_word).take_while(|word| !word.starts_with('-'));
        found.insert(command.map(|word| (*word).to_owned()).collect());
    }
    found
}

#[test]
fn the_commands_that_the_readme_names_exist() {
    let commands = commands();
    assert!(!commands.is_empty(), "the README shows no command of the binary");
    for command in commands {
        let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
        // An argument may look like a command: what stands before it must exist.
        loop {
            let output = command_line(&[words.as_slice(), &["--help"]].concat());
            if output.status.success() {
                break;
            }
            assert!(words.len() > 1, "the README names `sharelog {}`", command.join(" "));
            words.pop();
        }
    }
}

#[test]
fn the_flags_that_the_readme_names_exist() {
    let mut help = String::new();
    let commands = ["serve", "token", "history", "audit", "doctor", "projections", "key"];
    let deeper = ["token create", "token list", "token revoke", "audit export", "key rotate"];
    for command in commands.iter().chain(&deeper).chain(&["projections status", "openapi"]) {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        help.push_str(&String::from_utf8_lossy(&command_line(&words).stdout));
    }
    for line in command_lines().iter().filter(|line| line.contains("sharelog ")) {
        for word in line.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2)
        {
            let flag = word.split('=').next().unwrap_or(word);
            assert!(help.contains(flag), "the README uses {flag}, which no help knows");
        }
    }
}

#[test]
fn the_scripts_that_the_documents_name_can_be_run() {
    let architecture = std::fs::read_to_string(repository().join("ARCHITECTURE.md"));
    let text = readme() + &architecture.expect("ARCHITECTURE.md");
    let is_part = |c: char| c.is_ascii_alphanumeric() || "./_-".contains(c);
    for word in text.split(|c| !is_part(c)).filter(|word| word.starts_with("scripts/")) {
        let path = repository().join(word.trim_end_matches('.'));
        let meta = std::fs::metadata(&path).unwrap_or_else(|_| panic!("{word} does not exist"));
        let runs = meta.is_dir() || meta.permissions().mode() & 0o111 != 0;
        assert!(runs, "{word} cannot be run");
    }
}

#[test]
fn the_help_of_every_command_teaches() {
    for command in ["serve", "token", "history", "audit", "doctor", "openapi", "projections", "key"]
    {
        let output = command_line(&[command, "--help"]);
        assert!(output.status.success(), "{command}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.lines().count() > 5, "{command}: {text}");
    }
    let unknown = command_line(&["nonsense"]);
    assert!(!unknown.status.success(), "{}", binary().display());
}

#[test]
fn the_description_that_the_command_line_prints_is_openapi() {
    let output = command_line(&["openapi"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let parsed: tests::Value = serde_json::from_str(&text).expect("JSON");
    assert!(parsed["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
}

/// Runs the README's walk-through with this binary on a pair of engines.
fn walk_through(pair: &str) {
    let output = Command::new(repository().join("scripts/walkthrough.sh"))
        .arg(pair)
        .env("SHARELOG_BIN", binary())
        .output()
        .expect("the script");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
}

mod embedded {
    #[test]
    fn the_walk_through_works_as_printed() {
        super::walk_through("embedded");
    }
}

mod production {
    #[test]
    fn the_walk_through_works_as_printed() {
        super::walk_through("production");
    }
}
