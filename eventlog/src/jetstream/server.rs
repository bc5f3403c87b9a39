//! Requests to the server beside publishing, and the parsing of its answers.

use super::subject;
use super::{JetStreamOptions, Shared};
use crate::{LogError, chain_verifier::RawRecord};
use async_nats::{Client, Request, RequestErrorKind};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use domain::{position::Position, time::Time};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Servers below lose acknowledged writes or skip version checks in known cases; refused.
const MIN_SERVER_VERSION: (u64, u64, u64) = (2, 10, 23);
/// Servers below have known faults that we can live with; warned about.
const ADVISED_SERVER_VERSION: (u64, u64, u64) = (2, 12, 2);

/// The server's codes: <https://github.com/nats-io/nats-server/blob/main/server/errors.json>.
pub(super) mod code {
    /// Wrong last sequence.
    pub(crate) const WRONG_LAST: u64 = 10_071;
    /// Wrong last sequence, without the number.
    pub(crate) const WRONG_LAST_CONSTANT: u64 = 10_164;
    /// No message found.
    pub(crate) const NO_MESSAGE: u64 = 10_037;
    /// Stream not found.
    pub(crate) const NO_STREAM: u64 = 10_059;
}

/// An error of the JetStream API.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ApiError {
    pub(super) code: u64,
    #[serde(default)]
    pub(super) err_code: u64,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ApiResponse<T> {
    Failed { error: ApiError },
    Done(T),
}

/// What the stream holds, as its leader says.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct StreamState {
    #[serde(default)]
    pub(super) messages: u64,
    #[serde(default)]
    pub(super) first_seq: u64,
    #[serde(default)]
    pub(super) last_seq: u64,
}

/// The answer to a question about a stream.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct StreamInfo {
    pub(super) config: Value,
    #[serde(default)]
    pub(super) state: StreamState,
    /// When it was made; another time = another stream.
    pub(super) created: String,
    /// The server's clock.
    #[serde(default)]
    pub(super) ts: Option<Time>,
}

#[derive(Deserialize)]
struct StoredMessage {
    message: MessageBody,
}

#[derive(Deserialize)]
struct MessageBody {
    subject: String,
    seq: u64,
    #[serde(default)]
    data: String,
    time: Time,
}

/// Which message is asked for.
#[derive(Debug, Clone, Serialize)]
pub(super) enum Get<'a> {
    #[serde(rename = "last_by_subj")]
    Last(&'a str),
    #[serde(rename = "seq")]
    At(u64),
}

/// A message, however it was delivered.
pub(super) struct Found {
    pub(super) subject: String,
    pub(super) seq: u64,
    pub(super) time: Option<Time>,
    pub(super) data: Bytes,
}

impl Found {
    pub(super) fn raw(self, subjects: &str) -> RawRecord {
        RawRecord {
            position: Position(self.seq),
            stream: subject::to_stream(&self.subject, subjects),
            stored_at: self.time,
            bytes: self.data,
        }
    }
}

/// Asks the API; the inner error is the server's own.
pub(super) async fn ask<T: DeserializeOwned>(
    client: &Client,
    options: &JetStreamOptions,
    subject: &str,
    question: &impl Serialize,
) -> Result<Result<T, ApiError>, LogError> {
    let unreadable = |error| LogError::Unavailable(format!("JetStream's answer: {error}"));
    let payload = serde_json::to_vec(question).map_err(unreadable)?;
    let request = Request::new().payload(payload.into()).timeout(Some(options.timeout));
    let answer = client
        .send_request(format!("$JS.API.{subject}"), request)
        .await
        .map_err(|error| unavailable(&error))?;
    match serde_json::from_slice(&answer.payload).map_err(unreadable)? {
        ApiResponse::Failed { error } => Ok(Err(error)),
        ApiResponse::Done(answer) => Ok(Ok(answer)),
    }
}

pub(super) fn unavailable(error: &async_nats::RequestError) -> LogError {
    LogError::Unavailable(if error.kind() == RequestErrorKind::NoResponders {
        "JetStream is not enabled, or not ready".to_owned()
    } else {
        format!("NATS: {error}")
    })
}

pub(super) fn refused(error: &ApiError) -> LogError {
    let text = format!("JetStream: {} ({})", error.description, error.err_code);
    if error.code >= 500 { LogError::Unavailable(text) } else { LogError::Misconfigured(text) }
}

/// A message as the stream's leader has it; `None` = there is none.
pub(super) async fn get(
    client: &Client,
    options: &JetStreamOptions,
    stream: &str,
    which: Get<'_>,
) -> Result<Option<Found>, LogError> {
    let subject = format!("STREAM.MSG.GET.{stream}");
    let message = match ask::<StoredMessage>(client, options, &subject, &which).await? {
        Ok(found) => found.message,
        Err(error) if error.err_code == code::NO_MESSAGE => return Ok(None),
        Err(error) => return Err(refused(&error)),
    };
    let data = BASE64_STANDARD.decode(&message.data).map_err(|error| LogError::Corrupt {
        position: Position(message.seq),
        detail: error.to_string(),
    })?;
    Ok(Some(Found {
        subject: message.subject,
        seq: message.seq,
        time: Some(message.time),
        data: data.into(),
    }))
}

