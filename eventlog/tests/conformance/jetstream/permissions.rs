//! What the service user of `deploy/` may do (everything the engine needs) and may not (anything
//! that removes or alters what is recorded).

use super::{JetStream, OnServer};
use crate::server::Server;
use async_trait::async_trait;
use eventlog::{
    LogError,
    conformance::{Bench, Factory, Maker, everything},
    jetstream::Credentials,
};
use std::{path::Path, time::Duration};

fn configured() -> Server {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nats/single.conf");
    Server::with(Some(&folder))
}

fn service() -> Credentials {
    Credentials::UserPassword("sharelog".to_owned(), "service-secret".to_owned())
}

/// The service user may have one stream of one name, so each log gets a server of its own.
struct Deployed;

#[async_trait]
impl Factory for Deployed {
    async fn fresh(&self) -> Box<dyn Bench> {
        Box::new(JetStream::on(configured(), service()).bench().await)
    }
}

macro_rules! as_the_service_user {
    ($($group:ident::$case:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            eventlog::conformance::$group::$case(&Deployed).await;
        }
    )*};
}

// What the engine does on the server: publish, look, read, follow, restart, index of keys,
// activity.
as_the_service_user!(
    appending::of_two_writers_on_one_stream_exactly_one_wins_every_round,
    appending::a_lost_acknowledgement_is_found_by_reading,
    appending::streams_are_read_from_any_position,
    appending::the_log_knows_what_it_is,
    appending::keys_are_found_for_ever,
    following::a_follower_resumes_from_every_checkpoint,
    following::a_follower_survives_a_restart,
    clock::a_node_with_a_wrong_clock_takes_no_commands,
    activity::what_is_noted_is_read_back,
    activity::a_run_that_ended_without_a_flush_shows_as_a_gap,
);

/// Asks the API as a user; the server drops what the user may not publish, so no answer = refused.
async fn answered(bench: &OnServer, user: &str, password: &str, subject: &str, body: &str) -> bool {
    let url = bench.server.lock().await.url();
    let client =
        async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
            .connect(url)
            .await
            .unwrap();
    let request = async_nats::Request::new()
        .payload(body.to_owned().into())
        .timeout(Some(Duration::from_millis(300)));
    client.send_request(format!("$JS.API.{subject}"), request).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_user_can_remove_and_alter_nothing() {
    let bench = JetStream::on(configured(), service()).bench().await;
    let mut maker = Maker::started(81, &bench).await;
    maker.fill(&bench.log(), 5).await;
    let before = everything(&bench.log()).await;
    let update = serde_json::json!({
        "name": "SHARELOG", "subjects": ["sharelog.log.>"], "max_msgs": 1, "discard": "old",
        "storage": "file", "num_replicas": 1, "deny_delete": true, "deny_purge": true,
    })
    .to_string();
    for (subject, body) in [
        ("STREAM.DELETE.SHARELOG", ""),
        ("STREAM.DELETE.SHARELOG_ACTIVITY", ""),
        ("STREAM.PURGE.SHARELOG", ""),
        ("STREAM.UPDATE.SHARELOG", update.as_str()),
        ("STREAM.RESTORE.SHARELOG", "{}"),
        ("STREAM.SNAPSHOT.SHARELOG", "{\"deliver_subject\":\"_INBOX.x\"}"),
        ("STREAM.MSG.DELETE.SHARELOG", "{\"seq\":3}"),
        ("STREAM.CREATE.ANOTHER", "{\"name\":\"ANOTHER\"}"),
        ("STREAM.LIST", ""),
    ] {
        assert!(
            !answered(&bench, "sharelog", "service-secret", subject, body).await,
            "{subject} was answered"
        );
    }
    assert!(
        answered(&bench, "sharelog", "service-secret", "STREAM.INFO.SHARELOG", "").await,
        "what is allowed is answered"
    );
    assert!(
        answered(&bench, "operator", "operator-secret", "STREAM.LIST", "").await,
        "the operator may"
    );
    // Creating the stream again with limits is no way round.
    let limited = update.replace("\"max_msgs\":1", "\"max_msgs\":2");
    answered(&bench, "sharelog", "service-secret", "STREAM.CREATE.SHARELOG", &limited).await;
    bench.log().check().await.expect("nothing has changed");
    let after = everything(&bench.log()).await;
    assert!(before.iter().map(|r| &r.bytes).eq(after.iter().map(|r| &r.bytes)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_at_start() {
    let factory = JetStream::on(configured(), service());
    let right = factory.bench().await.options;
    let wrong = Credentials::UserPassword("sharelog".to_owned(), "guessed".to_owned());
    let options = eventlog::jetstream::JetStreamOptions { credentials: wrong, ..right };
    let refused = eventlog::jetstream::JetStreamLog::connect(options).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
}
