//! The production engine: one stream on NATS JetStream.

use crate::{
    Append, AppendError, Checkpoint, Durability, EventLog, Follower, Head, LogError, Record,
    chain_verifier::{RawRecord, check_stream, require_first_at_one, require_not_beyond},
};
use async_nats::{
    Client, HeaderMap, Request,
    connection::State,
    header,
    jetstream::{Context, message::StreamMessage},
};
use async_trait::async_trait;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use parking_lot::Mutex;
use serde::Deserialize;
use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicU64},
};

mod activity;
mod check;
mod follower;
mod idempotency_index;
mod options;
mod ordered_consumer;
mod pending_keys;
mod server;
pub mod subject;

use ordered_consumer::{OrderedConsumer, ReadSpec};
use server::{ApiError, Found, Get, code};

pub use activity::JetStreamActivity;
pub use idempotency_index::JetStreamKeyIndex;
pub use options::{Credentials, JetStreamOptions};

/// Records of a stream that are fetched one by one; for more a consumer is made, which costs as
/// much as some of them.
const MAX_SINGLE_READS: usize = 8;

struct Shared {
    client: Client,
    context: Context,
    options: JetStreamOptions,
    /// When the stream was made; a later one of the same name is another.
    created: OnceLock<String>,
    identity: OnceLock<LogId>,
    /// The highest position known to be recorded: the log never ends before.
    known: AtomicU64,
    /// What this node appended and the idempotency index does not hold yet.
    pending: pending_keys::PendingKeys,
    /// Why appends are refused.
    refused: Mutex<Option<LogError>>,
}

/// The log on JetStream. Cheap to clone.
#[derive(Clone)]
pub struct JetStreamLog {
    shared: Arc<Shared>,
}

impl fmt::Debug for JetStreamLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamLog")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

/// An answer to a publish: an error, or where it was stored.
#[derive(Deserialize)]
struct Ack<'a> {
    error: Option<ApiError>,
    #[serde(default, borrow)]
    stream: std::borrow::Cow<'a, str>,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
}

impl JetStreamLog {
    /// Connects, creates the stream when it is missing, checks everything; goes on checking every
    /// 30 s.
    pub async fn connect(options: JetStreamOptions) -> Result<Self, LogError> {
        let client = options.client().await?;
        server::judge_version(&client.server_info().version)?;
        let mut context = async_nats::jetstream::new(client.clone());
        context.set_timeout(options.timeout);
        if server::info(&client, &options, &options.stream).await?.is_none() {
            let wanted = server::wanted(&options);
            server::create(&client, &options, &options.stream, &wanted).await?;
        }
        let shared = Arc::new(Shared {
            client,
            context,
            options,
            created: OnceLock::new(),
            identity: OnceLock::new(),
            known: AtomicU64::new(0),
            pending: pending_keys::PendingKeys::default(),
            refused: Mutex::new(None),
        });
        let log = Self { shared };
        log.check().await?;
        log.identity().await?;
        tokio::spawn(check::check_on(Arc::downgrade(&log.shared)));
        Ok(log)
    }

    /// What the server's answer to a publish says.
    fn acknowledged(&self, answer: &[u8]) -> Result<Position, AppendError> {
        let unclear = |why: String| AppendError::Unknown(format!("JetStream: {why}"));
        let ack: Ack<'_> =
            serde_json::from_slice(answer).map_err(|error| unclear(error.to_string()))?;
        if let Some(error) = ack.error {
            return Err(match error.err_code {
                code::WRONG_LAST | code::WRONG_LAST_CONSTANT => AppendError::Conflict,
                _ if error.code < 500 => server::refused(&error).into(),
                code => unclear(format!("{} ({code})", error.description)),
            });
        }
        let ours = &self.shared.options.stream;
        if ack.stream.is_empty() || ack.seq == 0 {
            return Err(unclear("an answer that says neither where nor why not".to_owned()));
        }
        if ack.stream != ours.as_str() {
            let why = format!("our subjects belong to the stream `{}`", ack.stream);
            return Err(LogError::Misconfigured(why).into());
        }
        let position = Position(ack.seq);
        if ack.duplicate { Err(AppendError::Duplicate(position)) } else { Ok(position) }
    }

    async fn get(&self, which: Get<'_>) -> Result<Option<RawRecord>, LogError> {
        let Shared { client, options, .. } = &*self.shared;
        let found = server::get(client, options, &options.stream, which).await?;
        Ok(found.map(|found| found.raw(&options.subjects())))
    }

    async fn last_of(&self, stream: &StreamName) -> Result<Option<RawRecord>, LogError> {
        let subject = subject::from_stream(stream, &self.shared.options.subjects());
        let found = self.get(Get::Last(&subject)).await?;
        if let Some(found) = &found {
            self.shared.knows(found.position);
        }
        Ok(found)
    }

    /// From any replica, as what is recorded never changes; from the leader when that one is
    /// behind.
    async fn fetch(&self, position: Position) -> Result<Option<RawRecord>, LogError> {
        let Shared { context, options, .. } = &*self.shared;
        let stream = context
            .get_stream_no_info(&options.stream)
            .await
            .map_err(|error| LogError::Unavailable(error.to_string()))?;
        let Ok(message) = stream.direct_get(position.0).await else {
            return self.get(Get::At(position.0)).await;
        };
        Ok(Some(found_message(message, &options.subjects())))
    }

