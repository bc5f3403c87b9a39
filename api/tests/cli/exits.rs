//! Exit codes and their messages; who holds the data folder, and what still works.

use crate::support::{Service, run};
use std::net::TcpListener;

#[test]
fn a_second_service_on_the_same_folder_is_refused_and_told_who_holds_it() {
    let service = Service::start(&[]);
    for command in ["serve --listen 127.0.0.1:0", "token create --role app --label lab"] {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let done = run(service.folder(), &arguments);
        assert_eq!(done.code, Some(5), "{command}: {}", done.err);
        assert!(done.err.contains(&service.base), "{}", done.err);
    }
}

#[test]
fn reading_commands_work_beside_a_running_service() {
    let mut service = Service::start(&["--demo"]);
    service.wait_for_line("audit/events");
    let history = run(service.folder(), &["history", "history:rna-seq-4"]);
    assert_eq!(history.code, Some(0), "{}", history.err);
    assert!(history.out.contains("reason: second opinion"), "{}", history.out);
    let unknown = run(service.folder(), &["history", "history:nobody"]);
    assert_eq!(unknown.code, Some(1), "{}", unknown.err);
    let status = run(service.folder(), &["projections", "status", "--json"]);
    assert_eq!(status.out.lines().count(), 3, "{}", status.out);
    let doctor = run(service.folder(), &["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}{}", doctor.out, doctor.err);
    let export = run(service.folder(), &["audit", "export"]);
    assert_eq!(export.code, Some(0), "{}", export.err);
    assert!(export.err.contains("not recorded in the log"), "{}", export.err);
    assert!(!export.err.contains("--url"), "that would record nothing either: {}", export.err);
    let first: serde_json::Value =
        serde_json::from_str(export.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["type"], "log.started");
}

#[test]
fn a_running_service_answers_what_its_data_answer() {
    let mut service = Service::start(&["--demo"]);
    service.wait_for_line("audit/events");
    let remote = ["--url", &service.base];
    let commands: [&[&str]; 3] = [
        &["history", "history:rna-seq-4"],
        &["audit", "export"],
        &["audit", "export", "--from-position", "3", "--to-position", "9"],
    ];
    for command in commands {
        let here = run(service.folder(), command);
        let there = run(service.folder(), &[command, &remote].concat());
        assert_eq!(there.code, Some(0), "{command:?}: {}", there.err);
        assert_eq!(there.out, here.out, "{command:?}");
        if command[0] == "audit" {
            assert!(there.err.contains("not recorded in the log"), "{}", there.err);
        }
    }
    let url = ["audit", "export", "--url", &service.base, "--from-position", "99999"];
    let beyond = run(service.folder(), &url);
    assert_eq!(beyond.code, Some(1), "{}", beyond.err);
    assert!(beyond.err.contains("99999"), "{}", beyond.err);
}

#[test]
fn an_export_of_what_is_not_there_is_refused_and_one_of_nothing_new_says_so() {
    let mut service = Service::start(&["--demo"]);
    service.wait_for_line("audit/events");
    let export =
        |arguments: &[&str]| run(service.folder(), &[&["audit", "export"], arguments].concat());
    for (arguments, words) in [
        (["--from-position", "99999"].as_slice(), "the log ends at position"),
        (&["--to-position", "99999"], "the log ends at position"),
        (&["--from-position", "3", "--to-position", "2"], "before --from-position 3"),
        (&["--from-position", "0"], "a whole number from 1 on"),
        (&["--from-position", "x"], "a whole number from 1 on"),
    ] {
        let done = export(arguments);
        assert_eq!(done.code, Some(2), "{arguments:?}: {}", done.err);
        assert!(done.err.contains(words), "{arguments:?}: {}", done.err);
        assert_eq!(done.out, "", "{arguments:?}");
    }
    assert_eq!(export(&["--output", "trail.jsonl"]).code, Some(0));
    for arguments in
        [["--output", "trail.jsonl"].as_slice(), &["-o", "trail.jsonl", "--to-position", "2"]]
    {
        let again = export(arguments);
        assert_eq!(again.code, Some(0), "{}", again.err);
        assert!(again.err.contains("nothing new"), "{}", again.err);
        assert!(!again.err.contains("positions"), "{}", again.err);
    }
    let foreign = "{\"id\":\"99999-0\"}\n";
    std::fs::write(service.folder().join("other.jsonl"), foreign).expect("a file");
    let other = export(&["--output", "other.jsonl"]);
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(other.err.contains("another log"), "{}", other.err);
}

#[test]
fn numbers_and_addresses_that_cannot_be_are_told_in_plain_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong: [(&[&str], &str); 6] = [
        (&["history", "history:1", "--limit", "0"], "a whole number from 1 on"),
        (&["history", "history:1", "--limit", "many"], "a whole number from 1 on"),
        (&["serve", "--listen", "nonsense"], "an IP address and a port are expected"),
        (&["serve", "--nats-replicas", "many"], "a whole number is expected"),
        (&["serve", "--visit-life", "long"], "a whole number is expected"),
        (&["serve", "--max-wait", "-1"], ""),
    ];
    for (arguments, words) in wrong {
        let done = run(folder.path(), arguments);
        assert_eq!(done.code, Some(2), "{arguments:?}: {}", done.err);
        assert!(done.err.contains(words), "{arguments:?}: {}", done.err);
        assert!(!done.err.contains("socket"), "{}", done.err);
        assert!(!done.err.contains("digit"), "{}", done.err);
    }
}

