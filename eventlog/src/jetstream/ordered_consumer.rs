//! Fetches messages from the server in order, through restarts and lost connections.
//!
//! Consumers of ours are disposable: they live in the server's memory, acknowledge nothing and
//! carry no state that we need. Whenever one falls silent, skips or vanishes, another is made after
//! the last message we have. So a restarted server costs a pause, never a gap or a repetition.

use super::{Shared, server};
use crate::LogError;
use async_nats::jetstream::{
    Message,
    consumer::{AckPolicy, DeliverPolicy, pull},
};
use domain::{position::Position, time::Time};
use futures::{FutureExt as _, StreamExt as _};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Messages asked for at once; at 65,000 bytes each this bounds what waits in memory.
const MAX_REQUESTED_MESSAGES: usize = 2_000;
/// Silence after which the head is compared with what we have.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(1);
/// The server drops a consumer that is not read for so long.
const INACTIVE_TIMEOUT: Duration = Duration::from_secs(30);
/// First pause after a failure; doubles up to [`MAX_RETRY_PAUSE`].
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(20);
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// What to read.
#[derive(Debug, Clone)]
pub(super) struct ReadSpec {
    /// Name of the stream.
    pub(super) stream: String,
    /// One subject only.
    pub(super) filter: Option<String>,
    /// Headers without payloads.
    pub(super) headers_only: bool,
    /// Must every sequence number come?
    pub(super) dense: bool,
}

/// A message with its place.
pub(super) struct Delivered {
    pub(super) seq: u64,
    pub(super) stored_at: Option<Time>,
    pub(super) message: Message,
}

struct Active {
    messages: pull::Stream,
    name: String,
    delivered: u64,
}

/// Messages of a stream after a place, in order.
pub(super) struct OrderedConsumer {
    shared: Arc<Shared>,
    wanted: ReadSpec,
    /// The last message handed out.
    last: u64,
    active: Option<Active>,
    /// A jump seen after this message; believed when a second consumer shows it too.
    suspect: Option<u64>,
    pause: Duration,
    silent_since: Instant,
}

impl Drop for OrderedConsumer {
    fn drop(&mut self) {
        self.retire();
    }
}

impl OrderedConsumer {
    pub(super) fn new(shared: Arc<Shared>, wanted: ReadSpec, last: u64) -> Self {
        Self {
            shared,
            wanted,
            last,
            active: None,
            suspect: None,
            pause: MIN_RETRY_PAUSE,
            silent_since: Instant::now(),
        }
    }

