//! Runs the binary in a folder of its own, without the environment's settings.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A command line that knows nothing of the tests' own environment.
pub(crate) fn sharelog(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sharelog"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SHARELOG_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).env_remove("COLUMNS").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Done {
    Done::from(sharelog(folder).args(arguments).output().expect("the binary"))
}

/// How it ended, and what it said.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A service on the embedded engines, on a free port. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    /// Its address.
    pub(crate) base: String,
    // Removed last.
    folder: TempDir,
}

impl Service {
    /// Starts one and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder, arguments)
    }

    fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let output = File::create(folder.path().join("output")).expect("a file");
        let child = sharelog(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .spawn()
            .expect("the binary");
        let mut service = Self { child, base: String::new(), folder };
        service.base = service.wait_for_line("listening on");
        service
    }

    /// The end of the first line of its output that holds these words.
    pub(crate) fn wait_for_line(&mut self, words: &str) -> String {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let written = self.written();
            let line = written.lines().find(|line| line.contains(words));
            if let Some(last) = line.and_then(|line| line.split_whitespace().last()) {
                return last.to_owned();
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none(), "the service ended ({ended:?}):\n{written}");
            assert!(Instant::now() < end, "no line with `{words}` in:\n{written}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// All it has written so far.
    pub(crate) fn written(&self) -> String {
        fs::read_to_string(self.folder.path().join("output")).unwrap_or_default()
    }

    /// The folder it runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of its data folder.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().expect("kill");
        assert!(status.success(), "cannot signal {id}");
    }

    /// SIGTERM; answers how it ended, and its folder.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().expect("its end")
    }

    /// Stops it and starts it again in the same folder.
    pub(crate) fn restart(mut self, arguments: &[&str]) -> Self {
        self.signal("-TERM");
        assert!(self.child.wait().expect("its end").success());
        let empty = tempfile::tempdir().expect("a folder");
        let folder = std::mem::replace(&mut self.folder, empty);
        Self::start_in(folder, arguments)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already, which is what was wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
