//! Starts and kills server processes, by their own id and never by a name.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// One process that this test started. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where its output goes.
    pub output: PathBuf,
}

impl Process {
    /// Starts it with both outputs appended to a file and no input.
    pub fn start(command: &mut Command, output: &Path) -> Self {
        let open = || -> Stdio {
            File::options().create(true).append(true).open(output).expect("output file").into()
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(open())
            .stderr(open())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, output: output.to_owned() }
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Has it ended by itself?
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("its state")
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended already, which is what was wanted.
        drop(self.child.kill());
        self.child.wait().expect("its end");
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        assert!(status.success() || self.ended().is_some(), "cannot signal process {id}");
        self.child.wait().expect("its end")
    }

    /// All it has written so far.
    pub fn written(&self) -> String {
        let bytes = std::fs::read(&self.output).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its last lines, for failure messages.
    pub fn last_words(&self) -> String {
        let all = self.written();
        let lines: Vec<&str> = all.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(25)).copied().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An environment variable; the suites take the servers' addresses and programs from there.
#[expect(clippy::disallowed_methods, reason = "scripts/test.sh says what the suites run on")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The seed of what is random in a test: `SHARELOG_SEED` repeats one. It is printed.
pub fn seed() -> u64 {
    let seed = setting("SHARELOG_SEED")
        .map_or_else(rand::random, |seed| seed.parse().expect("SHARELOG_SEED is a number"));
    println!("SHARELOG_SEED={seed}");
    seed
}

/// The top folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned()
}

/// A program that a setting names, or that `scripts/services.sh install` put somewhere.
pub fn program(setting_name: &str, fallbacks: &[PathBuf]) -> PathBuf {
    let candidates = setting(setting_name).map(PathBuf::from);
    candidates
        .into_iter()
        .chain(fallbacks.iter().cloned())
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("run scripts/services.sh install, or set {setting_name}"))
}
