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

/// Passwords of the two users in `deploy/nats/single.conf`; the server lives as long as a test.
const SERVICE_PASSWORD: &str = "service-secret";
const OPERATOR_PASSWORD: &str = "operator-secret";

/// A NATS server with JetStream on a free loopback port.
#[derive(Debug)]
pub struct Nats {
    process: Process,
    folder: PathBuf,
    config: PathBuf,
    port: u16,
}

impl Nats {
    /// Starts one as it is deployed: every write on disk, and a user of the service who may append
    /// and read only.
    pub async fn start(folder: &Path) -> Self {
        Self::configured(folder, &repository().join("deploy/nats/single.conf")).await
    }

    /// Starts one that syncs at its default interval and knows no users; for benchmarks.
    pub async fn start_unsynced(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for nats");
        let config = folder.join("nats.conf");
        std::fs::write(&config, "jetstream { store_dir: $NATS_STORE_DIR }\n").expect("a file");
        Self::configured(folder, &config).await
    }

    async fn configured(folder: &Path, config: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for nats");
        let port = free_port();
        let process = spawn(folder, config, port);
        let mut nats = Self { process, folder: folder.to_owned(), config: config.to_owned(), port };
        std::fs::write(nats.password_file(), SERVICE_PASSWORD).expect("a password file");
        nats.ready().await;
        nats
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn password_file(&self) -> PathBuf {
        self.folder.join("service.password")
    }

    /// The arguments with which the service uses it.
    pub fn arguments(&self) -> Vec<String> {
        let file = self.password_file().to_string_lossy().into_owned();
        let address = self.address();
        ["--log", &address, "--nats-user", "sharelog", "--nats-password-file", &file]
            .map(str::to_owned)
            .to_vec()
    }

    /// A connection of a user that may do everything.
    pub async fn operator(&self) -> async_nats::Client {
        let options = async_nats::ConnectOptions::with_user_and_password(
            "operator".to_owned(),
            OPERATOR_PASSWORD.to_owned(),
        );
        options.connect(self.address()).await.expect("the message server")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port and store.
    pub async fn start_again(&mut self) {
        self.process = spawn(&self.folder, &self.config, self.port);
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

fn spawn(folder: &Path, config: &Path, port: u16) -> Process {
    let server = program("SHARELOG_NATS_SERVER", &[repository().join(".tools/nats-server")]);
    let mut command = Command::new(server);
    command
        .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--config"])
        .arg(config)
        .env("NATS_STORE_DIR", folder.join("store"))
        .env("NATS_SHARELOG_PASSWORD", SERVICE_PASSWORD)
        .env("NATS_OPERATOR_PASSWORD", OPERATOR_PASSWORD);
    Process::start(&mut command, &folder.join("nats.log"))
}
