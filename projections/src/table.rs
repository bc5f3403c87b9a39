//! Declared tables: columns, keys and indexes. The DDL of both engines is generated from them
//! (`store::ddl`), for the first and every later generation.

use crate::value::{Row, Value};

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
    /// May it hold nothing?
    pub nullable: bool,
}

impl Column {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, nullable: false }
    }

    /// The same, where cells may be null.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }
}

/// A column of text.
pub(crate) const fn text(name: &'static str) -> Column {
    Column::new(name, Kind::Text)
}
/// A column of whole numbers.
pub(crate) const fn int(name: &'static str) -> Column {
    Column::new(name, Kind::Int)
}
/// A column of truth values.
pub(crate) const fn flag(name: &'static str) -> Column {
    Column::new(name, Kind::Bool)
}
/// A column of instants.
pub(crate) const fn instant(name: &'static str) -> Column {
    Column::new(name, Kind::Time)
}
/// A column of JSON.
pub(crate) const fn json(name: &'static str) -> Column {
    Column::new(name, Kind::Json)
}

/// How rows of a table come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Put, changed, removed.
    Plain,
    /// Put once and never changed, except by erasure.
    Journal,
    /// Opened and ended. Open rows have `recorded_from`, `from_position` behind the declared
    /// columns; ended ones are kept in a table of their own (`…_ended`), with `recorded_to`,
    /// `to_position` in addition.
    Temporal,
}

/// Which of the two tables of a temporal table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowState {
    /// Open rows; also the rows of plain tables and journals.
    Open,
    /// Ended rows.
    Ended,
}

impl RowState {
    /// What the name of the table ends with.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Ended => "_ended",
        }
    }
}

/// The columns that the runner keeps in temporal tables, behind the declared ones.
pub const OPEN_COLUMNS: [&str; 2] = ["recorded_from", "from_position"];
/// The same of ended rows, behind those.
pub const ENDED_COLUMNS: [&str; 2] = ["recorded_to", "to_position"];

/// Columns by which rows belong together.
pub type Parent = &'static [&'static str];

/// An index beside the primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Of which table.
    pub state: RowState,
    /// Its columns, in order.
    pub columns: Vec<&'static str>,
    /// Are rows left out whose first column is null?
    pub not_null: bool,
}

impl Index {
    /// The end of its name: `_by_` and the columns.
    pub fn suffix(&self) -> String {
        let columns = self.columns.join("_");
        // An item's kind and id are one thing, position and index of an event likewise.
        let columns = columns.replace("item_kind_item_id", "item");
        format!("_by_{}", columns.replace("position_idx", "position"))
    }
}

