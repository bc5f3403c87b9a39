//! Prepares fetched records: their changes, before any table is read.

use crate::{
    fold::TimedChange,
    projection::{Moment, Projection, RecordMeta},
};
use domain::{
    event::Recorded,
    id::LogId,
    position::Position,
    private_text::{HoldsPrivateText as _, PrivateField},
};
use eventlog::{LogError, Record, TextOpener};
use std::sync::Arc;

/// Records, ready to be written.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The first position.
    pub(super) first: Position,
    /// Each record's moment, in order.
    moments: Vec<Moment>,
    log: Option<LogId>,
    changes: Vec<TimedChange>,
    /// Set when the record behind the last one cannot be read: its position, and why.
    pub(super) unreadable: Option<(Position, String)>,
}

impl Prepared {
    /// The last moment and the log it belongs to; `None` = there is nothing to write.
    pub(super) fn last(&self) -> Option<(Moment, LogId)> {
        self.moments.last().copied().zip(self.log)
    }

    /// Takes out the changes of what stands behind a position.
    pub(super) fn after(&mut self, position: Position) -> Vec<TimedChange> {
        let mut changes = std::mem::take(&mut self.changes);
        changes.retain(|timed| timed.at.position > position);
        changes
    }
}

/// Decodes records, opens their texts and asks the projection what they change. Stops before the
/// first record that cannot be read.
pub(super) async fn prepare(
    projection: &'static dyn Projection,
    opener: &dyn TextOpener,
    records: &[Arc<Record>],
) -> Result<Prepared, LogError> {
    let mut prepared = Prepared {
        first: records.first().map(|record| record.position).unwrap_or_default(),
        moments: Vec::with_capacity(records.len()),
        log: records.first().map(|record| record.envelope.log),
        changes: Vec::with_capacity(records.len() * 3),
        unreadable: None,
    };
    for record in records {
        let mut events = match record.events() {
            Ok(events) => events,
            Err(error) => {
                prepared.unreadable = Some((record.position, error.to_string()));
                break;
            }
        };
        let at = Moment { position: record.position, time: record.time };
        let mut meta = meta(record);
        if projection.reads_private_text() {
            open(opener, &mut meta, &mut events).await?;
        }
        for event in &events {
            let changes = projection.apply(event, &meta);
            prepared.changes.extend(changes.into_iter().map(|change| TimedChange { at, change }));
        }
        prepared.moments.push(at);
    }
    Ok(prepared)
}

/// What a record says beside its events.
pub(crate) fn meta(record: &Record) -> RecordMeta {
    let envelope = &record.envelope;
    RecordMeta {
        stream: envelope.stream.clone(),
        command: envelope.command,
        reason: envelope.reason.clone(),
        ticket: envelope.ticket.clone(),
        undoes: envelope.undoes,
        source: envelope.source.clone(),
    }
}

/// Opens the private texts of a record in place.
pub(crate) async fn open(
    opener: &dyn TextOpener,
    meta: &mut RecordMeta,
    events: &mut [Recorded],
) -> Result<(), LogError> {
    let mut texts: Vec<_> =
        events.iter_mut().flat_map(|event| event.event.private_texts()).collect();
    texts.extend(meta.reason.iter_mut().map(|text| PrivateField { field: "reason", text }));
    if texts.is_empty() { Ok(()) } else { opener.open(&meta.stream, texts).await }
}