    /// Messages that came, at most `max`; waits for the first. Empty: none came.
    pub(super) async fn next(
        &mut self,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivered>, LogError> {
        let until = Instant::now() + wait;
        loop {
            let tick = until.min(self.silent_since + SILENCE_TIMEOUT).max(Instant::now());
            let received = match self.receive(max, tick).await {
                Ok(received) => received,
                Err(error) => {
                    self.retire();
                    self.rest(until, &error).await?;
                    continue;
                }
            };
            if !received.is_empty() {
                self.silent_since = Instant::now();
                self.pause = MIN_RETRY_PAUSE;
                return Ok(received);
            }
            if self.silent_since.elapsed() >= SILENCE_TIMEOUT
                && let Err(error) = self.look(until).await
            {
                self.retire();
                self.rest(until, &error).await?;
                continue;
            }
            if Instant::now() >= until {
                return Ok(Vec::new());
            }
        }
    }

    /// Pauses after a failure; a damaged log and the end of the time are errors.
    async fn rest(&mut self, until: Instant, error: &LogError) -> Result<(), LogError> {
        let wake = Instant::now() + self.pause;
        if matches!(error, LogError::Corrupt { .. } | LogError::Foreign { .. }) || wake >= until {
            tokio::time::sleep_until(wake.min(until)).await;
            return Err(error.clone());
        }
        tracing::debug!(%error, stream = self.wanted.stream, "reading again after a pause");
        tokio::time::sleep_until(wake).await;
        self.pause = (self.pause * 2).min(MAX_RETRY_PAUSE);
        Ok(())
    }

    /// The watchdog: compares the stream's end, as its leader says, with what we have.
    async fn look(&mut self, until: Instant) -> Result<(), LogError> {
        let slow = || LogError::Unavailable("JetStream does not answer".to_owned());
        let patience = until.max(Instant::now() + SILENCE_TIMEOUT);
        let Shared { client, options, .. } = &*self.shared;
        let info = timeout_at(patience, server::info(client, options, &self.wanted.stream));
        let info = info.await.map_err(|_| slow())??;
        let head = info.map_or(0, |info| info.state.last_seq);
        self.silent_since = Instant::now();
        if head < self.last {
            return Err(LogError::Corrupt {
                position: Position(head + 1),
                detail: format!("the log ends at {head}; {} was read: records are lost", self.last),
            });
        }
        if head != self.last && self.wanted.filter.is_none() {
            return Err(LogError::Unavailable("the consumer has fallen silent".to_owned()));
        }
        Ok(())
    }

    /// What came until then. May be dropped while it waits: nothing is taken before the last wait
    /// is over.
    async fn receive(&mut self, max: usize, until: Instant) -> Result<Vec<Delivered>, LogError> {
        if self.active.is_none() {
            let patience = until.max(Instant::now() + SILENCE_TIMEOUT);
            let started = timeout_at(patience, self.start()).await;
            let slow = || LogError::Unavailable("no consumer was made in time".to_owned());
            self.active = Some(started.map_err(|_elapsed| slow())??);
        }
        let Some(active) = &mut self.active else { return Ok(Vec::new()) };
        let mut next = timeout_at(until, active.messages.next()).await.ok();
        let mut messages = Vec::new();
        let mut failed = None;
        while let Some(item) = next {
            match item {
                Some(Ok(message)) => messages.push(message),
                Some(Err(error)) => failed = Some(error.to_string()),
                None => failed = Some("it has ended".to_owned()),
            }
            if failed.is_some() || messages.len() >= max {
                break;
            }
            next = active.messages.next().now_or_never();
        }
        let mut received = Vec::with_capacity(messages.len());
        for message in messages {
            let Some(delivered) = self.take(message)? else {
                failed = Some("it skipped".to_owned());
                break;
            };
            received.push(delivered);
        }
        match failed {
            Some(why) if received.is_empty() => {
                Err(LogError::Unavailable(format!("consumer: {why}")))
            }
            // What came is handed out first; the next call makes another consumer.
            Some(_) => {
                self.retire();
                Ok(received)
            }
            None => Ok(received),
        }
    }

    /// Checks a message's place; `None` = read again with another consumer.
    fn take(&mut self, message: Message) -> Result<Option<Delivered>, LogError> {
        let info =
            message.info().map_err(|error| LogError::Unavailable(format!("consumer: {error}")))?;
        let seq = info.stream_sequence;
        let stored_at = i64::try_from(info.published.unix_timestamp_nanos() / 1_000)
            .ok()
            .and_then(|micros| Time::from_micros(micros).ok());
        let due = self.active.as_mut().map(|active| {
            active.delivered += 1;
            active.delivered
        });
        if due != Some(info.consumer_sequence) {
            return Ok(None);
        }
        if self.wanted.dense && seq != self.last + 1 && self.suspect != Some(self.last) {
            self.suspect = Some(self.last);
            return Ok(None);
        }
        self.last = seq;
        Ok(Some(Delivered { seq, stored_at, message }))
    }

    async fn start(&self) -> Result<Active, LogError> {
        let failed = |error: String| LogError::Unavailable(format!("no consumer: {error}"));
        let stream = self
            .shared
            .context
            .get_stream_no_info(&self.wanted.stream)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.last + 1 },
            ack_policy: AckPolicy::None,
            filter_subject: self.wanted.filter.clone().unwrap_or_default(),
            headers_only: self.wanted.headers_only,
            inactive_threshold: INACTIVE_TIMEOUT,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let consumer =
            stream.create_consumer(config).await.map_err(|error| failed(error.to_string()))?;
        let name = consumer.cached_info().name.clone();
        let messages = consumer
            .stream()
            .max_messages_per_batch(MAX_REQUESTED_MESSAGES)
            .heartbeat(Duration::from_secs(5))
            .messages()
            .await
            .map_err(|error| failed(error.to_string()))?;
        Ok(Active { messages, name, delivered: 0 })
    }

    /// Drops the consumer, on the server too when it answers.
    fn retire(&mut self) {
        if let Some(active) = self.active.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (context, stream) = (self.shared.context.clone(), self.wanted.stream.clone());
            drop(active.messages);
            runtime.spawn(async move {
                drop(context.delete_consumer_from_stream(active.name, stream).await);
            });
        }
    }
}