/// A declared table. Its name in the database is `{projection}_v{version}_{name}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name within the projection.
    pub name: &'static str,
    /// How rows come and go.
    pub shape: Shape,
    /// So many of the first columns are the key.
    pub key: usize,
    /// The columns.
    pub columns: &'static [Column],
    /// Sets of columns by which open rows are ended together (by-rule endings).
    pub parents: &'static [Parent],
    /// Pairs of a text column and the column with the data key that sealed it.
    pub texts: &'static [(&'static str, &'static str)],
    open_indexes: &'static [&'static [&'static str]],
    ended_indexes: &'static [&'static [&'static str]],
}

impl Table {
    const fn new(name: &'static str, shape: Shape, key: usize, columns: &'static [Column]) -> Self {
        let (parents, texts, open_indexes, ended_indexes): (&[Parent], _, _, _) =
            (&[], &[], &[], &[]);
        Self { name, shape, key, columns, parents, texts, open_indexes, ended_indexes }
    }

    /// A table whose rows are put, changed and removed; so many of its first columns are the key.
    pub const fn plain(name: &'static str, key: usize, columns: &'static [Column]) -> Self {
        Self::new(name, Shape::Plain, key, columns)
    }

    /// A table whose rows are put once.
    pub const fn journal(name: &'static str, key: usize, columns: &'static [Column]) -> Self {
        Self::new(name, Shape::Journal, key, columns)
    }

    /// A table whose rows are opened and ended.
    pub const fn temporal(name: &'static str, key: usize, columns: &'static [Column]) -> Self {
        Self::new(name, Shape::Temporal, key, columns)
    }

    /// Sets of columns by which open rows are ended together. Ended rows are found by the first.
    #[must_use]
    pub const fn with_parents(self, parents: &'static [Parent]) -> Self {
        Self { parents, ..self }
    }

    /// Pairs of a text column and the column with the data key that sealed it.
    #[must_use]
    pub const fn with_texts(self, texts: &'static [(&'static str, &'static str)]) -> Self {
        Self { texts, ..self }
    }

    /// Indexes of open rows, each by its columns; one whose first column is nullable leaves out
    /// the rows where that is null if it is a parent.
    #[must_use]
    pub const fn with_indexes(self, indexes: &'static [&'static [&'static str]]) -> Self {
        Self { open_indexes: indexes, ..self }
    }

    /// Indexes of ended rows, beside the one by parent (or key) and end.
    #[must_use]
    pub const fn with_ended_indexes(self, indexes: &'static [&'static [&'static str]]) -> Self {
        Self { ended_indexes: indexes, ..self }
    }

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

    /// The tables in the database that hold its rows.
    pub const fn states(&self) -> &'static [RowState] {
        match self.shape {
            Shape::Temporal => &[RowState::Open, RowState::Ended],
            Shape::Plain | Shape::Journal => &[RowState::Open],
        }
    }

    /// The names of the key columns.
    pub fn key_names(&self) -> Vec<&'static str> {
        self.columns.iter().take(self.key).map(|column| column.name).collect()
    }

    /// The primary key of one of its tables.
    pub fn primary_key(&self, state: RowState) -> Vec<&'static str> {
        let mut key = self.key_names();
        if state == RowState::Ended {
            key.push("from_position");
        }
        key
    }

    /// The declared and kept columns of one of its tables, in order.
    pub fn columns_of(&self, state: RowState) -> Vec<Column> {
        let kept = |name: &'static str| {
            let kind = if name.starts_with("recorded_") { Kind::Time } else { Kind::Int };
            Column::new(name, kind)
        };
        let kept_names: &[&[&'static str]] = match (self.shape, state) {
            (Shape::Plain | Shape::Journal, _) => &[],
            (Shape::Temporal, RowState::Open) => &[&OPEN_COLUMNS],
            (Shape::Temporal, RowState::Ended) => &[&OPEN_COLUMNS, &ENDED_COLUMNS],
        };
        let kept = kept_names.iter().flat_map(|names| names.iter()).map(|name| kept(name));
        self.columns.iter().copied().chain(kept).collect()
    }

    /// The names of these columns.
    pub fn column_names(&self, state: RowState) -> Vec<&'static str> {
        self.columns_of(state).iter().map(|column| column.name).collect()
    }

    /// What a column holds, kept columns included.
    pub fn kind_of(&self, name: &str) -> Kind {
        let columns = self.columns_of(RowState::Ended);
        columns.iter().find(|column| column.name == name).map_or(Kind::Int, |column| column.kind)
    }

    /// The indexes of its tables. Ended rows are found by what they belonged to and their end.
    pub fn indexes(&self) -> Vec<Index> {
        let nullable =
            |name: &str| self.columns.iter().any(|column| column.name == name && column.nullable);
        let parent = |name: &str| self.parents.iter().any(|parent| parent.contains(&name));
        let open = self.open_indexes.iter().map(|columns| Index {
            state: RowState::Open,
            columns: columns.to_vec(),
            not_null: columns.first().is_some_and(|name| nullable(name) && parent(name)),
        });
        let by_end = |mut columns: Vec<&'static str>| {
            columns.push("to_position");
            Index { state: RowState::Ended, columns, not_null: false }
        };
        let belonging =
            || self.parents.first().map_or_else(|| self.key_names(), |one| one.to_vec());
        let ended = (self.shape == Shape::Temporal).then(|| by_end(belonging()));
        let more = self.ended_indexes.iter().map(|columns| by_end(columns.to_vec()));
        open.chain(ended).chain(more).collect()
    }

    /// Does the runner find rows by this index: by a parent, or by the key that sealed a text?
    /// Others serve questions only, and are cheaper to make when the rows are there.
    pub fn used_by_runner(&self, index: &Index) -> bool {
        index.columns.first().is_some_and(|first| {
            self.parents.iter().any(|parent| parent.contains(first))
                || self.texts.iter().any(|(_, key)| key == first)
        })
    }
}
