//! A real nats-server of its own for a test.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Names the binary; else it is looked for on the search path.
const VARIABLE: &str = "SHARELOG_NATS_SERVER";

#[expect(clippy::disallowed_methods, reason = "a test binary has no other settings")]
pub(crate) fn binary() -> PathBuf {
    if let Ok(named) = std::env::var(VARIABLE) {
        return named.into();
    }
    let path = std::env::var("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("nats-server"))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!(
                "these tests need nats-server: name it in {VARIABLE}, put it on the PATH, \
                 or run scripts/test.sh, which installs it"
            )
        })
}

/// A server on a free port of the loopback interface, with a folder of its own.
pub(crate) struct Server {
    folder: TempDir,
    config: Option<PathBuf>,
    process: Option<Child>,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// Without accounts.
    pub(crate) fn start() -> Self {
        Self::with(None)
    }

    /// With a configuration file of `deploy/`.
    pub(crate) fn with(config: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Self { folder, config: config.map(Path::to_owned), process: None, port: 0 };
        server.run("-1");
        server
    }

    fn run(&mut self, port: &str) {
        let ports = self.folder.path().join("ports");
        std::fs::create_dir_all(&ports).unwrap();
        let store = self.folder.path().join("store");
        let mut command = Command::new(binary());
        command
            .args(["-a", "127.0.0.1", "-p", port, "--ports_file_dir"])
            .arg(&ports)
            .env("NATS_STORE_DIR", &store)
            .env("NATS_SHARELOG_PASSWORD", "service-secret")
            .env("NATS_OPERATOR_PASSWORD", "operator-secret")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match &self.config {
            Some(config) => command.arg("-c").arg(config),
            None => command.arg("-js").arg("-sd").arg(&store),
        };
        let process = command.spawn().expect("nats-server starts");
        let file = ports.join(format!("nats-server_{}.ports", process.id()));
        self.process = Some(process);
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Some(port) = std::fs::read(&file).ok().and_then(|text| read_port(&text)) {
                self.port = port;
                return;
            }
            if let Some(ended) = self.process.as_mut().and_then(|p| p.try_wait().unwrap()) {
                panic!("nats-server ended: {ended}");
            }
            std::thread::yield_now();
        }
        panic!("nats-server told no port");
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// A folder that lives as long as the server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it again on the same port and store.
    pub(crate) fn revive(&mut self) {
        let port = self.port.to_string();
        self.run(&port);
    }
}

fn read_port(text: &[u8]) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_slice(text).ok()?;
    let address = ports.get("nats")?.get(0)?.as_str()?;
    address.rsplit(':').next()?.parse().ok()
}