pub(super) async fn info(
    client: &Client,
    options: &JetStreamOptions,
    stream: &str,
) -> Result<Option<StreamInfo>, LogError> {
    match ask(client, options, &format!("STREAM.INFO.{stream}"), &json!({})).await? {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.err_code == code::NO_STREAM => Ok(None),
        Err(error) => Err(refused(&error)),
    }
}

/// How the log's stream must be configured; every other setting must be at its default.
pub(super) fn wanted(options: &JetStreamOptions) -> Value {
    json!({
        "name": options.stream,
        "subjects": [format!("{}.>", options.subjects())],
        "retention": "limits",
        "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_age": 0,
        "max_msgs_per_subject": -1, "max_msg_size": -1,
        "discard": "new",
        "storage": "file",
        "num_replicas": options.replicas,
        "duplicate_window": 120_000_000_000_i64,
        "compression": "s2",
        "allow_direct": true, "deny_delete": true, "deny_purge": true, "allow_rollup_hdrs": false,
    })
}

/// Makes a stream unless another node was faster.
pub(super) async fn create(
    client: &Client,
    options: &JetStreamOptions,
    stream: &str,
    config: &Value,
) -> Result<StreamInfo, LogError> {
    let subject = format!("STREAM.CREATE.{stream}");
    let answer: Result<StreamInfo, ApiError> = ask(client, options, &subject, config).await?;
    match answer {
        Ok(info) => Ok(info),
        Err(error) => info(client, options, stream).await?.ok_or_else(|| refused(&error)),
    }
}

/// Settings that a newer server may report and that do no harm at these values.
fn is_harmless(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty() || text == "default",
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_harmless),
        Value::Bool(true) => false,
    }
}

/// Where a stream's configuration differs from what it must be.
pub(super) fn differences(config: &Value, options: &JetStreamOptions) -> Vec<String> {
    let wanted = wanted(options);
    let (Some(found), Some(wanted)) = (config.as_object(), wanted.as_object()) else {
        return vec!["the configuration cannot be read".to_owned()];
    };
    let mut all = Vec::new();
    for (name, value) in wanted {
        let is = found.get(name).unwrap_or(&Value::Null);
        let more_copies = name == "num_replicas" && is.as_u64() >= value.as_u64();
        let both_off = is_harmless(is) && is_harmless(value);
        if is != value && !both_off && !more_copies {
            all.push(format!("`{name}` is {is}, must be {value}"));
        }
    }
    for (name, value) in found {
        let known = wanted.contains_key(name)
            || matches!(name.as_str(), "metadata" | "description" | "placement" | "mirror_direct");
        let consumers =
            name == "consumer_limits" || name == "first_seq" && value.as_u64() == Some(1);
        if !known && !consumers && !is_harmless(value) {
            all.push(format!("`{name}` is {value}, must not be set"));
        }
    }
    all
}

/// Warnings about the server's version, or why it must not be used.
pub(super) fn judge_version(version: &str) -> Result<Vec<String>, LogError> {
    let mut numbers = version
        .split(['.', '-', '+'])
        .map_while(|part| part.parse::<u64>().ok())
        .chain(std::iter::repeat(0));
    let mut next = || numbers.next().unwrap_or(0);
    let found = (next(), next(), next());
    if found < MIN_SERVER_VERSION {
        let (a, b, c) = MIN_SERVER_VERSION;
        let why = format!("nats-server {version} is too old; {a}.{b}.{c} is the oldest supported");
        return Err(LogError::Misconfigured(why));
    }
    if found < ADVISED_SERVER_VERSION {
        let (a, b, c) = ADVISED_SERVER_VERSION;
        return Ok(vec![format!("nats-server {version} has known faults; {a}.{b}.{c} is advised")]);
    }
    Ok(Vec::new())
}

impl Shared {
    pub(super) async fn info(&self) -> Result<StreamInfo, LogError> {
        info(&self.client, &self.options, &self.options.stream).await?.ok_or_else(|| {
            LogError::Misconfigured(format!("the stream `{}` is gone", self.options.stream))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_refused_and_newer_ones_with_faults_named() {
        for old in ["2.9.25", "2.10.22", "1.0.0", "2.10.0-beta.1", "nonsense", ""] {
            assert!(judge_version(old).is_err(), "{old}");
        }
        for faulty in ["2.10.23", "2.11.9", "2.12.0", "2.12.1"] {
            assert_eq!(judge_version(faulty).unwrap().len(), 1, "{faulty}");
        }
        for good in ["2.12.2", "2.12.2-RC.1", "2.15.1", "3.0.0"] {
            assert!(judge_version(good).unwrap().is_empty(), "{good}");
        }
    }

    #[test]
    fn settings_of_servers_to_come_are_judged_by_their_value() {
        let options = JetStreamOptions::default();
        let mut config = wanted(&options);
        assert!(differences(&config, &options).is_empty());
        config["new_limit"] = json!(0);
        config["new_flag"] = json!(false);
        config["metadata"] = json!({"_nats.level": "1"});
        config["num_replicas"] = json!(3);
        assert!(differences(&config, &options).is_empty());
        config["allow_msg_ttl"] = json!(true);
        config["deny_purge"] = json!(false);
        assert_eq!(differences(&config, &options).len(), 2);
    }
}
