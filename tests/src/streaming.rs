//! A real nats-server of its own for one test: started, killed, started again on the same store.

use crate::{
    process::{Process, program, repository},
    wait::{free_port, listens, until},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// A NATS server with JetStream on a free loopback port.
#[derive(Debug)]
pub struct Nats {
    process: Process,
    folder: PathBuf,
    port: u16,
}

impl Nats {
    /// Starts one that keeps its store in a folder and syncs every write.
    pub async fn start(folder: &Path) -> Self {
        Self::configured(folder, "sync_interval: always").await
    }

    /// Starts one that syncs at its default interval; for benchmarks.
    pub async fn start_unsynced(folder: &Path) -> Self {
        Self::configured(folder, "").await
    }

    async fn configured(folder: &Path, sync: &str) -> Self {
        let port = free_port();
        let folder = folder.to_owned();
        std::fs::create_dir_all(&folder).expect("a folder for nats");
        let config = format!("jetstream {{ {sync}\n max_mem: 64M, max_file: 8G }}\n");
        std::fs::write(folder.join("nats.conf"), config).expect("its configuration");
        let process = spawn(&folder, port);
        let mut nats = Self { process, folder, port };
        nats.ready().await;
        nats
    }

    /// Its address, as `--log` takes it.
    pub fn address(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port and store.
    pub async fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.port);
        self.ready().await;
    }

    async fn ready(&mut self) {
        let process = &mut self.process;
        let port = self.port;
        until("nats-server listens", Duration::from_secs(30), || {
            let ended = process.ended();
            assert!(ended.is_none(), "nats-server ended:\n{}", process.last_words());
            async move { listens(port).await.then_some(()) }
        })
        .await;
    }
}

fn spawn(folder: &Path, port: u16) -> Process {
    let server = program("SHARELOG_NATS_SERVER", &[repository().join(".tools/nats-server")]);
    let mut command = Command::new(server);
    command
        .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--store_dir"])
        .arg(folder.join("store"))
        .arg("--config")
        .arg(folder.join("nats.conf"));
    Process::start(&mut command, &folder.join("nats.log"))
}
