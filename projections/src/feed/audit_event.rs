//! Turns a record that was just appended into the events of the audit trail.

use crate::{
    AuditRow,
    audit::{
        Audit,
        row::{TextCell, audit_row},
        tables::{EVENTS, TEXTS},
    },
    projection::{Change, Projection as _},
    runner::prepare::{meta, open},
    value::{Row, Value},
};
use domain::event::{AccountEvent, Event, Recorded, SystemEvent};
use eventlog::{LogError, Record, TextOpener};

/// Why a record cannot be rendered.
pub(super) enum RenderError {
    /// The vault does not answer; worth another try.
    Log(LogError),
    /// It cannot be read.
    Unreadable(String),
}

/// A record's events as the trail has them, and whether it erases texts.
pub(super) struct AuditEvents {
    pub(super) events: Vec<AuditRow>,
    pub(super) erases: bool,
}

/// Tells a record; `rules` is the version of the role table in force, before and after.
pub(super) async fn render(
    record: &Record,
    opener: &dyn TextOpener,
    rules: &mut u32,
) -> Result<AuditEvents, RenderError> {
    let mut events = record.events().map_err(|error| RenderError::Unreadable(error.to_string()))?;
    let mut meta = meta(record);
    open(opener, &mut meta, &mut events).await.map_err(RenderError::Log)?;
    for event in &events {
        if let Event::System(SystemEvent::RulesChanged(data)) = &event.event {
            *rules = data.after;
        }
    }
    let rows = events.iter().map(|event| row(Audit.apply(event, &meta), *rules));
    let rows = rows.collect::<Result<_, _>>().map_err(RenderError::Unreadable)?;
    Ok(AuditEvents { events: rows, erases: events.iter().any(erases) })
}

fn erases(event: &Recorded) -> bool {
    matches!(&event.event, Event::Account(AccountEvent::Erased(_)))
}

/// The event that the rows of the trail make.
fn row(changes: Vec<Change>, rules: u32) -> Result<AuditRow, String> {
    let (mut event, mut texts): (Option<Row>, Vec<TextCell>) = (None, Vec::new());
    for change in changes {
        let Change::Put(table, row) = change else { continue };
        if table.name == EVENTS.name {
            event = Some(row);
        } else if table.name == TEXTS.name {
            texts.extend(text(row));
        }
    }
    let mut row = event.ok_or_else(|| "the trail has no row for it".to_owned())?;
    row.push(rules.into());
    audit_row(&row, &texts).map_err(|error| error.to_string())
}

fn text(row: Row) -> Option<TextCell> {
    let mut cells = row.into_iter().skip(2).map(|cell| match cell {
        Value::Text(text) => Some(text),
        Value::Null | Value::Int(_) | Value::Bool(_) | Value::Time(_) | Value::Json(_) => None,
    });
    Some((cells.next()??, cells.next()??, cells.next()?))
}