    /// The records of a stream in a range when they are few; `None`: ask otherwise. Forwards, as a
    /// record that denies the ones before it must not hide them.
    async fn one_by_one(
        &self,
        stream: &StreamName,
        after: Position,
        last: Position,
    ) -> Option<Vec<RawRecord>> {
        let Shared { context, options, .. } = &*self.shared;
        let subject = subject::from_stream(stream, &options.subjects());
        let handle = context.get_stream_no_info(&options.stream).await.ok()?;
        let mut all: Vec<RawRecord> = Vec::new();
        while all.len() < MAX_SINGLE_READS {
            let next = all.last().map_or(after, |record| record.position).next();
            // A replica that is behind finds nothing.
            let found =
                handle.direct_get_next_for_subject(subject.clone(), Some(next.0)).await.ok()?;
            all.push(found_message(found, &options.subjects()));
            if all.last().is_some_and(|record| record.position >= last) {
                all.retain(|record| record.position <= last);
                return Some(all);
            }
        }
        None
    }

    /// Every record of a stream in a range, through a consumer.
    async fn range(
        &self,
        stream: &StreamName,
        after: Position,
        last: Position,
    ) -> Result<Vec<RawRecord>, LogError> {
        let options = &self.shared.options;
        let wanted = ReadSpec {
            stream: options.stream.clone(),
            filter: Some(subject::from_stream(stream, &options.subjects())),
            headers_only: false,
            dense: false,
        };
        let mut feed = OrderedConsumer::new(Arc::clone(&self.shared), wanted, after.0);
        let mut all: Vec<RawRecord> = Vec::new();
        while all.last().is_none_or(|record| record.position < last) {
            let came = feed.next(1_000, options.timeout).await?;
            if came.is_empty() {
                let why = format!("records of `{stream}` before {last} did not come");
                return Err(LogError::Unavailable(why));
            }
            all.extend(came.into_iter().map(|delivered| delivered.raw(&options.subjects())));
        }
        all.retain(|record| record.position <= last);
        Ok(all)
    }
}

fn found_message(message: StreamMessage, subjects: &str) -> RawRecord {
    let micros = i64::try_from(message.time.unix_timestamp_nanos() / 1_000);
    let found = Found {
        subject: message.subject.to_string(),
        seq: message.sequence,
        time: micros.ok().and_then(|micros| Time::from_micros(micros).ok()),
        data: message.payload,
    };
    found.raw(subjects)
}

impl ordered_consumer::Delivered {
    fn raw(self, subjects: &str) -> RawRecord {
        RawRecord {
            position: Position(self.seq),
            stream: subject::to_stream(&self.message.subject, subjects),
            stored_at: self.stored_at,
            bytes: self.message.message.payload,
        }
    }
}

#[async_trait]
impl EventLog for JetStreamLog {
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        let Shared { client, options, refused, .. } = &*self.shared;
        if let Some(error) = &*refused.lock() {
            return Err(error.clone().into());
        }
        if client.connection_state() != State::Connected {
            return Err(LogError::Unavailable("no connection to NATS".to_owned()).into());
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, append.message_id());
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, append.expected().to_string());
        let request = Request::new()
            .headers(headers)
            .payload(append.bytes().clone())
            .timeout(Some(options.timeout));
        let subject = subject::from_stream(append.stream(), &options.subjects());
        let answer = match client.send_request(subject, request).await {
            Ok(answer) => answer,
            // It was not received, so nothing was stored.
            Err(error) if error.kind() == async_nats::RequestErrorKind::NoResponders => {
                return Err(server::unavailable(&error).into());
            }
            Err(error) => return Err(AppendError::Unknown(format!("NATS: {error}"))),
        };
        let position = self.acknowledged(&answer.payload)?;
        self.shared.knows(position);
        self.shared.pending.acknowledged(position, append.key());
        Ok(position)
    }

    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError> {
        Ok(self.last_of(stream).await?.map_or(Position::START, |record| record.position))
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError> {
        let Some(last) = self.last_of(stream).await?.filter(|last| last.position > after) else {
            return Ok(Vec::new());
        };
        let end = last.position;
        // A writer that knows all but the last one is the usual case.
        if after.0 > 0 && last.clone().read()?.envelope.prev == after {
            return check_stream(stream, after, vec![last]);
        }
        let all = match self.one_by_one(stream, after, end).await {
            Some(all) => all,
            None => self.range(stream, after, end).await?,
        };
        check_stream(stream, after, all)
    }

    async fn read(&self, position: Position) -> Result<Option<Record>, LogError> {
        if position.0 == 0 {
            return Ok(None);
        }
        match self.fetch(position).await? {
            Some(raw) => raw.read().map(Some),
            None if position > self.head().await?.position => Ok(None),
            None => Err(LogError::Corrupt { position, detail: "the record is missing".to_owned() }),
        }
    }

    async fn head(&self) -> Result<Head, LogError> {
        let head = self.shared.info().await?.state.head();
        self.shared.knows(head.position);
        Ok(head)
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        let head = self.head().await?;
        require_first_at_one(head)?;
        require_not_beyond(after, head.position)?;
        let log = self.identity().await?;
        Ok(Box::new(follower::JetStreamFollower::new(Arc::clone(&self.shared), after, log)))
    }

    async fn identity(&self) -> Result<Option<LogId>, LogError> {
        if let Some(known) = self.shared.identity.get() {
            return Ok(Some(*known));
        }
        let first = self.read(Position(1)).await?;
        Ok(first.map(|record| *self.shared.identity.get_or_init(|| record.envelope.log)))
    }

    async fn check(&self) -> Result<Durability, LogError> {
        let found = self.shared.check().await;
        let mut refused = self.shared.refused.lock();
        match &found {
            Ok(_) => *refused = None,
            // A server that does not answer refuses appends by itself.
            Err(LogError::Unavailable(_)) => {}
            Err(error) => *refused = Some(error.clone()),
        }
        drop(refused);
        found
    }

    async fn clock(&self) -> Result<Option<Time>, LogError> {
        Ok(self.shared.info().await?.ts)
    }
}
