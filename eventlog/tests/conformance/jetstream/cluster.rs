//! Three servers as `deploy/` configures them: any one may fail.

use crate::server::binary;
use domain::position::Position;
use eventlog::{
    Append, Appended, Checkpoint, LogError, SharedLog, append,
    conformance::{
        Maker, everything,
        make::{item, put},
        take,
    },
    jetstream::{Credentials, JetStreamLog, JetStreamOptions},
};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::Instant;

/// Servers on addresses of the loopback network that no other test uses, as the configurations fix
/// ports.
struct Cluster {
    folder: TempDir,
    network: String,
    servers: Vec<Option<Child>>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for index in 0..self.servers.len() {
            self.kill(index);
        }
    }
}

impl Cluster {
    fn start() -> Self {
        let process = std::process::id();
        let network = format!("127.{}.{}", 1 + (process >> 8) % 250, process % 256);
        let mut cluster =
            Self { folder: tempfile::tempdir().unwrap(), network, servers: vec![None, None, None] };
        (0..3).for_each(|index| cluster.run(index));
        cluster
    }

    fn run(&mut self, index: usize) {
        let number = index + 1;
        let config = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../deploy/nats/cluster-{number}.conf"));
        let mut command = Command::new(binary());
        command
            .arg("--config")
            .arg(config)
            .env("NATS_STORE_DIR", self.folder.path().join(number.to_string()))
            .env("NATS_SHARELOG_PASSWORD", "service-secret")
            .env("NATS_OPERATOR_PASSWORD", "operator-secret")
            .env("NATS_ROUTE_PASSWORD", "route-secret")
            .env("NATS_HOST", format!("{}.{number}", self.network))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for route in 1..=3 {
            let url = format!("nats://route:route-secret@{}.{route}:6222", self.network);
            command.env(format!("NATS_ROUTE_{route}"), url);
        }
        self.servers[index] = Some(command.spawn().expect("nats-server starts"));
    }

    fn kill(&mut self, index: usize) {
        if let Some(mut server) = self.servers[index].take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Connects when the three have found each other.
    async fn connect(&self) -> JetStreamLog {
        let user = Credentials::UserPassword("sharelog".to_owned(), "service-secret".to_owned());
        let options = JetStreamOptions {
            urls: (1..=3).map(|n| format!("nats://{}.{n}:4222", self.network)).collect(),
            credentials: user,
            replicas: 3,
            timeout: Duration::from_secs(2),
            ..JetStreamOptions::default()
        };
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            match JetStreamLog::connect(options.clone()).await {
                Ok(log) => return log,
                Err(LogError::Unavailable(_)) if Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// A new leader takes a moment; until then nothing is recorded, and that is told.
async fn patiently(log: &SharedLog, record: &Append) -> Appended {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        match append(&**log, record, Duration::from_secs(10)).await {
            Ok(answer) => return answer,
            Err(error) if Instant::now() > until => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_lose_nothing_when_one_after_the_other_is_killed() {
    let mut cluster = Cluster::start();
    let log: SharedLog = Arc::new(cluster.connect().await);
    assert_eq!(log.check().await.unwrap().replicas, 3);
    let mut maker = Maker::new(91);
    let first = maker.first();
    assert_eq!(put(&log, &first).await, Appended::At(Position(1)));
    let mut follower = log.follow(Checkpoint::default()).await.unwrap();
    let stream = item("kept");
    let mut acknowledged = Vec::new();
    let mut version = Position::START;
    for killed in 0..3 {
        for number in 0..15 {
            if number == 5 {
                cluster.kill(killed);
            }
            let record = maker.commit(&stream, version);
            let answer = patiently(&log, &record).await;
            let Appended::At(position) = answer else { panic!("nobody else writes: {answer:?}") };
            acknowledged.push((position, record.bytes().clone()));
            version = position;
        }
        cluster.run(killed);
    }
    let seen = take(&mut *follower, 1 + acknowledged.len()).await;
    let all = everything(&log).await;
    assert_eq!(all.len(), seen.len(), "each once");
    for (position, bytes) in acknowledged {
        let index = usize::try_from(position.0).unwrap() - 1;
        assert_eq!((&all[index].bytes, &seen[index].bytes), (&bytes, &bytes));
    }
}
