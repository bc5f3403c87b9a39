//! Runs the real binary: `sharelog serve` on a free port with a data folder of its own.

use crate::{
    process::{Process, program},
    wait::{free_port, until},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Where pages and links say they live; never the address the tests talk to.
pub const PUBLIC_URL: &str = "https://share.example";

/// One node of the service.
#[derive(Debug)]
pub struct Service {
    process: Process,
    arguments: Vec<String>,
    port: u16,
    /// Is its memory rounded up to huge pages?
    rounded: bool,
    /// Its data folder.
    pub data: PathBuf,
}

impl Service {
    /// Starts it and waits until it is ready. `engines` are the arguments that choose them.
    pub async fn start(data: &Path, engines: &[String]) -> Self {
        let mut service = Self::launch(data, engines);
        service.ready().await;
        service
    }

    /// Starts it without waiting.
    pub fn launch(data: &Path, engines: &[String]) -> Self {
        let port = free_port();
        let mut arguments = vec!["serve".to_owned(), "--data".to_owned()];
        arguments.push(data.to_string_lossy().into_owned());
        arguments.extend(["--listen".to_owned(), format!("127.0.0.1:{port}")]);
        arguments.extend(["--public-url".to_owned(), PUBLIC_URL.to_owned()]);
        // Receivers live on this machine, and are looked for again at once.
        arguments.extend(["--webhook-private", "true", "--webhook-retries"].map(str::to_owned));
        arguments.push(["1"; 40].join(","));
        arguments.extend_from_slice(engines);
        let process = spawn(&arguments, true, &data.with_extension("log"));
        Self { process, arguments, port, rounded: true, data: data.to_owned() }
    }

    /// Its address.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// SIGTERM; waits for the graceful end and answers whether it reported success.
    pub fn stop(&mut self) -> bool {
        self.process.terminate().success()
    }

    /// Starts it again: same port, same folder. Waits until it is ready.
    pub async fn start_again(&mut self) {
        self.launch_again();
        self.ready().await;
    }

    /// Starts it again without waiting.
    pub fn launch_again(&mut self) {
        let output = self.data.with_extension("log");
        self.process = spawn(&self.arguments, self.rounded, &output);
    }

    /// Starts it again with memory that is not rounded up to huge pages, so that
    /// [`resident`](Self::resident) is what it holds.
    pub async fn start_again_unrounded(&mut self) {
        assert!(self.stop(), "it ends well");
        self.rounded = false;
        self.start_again().await;
    }

    /// Has the process ended by itself?
    pub fn ended(&mut self) -> bool {
        self.process.ended().is_some()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until `/readyz` says so. A process that ends meanwhile is a failure.
    pub async fn ready(&mut self) {
        self.ready_within(Duration::from_mins(1)).await;
    }

    /// The same with another bound; for those that start with much to read.
    pub async fn ready_within(&mut self, bound: Duration) {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let address = format!("{}/readyz", self.base());
        let process = &mut self.process;
        until("the service is ready", bound, || {
            let ended = process.ended();
            assert!(ended.is_none(), "the service ended ({ended:?}):\n{}", process.last_words());
            let asked = http.get(&address).timeout(Duration::from_secs(5)).send();
            async move { asked.await.is_ok_and(|answer| answer.status() == 200).then_some(()) }
        })
        .await;
    }

    /// Kilobytes of memory that it holds.
    pub fn resident(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).expect("its state");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// All it has written to its own log so far.
    pub fn written(&self) -> String {
        self.process.written()
    }

    /// The administrator's token that the first start wrote.
    pub fn admin_token(&self) -> String {
        let path = self.data.join("admin.token");
        let token = std::fs::read_to_string(&path);
        token.unwrap_or_else(|error| panic!("{}: {error}", path.display())).trim().to_owned()
    }
}

/// The binary: `SHARELOG_BIN`, else the one built beside this test.
pub fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("this program");
    let target = here.parent().and_then(Path::parent).expect("a target folder");
    program("SHARELOG_BIN", &[target.join("sharelog")])
}

/// Runs the command line to its end: `sharelog ARGUMENTS`.
pub fn command_line(arguments: &[&str]) -> std::process::Output {
    quiet(Command::new(binary()).args(arguments)).output().expect("the command line")
}

/// No setting of the tests' own environment reaches the service.
fn quiet(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SHARELOG_") {
            command.env_remove(&name);
        }
    }
    command.env("NO_COLOR", "1")
}

fn spawn(arguments: &[String], rounded: bool, output: &Path) -> Process {
    let mut command = Command::new(binary());
    quiet(command.args(arguments));
    if !rounded {
        command.env("MIMALLOC_ALLOW_THP", "0");
    }
    if let Some(folder) = output.parent() {
        command.current_dir(folder);
    }
    Process::start(&mut command, output)
}
