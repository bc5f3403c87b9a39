//! The contract of a projection: declared tables, and a pure function from an event to changes of
//! their rows.

use crate::{
    table::{Parent, Table},
    value::{Row, Value},
};
use domain::{
    event::Recorded, id::CommandId, position::Position, private_text::PrivateText,
    stream::StreamName, time::Time,
};
use std::fmt;
use uuid::Uuid;

/// How a cell of a row that is there changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// It becomes this.
    Set(Value),
    /// This word is appended, behind a blank.
    Append(String),
    /// This is added.
    Add(i64),
}

/// The cells that change.
pub type Edits = Vec<(&'static str, Edit)>;

/// One change of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Plain and journal: a row is there, in place of the one with its key.
    Put(&'static Table, Row),
    /// Plain: cells of the row with this key change. It must be there.
    Edit(&'static Table, Row, Edits),
    /// Plain: the row with this key goes, if it is there.
    Remove(&'static Table, Row),
    /// Plain: a number of the row with this key grows; a missing row counts from nothing.
    Count(&'static Table, Row, &'static str, i64),
    /// Temporal: a row opens. None with its key may be open.
    Open(&'static Table, Row),
    /// Temporal: the open row of a key ends and a copy with other cells opens. One must be open.
    Revise(&'static Table, Row, Edits),
    /// Temporal: the open row of a key ends, if there is one.
    End(&'static Table, Row),
    /// Temporal: every open row with these cells in one of the table's `parents` ends.
    EndAll(&'static Table, Parent, Row),
    /// Temporal: the rows of a parent that ended at a position open again with other cells, save
    /// those whose `ends_at` has passed at the time of the event.
    Reopen(&'static Table, Parent, Row, Position, Edits),
    /// The texts that these data keys sealed are gone, in open and ended rows.
    Erase(&'static Table, Vec<Uuid>),
}

impl Change {
    /// The table it changes.
    pub const fn table(&self) -> &'static Table {
        match self {
            Self::Put(table, _)
            | Self::Edit(table, ..)
            | Self::Remove(table, _)
            | Self::Count(table, ..)
            | Self::Open(table, _)
            | Self::Revise(table, ..)
            | Self::End(table, _)
            | Self::EndAll(table, ..)
            | Self::Reopen(table, ..)
            | Self::Erase(table, _) => table,
        }
    }
}

/// What a record says beside its events.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordMeta {
    /// Its stream.
    pub stream: StreamName,
    /// The command.
    pub command: CommandId,
    /// Why, opened.
    pub reason: Option<PrivateText>,
    /// The ticket.
    pub ticket: Option<String>,
    /// The command it undoes.
    pub undoes: Option<CommandId>,
    /// Where it was imported from.
    pub source: Option<String>,
}

/// The moment of a change: position and effective time of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The position.
    pub position: Position,
    /// The effective time.
    pub time: Time,
}

/// Views for dashboards over the tables of a projection.
#[derive(Debug, Clone, Copy)]
pub struct DashboardViews {
    /// Raised whenever the text changes, so that the next start replaces the views.
    pub level: i64,
    /// `CREATE OR REPLACE VIEW` statements with comments; `{tables}` stands before the names of
    /// tables, `{views}.` before those of views. Columns are only ever added, at the end.
    pub sql: &'static str,
}

/// A read model. Pure: no clock, no database, no memory of its own.
pub trait Projection: Send + Sync + fmt::Debug {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Raised whenever tables or meaning change; tables stand under it.
    fn version(&self) -> u32;
    /// Its tables.
    fn tables(&self) -> &'static [&'static Table];
    /// Must private texts be opened for it?
    fn reads_private_text(&self) -> bool;
    /// The SQL of its views for dashboards (PostgreSQL only).
    fn dashboard_views(&self) -> DashboardViews {
        DashboardViews { level: 0, sql: "" }
    }
    /// What an event changes.
    fn apply(&self, event: &Recorded, record: &RecordMeta) -> Vec<Change>;
}
