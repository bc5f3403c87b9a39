//! The contract of a projection: declared tables, and a pure function from an event to changes of
//! their rows.

use crate::value::{Row, Value};
use domain::{
    event::Recorded, id::CommandId, position::Position, private_text::PrivateText,
    stream::StreamName, time::Time,
};
use std::fmt;
use uuid::Uuid;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, compared byte by byte.
    Text,
    /// A whole number of 64 bits.
    Int,
    /// Yes or no.
    Bool,
    /// An instant with microseconds.
    Time,
    /// JSON.
    Json,
}

/// A declared column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// How rows of a table come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Put, changed, removed.
    Plain,
    /// Put once and never changed, save by erasure.
    Journal,
    /// Opened and ended. Open rows have `recorded_from`, `from_position` behind the declared
    /// columns; ended ones stand in a table of their own (`…_ended`), with `recorded_to`,
    /// `to_position` in addition.
    Temporal,
}

/// A declared table. Its name in the database is `{projection}_v{version}_{name}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name within the projection.
    pub name: &'static str,
    /// The columns.
    pub columns: &'static [Column],
    /// So many of the first columns are the key.
    pub key: usize,
    /// Sets of columns by which open rows are ended together (by-rule endings).
    pub parents: &'static [&'static [&'static str]],
    /// How rows come and go.
    pub shape: Shape,
    /// Pairs of a text column and the column with the data key that sealed it.
    pub texts: &'static [(&'static str, &'static str)],
}

impl Table {
    /// The place of a declared column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// A row from named cells; what is not named is null. Cheapest in the declared order.
    pub fn row<const N: usize>(&self, cells: [(&'static str, Value); N]) -> Row {
        let mut row = vec![Value::Null; self.columns.len()];
        let mut expected = 0;
        for (name, value) in cells {
            let here = self.columns.get(expected).is_some_and(|column| column.name == name);
            let place = if here { Some(expected) } else { self.column(name) };
            debug_assert!(place.is_some(), "table {} has no column {name}", self.name);
            if let Some(cell) = place.and_then(|place| row.get_mut(place)) {
                *cell = value;
                expected = place.unwrap_or(expected) + 1;
            }
        }
        row
    }
}

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

/// Columns by which rows belong together.
pub type Parent = &'static [&'static str];

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
    /// The stream it stands on.
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
    /// What an event changes.
    fn apply(&self, event: &Recorded, record: &RecordMeta) -> Vec<Change>;
}

/// THE LIST: runner, stores, statuses and the conformance suite iterate it.
pub fn all() -> [&'static dyn Projection; 3] {
    [&crate::access::Access, &crate::catalog::Catalog, &crate::audit::Audit]
}

/// A column of text.
pub(crate) const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}
/// A column of whole numbers.
pub(crate) const fn int(name: &'static str) -> Column {
    Column { name, kind: Kind::Int }
}
/// A column of truth values.
pub(crate) const fn flag(name: &'static str) -> Column {
    Column { name, kind: Kind::Bool }
}
/// A column of instants.
pub(crate) const fn instant(name: &'static str) -> Column {
    Column { name, kind: Kind::Time }
}
/// A column of JSON.
pub(crate) const fn json(name: &'static str) -> Column {
    Column { name, kind: Kind::Json }
}
