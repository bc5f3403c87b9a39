//! Precedence of settings, and what is refused.

use crate::support::{Done, run, sharelog};
use std::fs;
use tempfile::TempDir;

fn folder(file: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("settings.toml"), file).expect("a file");
    folder
}

/// The data folder that `doctor` shows.
fn data_folder(done: &Done) -> String {
    let line = done.out.lines().find(|line| line.contains("data folder")).expect("its line");
    line.split_whitespace().last().expect("a folder").to_owned()
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let folder = folder("data = \"from-file\"");
    let doctor = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = sharelog(folder.path());
        command.arg("doctor").args(arguments).envs(variables.iter().copied());
        data_folder(&command.output().expect("the binary").into())
    };
    let file = ("SHARELOG_CONFIG", "settings.toml");
    let variable = ("SHARELOG_DATA", "from-environment");
    assert_eq!(doctor(&[], &[]), "./data");
    assert_eq!(doctor(&[], &[file]), "from-file");
    assert_eq!(doctor(&[], &[file, variable]), "from-environment");
    assert_eq!(doctor(&["--data", "from-flag"], &[file, variable]), "from-flag");
}

#[test]
fn a_key_of_the_file_that_is_no_setting_is_named() {
    let folder = folder("lissten = \"127.0.0.1:0\"");
    let done = run(folder.path(), &["serve", "--config", "settings.toml"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert!(done.err.contains("unknown setting `lissten`"), "{}", done.err);
}

#[test]
fn a_setting_that_cannot_be_is_named() {
    let wrong: [(&str, &[&str]); 6] = [
        ("nats_replicas", &["--nats-replicas", "2"]),
        ("log", &["--log", "kafka://somewhere"]),
        ("db", &["--db", "mysql://somewhere"]),
        ("public_url", &["--public-url", "share.example"]),
        ("kinds", &["--kinds", "no-such-preset"]),
        ("log_level", &["--log-level", "a=b=c"]),
    ];
    let folder = folder("");
    for (setting, arguments) in wrong {
        let done = run(folder.path(), &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        assert_eq!(done.code, Some(2), "{setting}: {}", done.err);
        assert!(done.err.contains(&format!("setting `{setting}`")), "{}", done.err);
    }
}

#[test]
fn the_example_file_holds_every_setting_and_nothing_else() {
    let example = include_str!("../../../sharelog.example.toml");
    let lines = example.lines().filter_map(|line| line.strip_prefix("# "));
    let settings: Vec<&str> = lines
        .filter(|line| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')))
        .collect();
    let table: toml::Table = settings.join("\n").parse().expect("TOML");
    let known = api::settings::StoreOptions::KEYS.iter().chain(api::settings::ServeOptions::KEYS);
    for key in known.clone() {
        assert!(table.contains_key(*key), "{key} is not in the example");
    }
    for key in table.keys() {
        assert!(known.clone().any(|known| known == key), "{key} is not a setting");
    }
}

#[test]
fn as_many_copies_are_possible_as_help_and_example_say() {
    let example = include_str!("../../../sharelog.example.toml");
    let line = example.lines().find(|line| line.contains("nats_replicas")).expect("its line");
    let folder = folder("");
    let help = run(folder.path(), &["serve", "--help"]).out;
    assert!(line.contains("1, 3 or 5") && help.contains("1, 3 or 5"), "{line}");
    for (copies, possible) in [(1, true), (2, false), (3, true), (4, false), (5, true), (6, false)]
    {
        let log = ["serve", "--listen", "127.0.0.1:0", "--log", "nats://127.0.0.1:1"];
        let copies = copies.to_string();
        let done = run(folder.path(), &[log.as_slice(), &["--nats-replicas", &copies]].concat());
        let wanted = if possible { 3 } else { 2 };
        assert_eq!(done.code, Some(wanted), "{copies}: {}", done.err);
    }
}
