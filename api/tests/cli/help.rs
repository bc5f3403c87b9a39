//! The help is as it was: a changed flag is seen here.

use crate::support::run;

const COMMANDS: [&str; 18] = [
    "",
    "serve",
    "token",
    "token create",
    "token list",
    "token revoke",
    "history",
    "audit",
    "audit export",
    "doctor",
    "openapi",
    "projections",
    "projections status",
    "projections rebuild",
    "projections verify",
    "projections pause",
    "projections resume",
    "key rotate",
];

fn help(command: &str, flag: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mut arguments: Vec<&str> = command.split_whitespace().collect();
    arguments.push(flag);
    let done = run(folder.path(), &arguments);
    assert_eq!(done.code, Some(0), "{command}: {}", done.err);
    done.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_long_help_of_every_command_is_as_it_was() {
    for command in COMMANDS {
        let name =
            if command.is_empty() { "sharelog".to_owned() } else { command.replace(' ', "-") };
        insta::assert_snapshot!(name, help(command, "--help"));
    }
}

#[test]
fn the_short_help_leaves_out_what_is_rarely_needed() {
    let short = help("serve", "-h");
    insta::assert_snapshot!("serve-short", short);
    assert!(!short.contains("--nats-nkey-file"));
}

#[test]
fn the_help_lists_the_exit_codes() {
    assert!(help("", "--help").contains("5  another process uses the data folder"));
}

#[test]
fn the_openapi_description_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = run(folder.path(), &["openapi"]);
    let printed: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    assert!(printed["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert!(printed["paths"]["/v1/items/{kind}/{id}"].is_object());
}
