//! Chain verification: the checks that every follower makes on the next record.

use crate::{Checkpoint, ENVELOPE_FORMAT, Envelope, LogError, Record};
use bytes::Bytes;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use std::{collections::HashMap, fmt};

/// Streams remembered in each of the two generations; bounds memory to some tens of megabytes.
const MAX_REMEMBERED_STREAMS: usize = 100_000;

/// A record as an engine hands it out, unread.
#[derive(Debug, Clone)]
pub(crate) struct RawRecord {
    /// Where it stands.
    pub(crate) position: Position,
    /// The stream under which the engine stores it, as text; engines store it beside the bytes.
    pub(crate) stream: Option<StreamName>,
    /// Broker's time, where there is one.
    pub(crate) stored_at: Option<Time>,
    /// Content.
    pub(crate) bytes: Bytes,
}

impl RawRecord {
    /// Reads the envelope and compares it with the stream under which it is stored.
    pub(crate) fn read(self) -> Result<Record, LogError> {
        let corrupt = |detail: String| LogError::Corrupt { position: self.position, detail };
        let unreadable =
            |error: &dyn fmt::Display| corrupt(format!("the record cannot be read: {error}"));
        // Looked at once whether it is UTF-8, not again for every text in it.
        let text = str::from_utf8(&self.bytes).map_err(|error| unreadable(&error))?;
        let envelope: Envelope = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
        if envelope.f != ENVELOPE_FORMAT {
            return Err(corrupt(format!(
                "the record has format {}, this release reads {ENVELOPE_FORMAT}; \
                 upgrade before reading on",
                envelope.f
            )));
        }
        if self.stream.as_ref() != Some(&envelope.stream) {
            let stored = self
                .stream
                .as_ref()
                .map_or_else(|| "no stream of ours".to_owned(), |stream| format!("`{stream}`"));
            return Err(corrupt(format!(
                "it is stored under {stored} and says `{}`",
                envelope.stream
            )));
        }
        if envelope.prev >= self.position {
            return Err(corrupt(format!(
                "its stream's record before is said to be {}",
                envelope.prev
            )));
        }
        Ok(Record {
            position: self.position,
            time: envelope.at,
            stored_at: self.stored_at,
            bytes: self.bytes,
            envelope,
        })
    }
}

/// What a follower knows of everything before: enough to notice whatever cannot be.
#[derive(Debug)]
pub(crate) struct ChainVerifier {
    position: Position,
    time: Time,
    log: Option<LogId>,
    recent: HashMap<StreamName, Position>,
    older: HashMap<StreamName, Position>,
    recent_from: Position,
    /// Every record after this position is in one of the two maps.
    complete_from: Position,
    /// See [`MAX_REMEMBERED_STREAMS`].
    remembered: usize,
}

impl ChainVerifier {
    /// Continues after a checkpoint on the log with this identity (`None`: learned from the first
    /// record).
    pub(crate) fn after(checkpoint: Checkpoint, log: Option<LogId>) -> Self {
        Self {
            position: checkpoint.position,
            time: checkpoint.time,
            log,
            recent: HashMap::new(),
            older: HashMap::new(),
            recent_from: checkpoint.position,
            complete_from: checkpoint.position,
            remembered: MAX_REMEMBERED_STREAMS,
        }
    }

    /// Last position accepted.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Reads the next record and checks it against everything before.
    pub(crate) fn accept(&mut self, raw: RawRecord) -> Result<Record, LogError> {
        let position = raw.position;
        let corrupt = |detail: String| LogError::Corrupt { position, detail };
        let due = self.position.next();
        if position < due {
            return Err(corrupt(format!("it comes again, after position {}", self.position)));
        }
        if position > due {
            return Err(LogError::Corrupt {
                position: due,
                detail: format!("the record is missing; the next one is at {position}"),
            });
        }
        let mut record = raw.read()?;
        self.check_identity(record.envelope.log)?;
        self.check_previous(&record.envelope).map_err(corrupt)?;
        self.position = position;
        self.time = self.time.max(record.time);
        record.time = self.time;
        self.remember(record.envelope.stream.clone(), position);
        Ok(record)
    }

    fn check_identity(&mut self, found: LogId) -> Result<(), LogError> {
        let expected = *self.log.get_or_insert(found);
        if expected == found { Ok(()) } else { Err(LogError::Foreign { expected, found }) }
    }

    fn check_previous(&self, envelope: &Envelope) -> Result<(), String> {
        let known = self.recent.get(&envelope.stream).or_else(|| self.older.get(&envelope.stream));
        match known {
            Some(known) if *known == envelope.prev => Ok(()),
            Some(known) => Err(format!(
                "the record before it on `{}` is at {known}, it says {}",
                envelope.stream, envelope.prev
            )),
            None if envelope.prev > self.complete_from => Err(format!(
                "it says that the record before it on `{}` is at {}, where another's is",
                envelope.stream, envelope.prev
            )),
            None => Ok(()),
        }
    }

    fn remember(&mut self, stream: StreamName, position: Position) {
        if self.recent.len() >= self.remembered {
            self.older = std::mem::take(&mut self.recent);
            self.complete_from = self.recent_from;
            self.recent_from = Position(position.0.saturating_sub(1));
        }
        self.recent.insert(stream, position);
    }
}

