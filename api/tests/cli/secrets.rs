//! Where secrets are, and where they are not.

use crate::support::{Service, run, sharelog};
use std::{fs, os::unix::fs::PermissionsExt as _};

#[test]
fn key_and_first_token_can_be_read_by_their_owner_only() {
    let service = Service::start(&[]);
    for name in ["server.key", "admin.token"] {
        let mode = fs::metadata(service.data(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let mode = fs::metadata(service.data("")).expect("the folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_key_file_that_others_can_read_is_told() {
    let mut service = Service::start(&[]);
    service.signal("-TERM");
    service.wait_for_line("ended");
    fs::set_permissions(service.data("server.key"), fs::Permissions::from_mode(0o644))
        .expect("its mode");
    let done = run(service.folder(), &["doctor"]);
    assert!(done.out.contains("can be read by others (mode 644)"), "{}", done.out);
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let addresses = [
        ("--db", "postgres://me:hunter2@127.0.0.1:1/x"),
        ("--db", "postgres://127.0.0.1:1/x?password=hunter2"),
        ("--log", "nats://me:hunter2@127.0.0.1:1"),
        ("--log", "nats://hunter2@127.0.0.1:1"),
    ];
    for (flag, address) in addresses {
        for command in ["serve", "doctor"] {
            let done = run(folder.path(), &[command, flag, address]);
            assert_eq!(done.code, Some(2), "{address}: {}", done.err);
            assert!(done.err.contains("holds a password"), "{}", done.err);
            assert!(!format!("{}{}", done.out, done.err).contains("hunter2"), "{}", done.err);
        }
    }
}

#[test]
fn a_password_in_the_environment_is_used_and_not_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let addresses = [
        ("SHARELOG_DB", "postgres://me:hunter2@127.0.0.1:1/x"),
        ("SHARELOG_LOG", "nats://me:hunter2@127.0.0.1:1"),
    ];
    for (variable, address) in addresses {
        let mut command = sharelog(folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-level", "trace"]);
        let output = command.env(variable, address).output().expect("the binary");
        assert_eq!(output.status.code(), Some(3), "{variable}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn neither_tokens_nor_links_nor_passwords_reach_the_log_of_the_service() {
    let mut service = Service::start(&["--demo", "--log-level", "trace", "--log-format", "json"]);
    let link = service.wait_for_line("A link with the password");
    let http = reqwest::Client::new();
    let form = "password=a-wrong-guess";
    http.post(&link).body(form).send().await.expect("an answer");
    http.post(&link).body("password=open%20sesame").send().await.expect("an answer");
    let token = fs::read_to_string(service.data("admin.token")).expect("the token");
    let asked = http.get(format!("{}/v1/tokens?limit=1", service.base));
    let answer = asked.bearer_auth(token.trim()).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let written = service.written();
    let log: Vec<&str> = written.lines().filter(|line| line.starts_with('{')).collect();
    assert!(log.iter().any(|line| line.contains("/l/***")), "requests are logged");
    let log = log.join("\n");
    let secret = link.rsplit('/').next().expect("a token");
    for planted in [secret, token.trim(), "a-wrong-guess", "open sesame", "open%20sesame"] {
        assert!(!log.contains(planted), "{planted} is in the log");
    }
}