#[test]
fn an_export_goes_on_after_its_last_whole_line_and_is_recorded() {
    let service = Service::start(&[]);
    let folder = service.folder().to_owned();
    let keep = service.data("..");
    assert!(keep.exists());
    let export = |arguments: &[&str]| {
        run(&folder, &[&["audit", "export", "--output", "trail.jsonl"], arguments].concat())
    };
    assert_eq!(export(&["--to-position", "1"]).code, Some(0));
    let path = folder.join("trail.jsonl");
    let begun = std::fs::read_to_string(&path).expect("the trail");
    std::fs::write(&path, format!("{begun}{{\"id\":\"2-0")).expect("a torn line");
    assert_eq!(export(&[]).code, Some(0));
    let whole = std::fs::read_to_string(&path).expect("the trail");
    assert!(whole.starts_with(&begun));
    let ids: Vec<String> = whole
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|event| event["id"].as_str().expect("an id").to_owned())
        .collect();
    let mut once = ids.clone();
    once.dedup();
    assert_eq!(ids, once);
    assert!(ids.len() > 1, "{ids:?}");
}

#[test]
fn tokens_are_made_listed_and_revoked_through_a_running_service() {
    let service = Service::start(&[]);
    tokens(&service, &["--url", &service.base]);
}

#[test]
fn tokens_are_made_listed_and_revoked_on_the_data_of_a_service_that_does_not_run() {
    let mut service = Service::start(&[]);
    service.signal("-TERM");
    service.wait_for_line("ended");
    tokens(&service, &[]);
}

fn tokens(service: &Service, how: &[&str]) {
    let ask = |arguments: &[&str]| {
        let done = run(service.folder(), &[&["token"], arguments, how].concat());
        assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.err);
        done
    };
    let made = ask(&["create", "--role", "app", "--label", "lab", "--scope", "read"]);
    assert!(made.out.trim().starts_with("sl_"), "only the secret goes to standard output");
    let id = made.err.split_whitespace().find(|word| word.starts_with("tk_")).expect("an id");
    let id = id.trim_end_matches(';');
    let list = ask(&["list"]);
    let line = list.out.lines().find(|line| line.contains(id)).expect("the token").to_owned();
    assert!(line.contains("lab") && line.contains("read"), "{line}");
    assert!(!list.out.contains("sl_"));
    assert!(ask(&["revoke", id]).out.contains("is revoked"));
    assert!(ask(&["revoke", id]).out.contains("was already revoked"));
}

#[test]
fn a_port_in_use_and_engines_that_do_not_answer_are_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("its address").to_string();
    let unavailable: [(&[&str], &str); 3] = [
        (&["--listen", &taken], "address already in use"),
        (&["--listen", "127.0.0.1:0", "--log", "nats://127.0.0.1:1"], "NATS at nats://127.0.0.1:1"),
        (&["--listen", "127.0.0.1:0", "--db", "postgres://127.0.0.1:1/x"], "PostgreSQL at"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, words) in unavailable {
        let done = run(folder.path(), &[&["serve"], arguments].concat());
        assert_eq!(done.code, Some(3), "{arguments:?}: {}", done.err);
        assert!(done.err.contains(words), "{}", done.err);
    }
    let done = run(folder.path(), &["token", "list", "--url", "http://127.0.0.1:1"]);
    assert_eq!(done.code, Some(2), "there is no token: {}", done.err);
    std::fs::write(folder.path().join("token"), "sl_none").expect("a file");
    let arguments = ["token", "list", "--url", "http://127.0.0.1:1", "--token-file", "token"];
    let done = run(folder.path(), &arguments);
    assert_eq!(done.code, Some(3), "{}", done.err);
}

#[test]
fn a_key_file_that_is_not_the_one_of_the_vault_is_told() {
    let mut service = Service::start(&[]);
    service.signal("-TERM");
    service.wait_for_line("ended");
    std::fs::remove_file(service.data("server.key")).expect("the key file");
    let done = run(service.folder(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(done.code, Some(4), "{}", done.err);
    assert!(done.err.contains("key"), "{}", done.err);
}

#[test]
fn a_signal_ends_it_with_success() {
    let service = Service::start(&[]);
    assert!(service.stop().success());
}

#[test]
fn the_demo_world_is_loaded_once() {
    let mut service = Service::start(&["--demo"]);
    service.wait_for_line("audit/events");
    let count = |service: &Service| {
        let done = run(service.folder(), &["history", "history:rna-seq-4", "--json"]);
        done.out.lines().count()
    };
    let before = count(&service);
    let mut service = service.restart(&["--demo"]);
    service.wait_for_line("audit/events");
    assert_eq!(count(&service), before);
}

#[test]
fn keys_are_rotated_and_retired() {
    let mut service = Service::start(&[]);
    service.signal("-TERM");
    service.wait_for_line("ended");
    let done = run(service.folder(), &["key", "rotate", "--purpose", "link", "--retire", "1"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("link key 2 is in use"), "{}", done.out);
    assert!(done.out.contains("retired: 1"), "{}", done.out);
}