/// Checks the records of one stream, read alone: each names the one before it.
pub(crate) fn check_stream(
    stream: &StreamName,
    after: Position,
    raw: Vec<RawRecord>,
) -> Result<Vec<Record>, LogError> {
    let mut before = None;
    raw.into_iter()
        .map(|raw| {
            let record = raw.read()?;
            let prev = record.envelope.prev;
            // `after` need not be a position of this stream, so the first may name an earlier one.
            let follows = before.map_or(prev <= after, |before| prev == before);
            if record.envelope.stream != *stream || !follows {
                return Err(LogError::Corrupt {
                    position: record.position,
                    detail: format!(
                        "on `{stream}` the record after {} is due; it is one of `{}` after {prev}",
                        before.unwrap_or(after),
                        record.envelope.stream
                    ),
                });
            }
            before = Some(record.position);
            Ok(record)
        })
        .collect()
}

/// The time stamped on a record, from its bytes alone; `None` = not readable.
pub(crate) fn stamped_time(bytes: &[u8]) -> Option<Time> {
    #[derive(serde::Deserialize)]
    struct Stamp {
        at: Time,
    }
    serde_json::from_slice::<Stamp>(bytes).ok().map(|stamp| stamp.at)
}

/// A checkpoint from the future means another log, or one that was put back: reading on would skip.
pub(crate) fn require_not_beyond(checkpoint: Checkpoint, head: Position) -> Result<(), LogError> {
    if checkpoint.position <= head {
        return Ok(());
    }
    Err(LogError::Corrupt {
        position: head.next(),
        detail: format!(
            "the checkpoint {} is beyond the log's end {head}: another log, or records are lost",
            checkpoint.position
        ),
    })
}

/// What is appended stays permanently, so the first record is at 1.
pub(crate) fn require_first_at_one(head: crate::Head) -> Result<(), LogError> {
    if head.position.0 == 0 || head.first.0 == 1 {
        return Ok(());
    }
    Err(LogError::Corrupt {
        position: Position(1),
        detail: format!("the first record is at {}: records were removed", head.first),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoredEvent;
    use domain::{actor::Actor, id::CommandId, id::CommitId};
    use uuid::Uuid;

    fn item(id: &str) -> StreamName {
        format!("item/history/{id}").parse().unwrap()
    }

    fn envelope(stream: &StreamName, prev: Position) -> Envelope {
        Envelope {
            f: ENVELOPE_FORMAT,
            log: LogId(Uuid::nil()),
            stream: stream.clone(),
            prev,
            seen: prev,
            commit: CommitId(Uuid::nil()),
            command: CommandId(Uuid::nil()),
            part: (0, 1),
            at: Time::default(),
            actor: Actor::system("test"),
            key: None,
            body: None,
            reason: None,
            ticket: None,
            undoes: None,
            source: None,
            trace: None,
            results: Vec::new(),
            events: Vec::<StoredEvent>::new(),
        }
    }

    fn raw(position: u64, envelope: &Envelope) -> RawRecord {
        RawRecord {
            position: Position(position),
            stream: Some(envelope.stream.clone()),
            stored_at: None,
            bytes: envelope.encode().unwrap(),
        }
    }

    #[test]
    fn a_record_that_comes_again_is_refused() {
        let mut chain = ChainVerifier::after(Checkpoint::default(), None);
        let first = envelope(&item("a"), Position::START);
        chain.accept(raw(1, &first)).unwrap();
        let again = chain.accept(raw(1, &first)).unwrap_err();
        assert!(matches!(again, LogError::Corrupt { position: Position(1), .. }));
    }

    #[test]
    fn a_gap_is_told_where_it_begins() {
        let mut chain = ChainVerifier::after(Checkpoint::default(), None);
        let later = envelope(&item("a"), Position::START);
        let gap = chain.accept(raw(3, &later)).unwrap_err();
        assert!(matches!(gap, LogError::Corrupt { position: Position(1), .. }));
    }

    #[test]
    fn a_record_that_names_a_later_one_before_it_is_refused() {
        let checkpoint = Checkpoint { position: Position(9), time: Time::default() };
        for prev in [10, 11] {
            let mut chain = ChainVerifier::after(checkpoint, None);
            let wrong = envelope(&item("a"), Position(prev));
            assert!(chain.accept(raw(10, &wrong)).is_err());
        }
    }

    #[test]
    fn a_chain_from_before_the_checkpoint_is_believed_once() {
        let checkpoint = Checkpoint { position: Position(9), time: Time::default() };
        let mut chain = ChainVerifier::after(checkpoint, Some(LogId(Uuid::nil())));
        let known = envelope(&item("a"), Position(4));
        chain.accept(raw(10, &known)).unwrap();
        let again = envelope(&item("a"), Position(4));
        assert!(chain.accept(raw(11, &again)).is_err());
    }

    #[test]
    fn streams_forgotten_for_lack_of_room_are_believed_and_others_still_checked() {
        let mut chain = ChainVerifier::after(Checkpoint::default(), None);
        chain.remembered = 10;
        let count = 10;
        chain.accept(raw(1, &envelope(&item("old"), Position::START))).unwrap();
        for position in 2..=2 * count + 2 {
            let stream = item(&format!("s{position}"));
            chain.accept(raw(position, &envelope(&stream, Position::START))).unwrap();
        }
        let end = 2 * count + 3;
        let recent = item(&format!("s{}", end - 5));
        assert!(chain.accept(raw(end, &envelope(&recent, Position(7)))).is_err());
        chain.accept(raw(end, &envelope(&item("old"), Position(1)))).unwrap();
    }
}
