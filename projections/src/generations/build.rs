//! The state of a requested generation.

use super::cell;
use crate::{
    store::StoreError,
    value::{Row, Value},
};
use domain::{position::Position, time::Time};
use serde::{Deserialize, Serialize};

/// What a generation is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To take the place of the one that is read.
    Rebuild,
    /// To be compared with it, then removed.
    Verify,
}

impl Purpose {
    /// Its name, as it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
        }
    }

    /// What happens to the projection meanwhile.
    pub(super) const fn doing(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuilt",
            Self::Verify => "verified",
        }
    }
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// No builder has taken it up.
    Waiting,
    /// Records are applied.
    Loading,
    /// Indexes are made that waited for the rows.
    Indexing,
    /// Both generations are compared at one position.
    Comparing,
    /// It follows the log until it can take the other's place.
    Switching,
    /// It has ended as it should.
    Done,
    /// It has ended otherwise; the tables that were read are read still.
    Failed,
}

impl BuildState {
    /// Its name, as it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Loading => "loading",
            Self::Indexing => "indexing",
            Self::Comparing => "comparing",
            Self::Switching => "switching",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// Rows of one table in both generations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRows {
    /// The table, e.g. `grants` or `grants_ended`.
    pub table: String,
    /// Rows of the generation that is read.
    pub read: u64,
    /// Rows that follow from the log.
    pub from_log: u64,
    /// Do all cells agree too?
    pub equal: bool,
}

/// The first row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// In this table.
    pub table: String,
    /// The row with this key.
    pub key: String,
    /// In this column; `None` = the row is there in one generation only.
    pub column: Option<String>,
    /// What stands in the table that is read; `None` = nothing, or private text.
    pub read: Option<String>,
    /// What follows from the log; likewise.
    pub from_log: Option<String>,
}

/// What came of comparing both generations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// At this position.
    pub position: Position,
    /// Do the tables that are read say what follows from the log? `None` = they could not be
    /// compared.
    pub equal: Option<bool>,
    /// Table by table.
    pub tables: Vec<TableRows>,
    /// Where they differ first.
    pub difference: Option<Difference>,
    /// Why they could not be compared.
    pub why_not: Option<String>,
}

/// A requested generation, under way or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Of this projection.
    pub projection: String,
    /// At this version.
    pub version: u32,
    /// Which.
    pub generation: u32,
    /// What for.
    pub purpose: Purpose,
    /// How far.
    pub state: BuildState,
    /// The last position it knows.
    pub position: Position,
    /// When it last moved, by the database's clock.
    pub updated_at: Option<Time>,
    /// When it was requested.
    pub requested_at: Time,
    /// When its builder took it up.
    pub started_at: Option<Time>,
    /// Where it stood then.
    pub started_position: Position,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// What came of comparing.
    pub comparison: Option<Comparison>,
    /// Why it failed, or what it waits for.
    pub why: Option<String>,
}

impl Build {
    /// Records a second since it was taken up.
    pub fn rate(&self) -> Option<f64> {
        let (from, to) = (self.started_at?, self.updated_at?);
        let micros = to.as_micros().checked_sub(from.as_micros()).filter(|micros| *micros > 0)?;
        let records = self.position.0.checked_sub(self.started_position.0)?;
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let rate = records as f64 * 1_000_000.0 / micros as f64;
        (rate > 0.0).then_some(rate)
    }

    /// Seconds until it has come to a position, if it goes on like this.
    pub fn remaining(&self, head: Position) -> Option<f64> {
        if self.ended_at.is_some() {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let left = head.0.saturating_sub(self.position.0) as f64;
        self.rate().map(|rate| left / rate)
    }
}

/// Reads builds; the condition names columns of `b`.
pub(crate) fn select(schema: &str, wanted: &str) -> String {
    format!(
        "SELECT b.projection, b.version, b.generation, b.purpose, b.state, \
         coalesce(p.position, 0), p.updated_at, b.requested_at, b.started_at, b.started_position, \
         b.ended_at, b.comparison, b.why FROM {schema}builds b LEFT JOIN {schema}progress p \
         ON p.projection = b.projection AND p.version = b.version AND p.generation = b.generation \
         WHERE {wanted} ORDER BY b.requested_at, b.projection, b.version, b.generation"
    )
}

pub(crate) fn read(row: &Row) -> Result<Build, StoreError> {
    let time = |place: usize| cell(row, place).optional(Value::time);
    Ok(Build {
        projection: cell(row, 0).text()?.to_owned(),
        version: cell(row, 1).small()?,
        generation: cell(row, 2).small()?,
        purpose: cell(row, 3).named()?,
        state: cell(row, 4).named()?,
        position: cell(row, 5).position()?,
        updated_at: time(6)?,
        requested_at: cell(row, 7).time()?,
        started_at: time(8)?,
        started_position: cell(row, 9).position()?,
        ended_at: time(10)?,
        comparison: cell(row, 11).optional(Value::json)?,
        why: cell(row, 12).optional(|cell| cell.text().map(ToOwned::to_owned))?,
    })
}
