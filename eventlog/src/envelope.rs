//! The envelope of a record: one command on one stream = one commit = one record.

use bytes::Bytes;
use domain::{
    actor::Actor,
    event::{CatalogEvent, DecodeError, Event, EventType, Recorded},
    id::{CommandId, CommitId, LogId},
    position::{EventId, Position},
    private_text::PrivateText,
    rejection::ShareResult,
    stream::StreamName,
    time::Time,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smol_str::SmolStr;

/// The most bytes a record may have (tile formats count lengths in 16 bits).
pub const MAX_RECORD_BYTES: usize = 65_000;

/// The format of the envelope that this release writes.
pub const ENVELOPE_FORMAT: u8 = 1;

/// A record's content. Serialised once, then stored, hashed and compared as bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// Format of the envelope.
    pub f: u8,
    /// The log it belongs to.
    pub log: LogId,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// Position of the stream's record before; 0 = this is the first.
    pub prev: Position,
    /// The position up to which the decision knew rights.
    pub seen: Position,
    /// Unique id of the commit.
    pub commit: CommitId,
    /// The command as issued; the same in all its commits.
    pub command: CommandId,
    /// Which part of the command this is, and of how many, both from `[0, 1]` on.
    pub part: (u32, u32),
    /// The writer's time: not before any effective time it had seen.
    pub at: Time,
    /// Who did it.
    pub actor: Actor,
    /// Fingerprint (HMAC, base64url) of caller, on-behalf-of and idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Fingerprint (HMAC, base64url) of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Why, in the actor's words. Sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<PrivateText>,
    /// The ticket it belongs to, in the application's own numbering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The command that this one undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<CommandId>,
    /// Where it was imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Trace id of the request (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What became of each grantee, in the order asked, so that a replay answers the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ShareResult>,
    /// What happened, at least one.
    pub events: Vec<StoredEvent>,
}

/// One event in a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Stored name.
    #[serde(rename = "type")]
    pub name: SmolStr,
    /// Stored version.
    pub v: u32,
    /// Payload.
    pub data: Box<RawValue>,
}

/// Why an envelope could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Larger than [`MAX_RECORD_BYTES`].
    #[error("the record has {size} bytes, more than the {MAX_RECORD_BYTES} one may have")]
    TooLarge {
        /// Bytes.
        size: usize,
    },
    /// A payload that does not serialise (an unsealed private text).
    #[error("a record cannot be written: {0}")]
    Payload(#[from] serde_json::Error),
}

impl StoredEvent {
    /// From a domain event whose private texts are sealed.
    pub fn encode(event: &impl CatalogEvent) -> Result<Self, EncodeError> {
        let event_type = event.event_type();
        let name = SmolStr::new_static(event_type.name());
        Ok(Self { name, v: event_type.version(), data: event.to_stored()? })
    }

    /// Its type; `None` = one of a newer release.
    pub fn event_type(&self) -> Option<EventType> {
        self.name.parse().ok()
    }
}

impl Envelope {
    /// A command that is one commit, decided on what its stream holds; without events yet.
    pub fn new(
        log: LogId,
        stream: &StreamName,
        prev: Position,
        commit: CommitId,
        at: Time,
        actor: Actor,
    ) -> Self {
        Self {
            f: ENVELOPE_FORMAT,
            log,
            stream: stream.clone(),
            prev,
            seen: prev,
            commit,
            command: CommandId(commit.0),
            part: (0, 1),
            at,
            actor,
            key: None,
            body: None,
            reason: None,
            ticket: None,
            undoes: None,
            source: None,
            trace: None,
            results: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Does it hold an event of this type?
    pub fn has(&self, event_type: EventType) -> bool {
        self.events.iter().any(|event| event.event_type() == Some(event_type))
    }

    /// The bytes as they are stored.
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        let bytes = serde_json::to_vec(self)?;
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(EncodeError::TooLarge { size: bytes.len() });
        }
        Ok(bytes.into())
    }
}

/// A record as it is stored in the log.
#[derive(Debug, Clone)]
pub struct Record {
    /// Where it stands.
    pub position: Position,
    /// Effective time: `max(at, effective time before)`. Exact when the log was followed; the
    /// stamped time when a stream or a single record was read.
    pub time: Time,
    /// When the broker stored it, where there is a broker.
    pub stored_at: Option<Time>,
    /// The bytes as stored.
    pub bytes: Bytes,
    /// The same, read.
    pub envelope: Envelope,
}

impl Record {
    /// Its events, decoded and raised to current versions. Private texts are still sealed. An event
    /// of another aggregate than the stream's is damage.
    pub fn events(&self) -> Result<Vec<Recorded>, DecodeError> {
        let envelope = &self.envelope;
        (0u32..)
            .zip(&envelope.events)
            .map(|(index, stored)| {
                let event = Event::read(&stored.name, stored.v, stored.data.get())?;
                let (event_type, stream) = (event.event_type(), envelope.stream.kind());
                if event_type.stream_kind() != stream {
                    return Err(DecodeError::Misplaced { event_type, stream });
                }
                Ok(Recorded {
                    id: EventId { position: self.position, index },
                    commit: envelope.commit,
                    time: self.time,
                    actor: envelope.actor.clone(),
                    event,
                })
            })
            .collect()
    }
}

/// A record about to be appended. Made from its envelope only, so that what is asked of the log
/// and what the bytes say never differ: no follower would get past such a record.
#[derive(Debug, Clone)]
pub struct Append {
    stream: StreamName,
    expected: Position,
    commit: CommitId,
    at: Time,
    key: Option<String>,
    bytes: Bytes,
}

impl Append {
    /// Encodes an envelope.
    pub fn new(envelope: Envelope) -> Result<Self, EncodeError> {
        let bytes = envelope.encode()?;
        let Envelope { stream, prev, commit, at, key, .. } = envelope;
        Ok(Self { stream, expected: prev, commit, at, key, bytes })
    }
    /// The stream.
    pub const fn stream(&self) -> &StreamName {
        &self.stream
    }
    /// The version the stream must have: position of its last record, 0 = none.
    pub const fn expected(&self) -> Position {
        self.expected
    }
    /// The commit's id; finds it again when an acknowledgement was lost.
    pub const fn commit(&self) -> CommitId {
        self.commit
    }
    /// The writer's time.
    pub const fn at(&self) -> Time {
        self.at
    }
    /// Fingerprint of the idempotency key; `None` = none was sent.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
    /// The encoded envelope.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// The id under which the broker finds duplicates: the key's fingerprint, else the commit id.
    pub fn message_id(&self) -> String {
        self.key.as_ref().map_or_else(|| self.commit.to_string(), |key| format!("k:{key}"))
    }
}
