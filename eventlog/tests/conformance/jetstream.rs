//! The suite on JetStream with a real server, and what only JetStream can do wrong.

use super::server::Server;
use async_nats::jetstream::{Context, stream::Config};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{position::Position, stream::StreamName};
use eventlog::{
    Activity, ActivityEntry, KeyIndex, SharedLog,
    conformance::{Bench, Factory},
    conformance_suite,
    jetstream::{
        Credentials, JetStreamActivity, JetStreamKeyIndex, JetStreamLog, JetStreamOptions, subject,
    },
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::sync::Mutex;
use uuid::Uuid;

mod cluster;
mod permissions;
mod stream;

/// Many logs on one server, each with stream and subjects of its own.
pub(crate) struct JetStream {
    server: Arc<Mutex<Server>>,
    credentials: Credentials,
    next: AtomicU32,
}

pub(crate) struct OnServer {
    server: Arc<Mutex<Server>>,
    options: JetStreamOptions,
    log: JetStreamLog,
    /// Somebody who may do everything.
    operator: Context,
}

impl JetStream {
    pub(crate) fn new() -> Self {
        Self::on(Server::start(), Credentials::None)
    }

    fn on(server: Server, credentials: Credentials) -> Self {
        let server = Arc::new(Mutex::new(server));
        Self { server, credentials, next: AtomicU32::new(0) }
    }
}

impl OnServer {
    async fn config(&self) -> Config {
        let stream = self.operator.get_stream(&self.options.stream).await.unwrap();
        stream.cached_info().config.clone()
    }

    async fn change(&self, change: impl FnOnce(&mut Config)) {
        let mut config = self.config().await;
        change(&mut config);
        self.operator.update_stream(config).await.unwrap();
    }
}

#[async_trait]
impl Factory for JetStream {
    async fn fresh(&self) -> Box<dyn Bench> {
        Box::new(self.bench().await)
    }
}

impl JetStream {
    async fn bench(&self) -> OnServer {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let server = self.server.lock().await;
        // The configuration of `deploy/` allows its user one stream, under its default name.
        let named = matches!(self.credentials, Credentials::None);
        let default = JetStreamOptions::default();
        let options = JetStreamOptions {
            urls: vec![server.url()],
            credentials: self.credentials.clone(),
            stream: if named { format!("LOG{number}") } else { default.stream.clone() },
            prefix: if named { format!("test.log{number}") } else { default.prefix.clone() },
            ..default
        };
        let log = JetStreamLog::connect(options.clone()).await.unwrap();
        let client = if named {
            async_nats::connect(server.url()).await.unwrap()
        } else {
            async_nats::ConnectOptions::with_user_and_password(
                "operator".to_owned(),
                "operator-secret".to_owned(),
            )
            .connect(server.url())
            .await
            .unwrap()
        };
        let operator = async_nats::jetstream::new(client);
        OnServer { server: Arc::clone(&self.server), options, log, operator }
    }
}

#[async_trait]
impl Bench for OnServer {
    fn log(&self) -> SharedLog {
        Arc::new(self.log.clone())
    }

    async fn second(&self) -> SharedLog {
        Arc::new(JetStreamLog::connect(self.options.clone()).await.unwrap())
    }

    async fn keys(&self) -> Arc<dyn KeyIndex> {
        let folder = self.server.lock().await.folder().to_owned();
        let path = Path::new(&folder).join(format!("{}-keys.db", self.options.stream));
        Arc::new(JetStreamKeyIndex::open(&self.log, &path).await.unwrap())
    }

    async fn activity(&self, node: &str, run: Uuid) -> Arc<dyn Activity> {
        let clock = super::fixed_clock();
        Arc::new(JetStreamActivity::open(&self.log, node, run, clock).await.unwrap())
    }

    async fn noted(&self) -> Vec<ActivityEntry> {
        #[derive(serde::Deserialize)]
        struct Batch {
            entries: Vec<ActivityEntry>,
        }
        let name = format!("{}_ACTIVITY", self.options.stream);
        let mut stream = self.operator.get_stream(name).await.unwrap();
        let last = stream.info().await.unwrap().state.last_sequence;
        let mut all = Vec::new();
        for sequence in 1..=last {
            let message = stream.get_raw_message(sequence).await.unwrap();
            let batch: Batch = serde_json::from_slice(&message.payload).unwrap();
            all.extend(batch.entries);
        }
        all
    }

    async fn restart(&mut self) {
        let mut server = self.server.lock().await;
        server.kill();
        server.revive();
    }

    async fn inject(&self, stream: &StreamName, bytes: Bytes) {
        let subject = subject::from_stream(stream, &format!("{}.log", self.options.prefix));
        self.operator.publish(subject, bytes).await.unwrap().await.unwrap();
    }

    async fn lose(&self, _position: Position) {
        // A limit that keeps the last record of each stream only, for a moment.
        self.change(|config| config.max_messages_per_subject = 1).await;
        self.change(|config| config.max_messages_per_subject = -1).await;
    }

    async fn weaken(&self) -> bool {
        self.change(|config| config.max_messages = 1_000_000).await;
        true
    }

    async fn strengthen(&self) {
        self.change(|config| config.max_messages = -1).await;
    }
}

conformance_suite!(JetStream::new());
