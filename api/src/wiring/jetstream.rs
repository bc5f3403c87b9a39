//! Opens the log on NATS JetStream.

use super::LogParts;
use crate::{
    exit::Failure,
    settings::{NatsSignIn, StoreSettings},
};
use eventlog::{
    SharedLog,
    clock_skew::Now,
    jetstream::{
        Credentials, JetStreamActivity, JetStreamKeyIndex, JetStreamLog, JetStreamOptions,
    },
};
use std::sync::Arc;
use uuid::Uuid;

fn options(store: &StoreSettings, servers: &[String]) -> JetStreamOptions {
    let nats = &store.nats;
    JetStreamOptions {
        urls: servers.to_vec(),
        credentials: match &nats.sign_in {
            NatsSignIn::None => Credentials::None,
            NatsSignIn::File(path) => Credentials::File(path.clone()),
            NatsSignIn::Password(user, password) => {
                Credentials::UserPassword(user.clone(), password.clone())
            }
            NatsSignIn::Token(token) => Credentials::Token(token.clone()),
            NatsSignIn::NKey(seed) => Credentials::NKey(seed.clone()),
        },
        tls_ca: nats.ca.clone(),
        tls_required: nats.tls || servers.iter().any(|server| server.starts_with("tls:")),
        stream: nats.stream.clone(),
        prefix: nats.prefix.clone(),
        replicas: nats.replicas,
        synced: nats.synced,
        ..JetStreamOptions::default()
    }
}

async fn connect(store: &StoreSettings, servers: &[String]) -> Result<JetStreamLog, Failure> {
    let connected = JetStreamLog::connect(options(store, servers)).await;
    connected
        .map_err(|error| Failure::from(error).during(&format!("NATS at {}", servers.join(","))))
}

pub(super) async fn log(
    store: &StoreSettings,
    servers: &[String],
    node: &str,
    now: Now,
) -> Result<LogParts, Failure> {
    let log = connect(store, servers).await?;
    let keys = JetStreamKeyIndex::open(&log, &store.local("keys.db")).await?;
    let activity = JetStreamActivity::open(&log, node, Uuid::new_v4(), now).await?;
    Ok(LogParts { log: Arc::new(log), keys: Arc::new(keys), activity: Arc::new(activity) })
}

pub(super) async fn reading_log(
    store: &StoreSettings,
    servers: &[String],
) -> Result<SharedLog, Failure> {
    Ok(Arc::new(connect(store, servers).await?))
}
