//! A real nats-server of its own, on a free port of the loopback interface, with a folder of its
//! own.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Names the binary; else it is looked for on the search path.
const VARIABLE: &str = "SHARELOG_NATS_SERVER";

#[expect(clippy::disallowed_methods, reason = "tests and benchmarks have no other settings")]
fn binary() -> PathBuf {
    if let Ok(named) = std::env::var(VARIABLE) {
        return named.into();
    }
    let path = std::env::var("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("nats-server"))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("nats-server is needed: name it in {VARIABLE} or in PATH"))
}

/// A running server, ended when dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    folder: TempDir,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Server {
    /// Starts one; with `sync_always` every write is on disk before it is acknowledged.
    pub(crate) fn start(sync_always: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let sync = if sync_always { "sync_interval: always" } else { "" };
        let config = folder.path().join("nats.conf");
        let text = format!("jetstream {{ store_dir: \"{}\"\n {sync} }}\n", store.display());
        std::fs::write(&config, text).unwrap();
        let process = Command::new(binary())
            .args(["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir"])
            .arg(folder.path())
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server starts");
        let mut server = Self { process, folder, port: 0 };
        server.port = server.wait_for_port();
        server
    }

    fn wait_for_port(&mut self) -> u16 {
        let name = format!("nats-server_{}.ports", self.process.id());
        let file = self.folder.path().join(name);
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let told = serde_json::from_str::<serde_json::Value>(&text).ok();
            let url = told.as_ref().and_then(|told| told["nats"][0].as_str());
            if let Some(port) = url.and_then(|url| url.rsplit_once(':')?.1.parse().ok()) {
                return port;
            }
            if let Some(ended) = self.process.try_wait().unwrap() {
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
}
