//! The touched rows in memory while a batch is folded.

use super::is_temporal;
use crate::{
    projection::{Change, Edit, Edits, Moment},
    store::{Batch, StoreError},
    table::{Parent, RowState, Shape, Table},
    value::{Row, Value},
};
use domain::position::Position;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A row that was touched or loaded.
#[derive(Debug)]
struct Slot {
    /// As it is now; `None` = it is not there.
    row: Option<Row>,
    /// Does the database hold a row with this key, as far as is known?
    stored: bool,
    /// Does it differ from what the database holds?
    changed: bool,
}

/// The touched rows of one table. Open rows carry their beginning behind the declared cells.
#[derive(Debug)]
struct Rows {
    table: &'static Table,
    slots: HashMap<Row, Slot>,
    /// The sets of columns by which rows of this batch end together; others are not kept track of.
    tracked: Vec<Parent>,
    /// Rows of a journal, which nothing in a batch comes back to.
    appended: Vec<Row>,
    /// Keys by parent; may name keys whose row has gone.
    children: HashMap<(Parent, Row), BTreeSet<Row>>,
    /// Rows that ended: to be written, or loaded to be reopened; by position of their end.
    ended: BTreeMap<Position, Vec<EndedRow>>,
}

#[derive(Debug)]
struct EndedRow {
    row: Row,
    stored: bool,
}

/// The touched rows of a batch.
#[derive(Debug, Default)]
pub(super) struct Memory {
    tables: BTreeMap<&'static str, Rows>,
}

impl Memory {
    fn rows(&mut self, table: &'static Table) -> &mut Rows {
        self.tables.entry(table.name).or_insert_with(|| Rows {
            table,
            slots: HashMap::new(),
            tracked: Vec::new(),
            appended: Vec::new(),
            children: HashMap::new(),
            ended: BTreeMap::new(),
        })
    }

    /// Rows of the table will end by these columns.
    pub(super) fn track(&mut self, table: &'static Table, parent: Parent) {
        self.rows(table).tracked.push(parent);
    }

    /// Rows that the database holds.
    pub(super) fn known(&mut self, table: &'static Table, rows: Vec<Row>) {
        let known = self.rows(table);
        for row in rows {
            known.adopt(&row);
            let key = key_of(table, &row);
            known.slots.insert(key, Slot { row: Some(row), stored: true, changed: false });
        }
    }

    /// Ended rows that the database holds.
    pub(super) fn known_ended(&mut self, table: &'static Table, rows: Vec<Row>) {
        let known = self.rows(table);
        for row in rows {
            let to = row.last().and_then(|cell| cell.position().ok()).unwrap_or_default();
            known.ended.entry(to).or_default().push(EndedRow { row, stored: true });
        }
    }

    /// Takes in one change; fails with the reason when it does not fit.
    pub(super) fn take_in(&mut self, at: Moment, change: Change) -> Result<(), String> {
        let rows = self.rows(change.table());
        match change {
            Change::Put(table, row) if table.shape == Shape::Journal => rows.appended.push(row),
            Change::Put(_, row) => rows.put(row),
            Change::Edit(table, key, edits) => {
                let slot = rows.slots.get_mut(&key).filter(|slot| slot.row.is_some());
                let slot = slot.ok_or_else(|| missing(table, &key))?;
                if let Some(row) = &mut slot.row {
                    edit(table, row, edits)?;
                    slot.changed = true;
                }
            }
            Change::Remove(_, key) => rows.remove(key),
            Change::Count(table, key, column, by) => rows.count(table, key, column, by)?,
            Change::Open(_, row) => rows.open(at, row)?,
            Change::Revise(table, key, edits) => {
                let before = rows.end(at, &key).ok_or_else(|| missing(table, &key))?;
                let mut row = before;
                row.truncate(table.columns.len());
                edit(table, &mut row, edits)?;
                rows.open(at, row)?;
            }
            Change::End(_, key) => {
                rows.end(at, &key);
            }
            Change::EndAll(_, parent, key) => rows.end_all(at, parent, &key),
            Change::Reopen(table, parent, key, position, edits) => {
                let again = rows.ended_at(position, |row| cells_of(table, parent, row) == key);
                rows.reopen(at, table, again, &edits)?;
            }
            Change::Erase(..) => {}
        }
        Ok(())
    }

    /// Writes what changed.
    pub(super) async fn write(self, batch: &mut dyn Batch) -> Result<(), StoreError> {
        for rows in self.tables.into_values() {
            rows.write(batch).await?;
        }
        Ok(())
    }
}

fn key_of(table: &Table, row: &Row) -> Row {
    row.iter().take(table.key).cloned().collect()
}

fn cells_of(table: &Table, columns: Parent, row: &Row) -> Row {
    let cell = |name: &&str| table.column(name).and_then(|place| row.get(place)).cloned();
    columns.iter().map(|name| cell(name).unwrap_or_default()).collect()
}

fn words(key: &Row) -> String {
    let cell = |value: &Value| match value {
        Value::Text(text) | Value::Json(text) => text.clone(),
        Value::Int(number) | Value::Time(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Null => "nothing".to_owned(),
    };
    key.iter().map(cell).collect::<Vec<_>>().join(" ")
}

fn missing(table: &Table, key: &Row) -> String {
    format!("there is no row `{}` in `{}` to be changed", words(key), table.name)
}

fn edit(table: &Table, row: &mut Row, edits: Edits) -> Result<(), String> {
    for (name, change) in edits {
        let cell = table.column(name).and_then(|place| row.get_mut(place));
        let cell = cell.ok_or_else(|| format!("`{}` has no column `{name}`", table.name))?;
        *cell = match (change, std::mem::take(cell)) {
            (Edit::Set(value), _) => value,
            (Edit::Append(word), Value::Text(text)) => Value::Text(format!("{text} {word}")),
            (Edit::Append(word), _) => Value::Text(word),
            (Edit::Add(by), Value::Int(number)) => Value::Int(number.saturating_add(by)),
            (Edit::Add(by), _) => Value::Int(by),
        };
    }
    Ok(())
}

impl Rows {
    fn adopt(&mut self, row: &Row) {
        for parent in &self.tracked {
            let cells = cells_of(self.table, parent, row);
            self.children.entry((*parent, cells)).or_default().insert(key_of(self.table, row));
        }
    }

    fn put(&mut self, row: Row) {
        let key = key_of(self.table, &row);
        let stored = self.slots.get(&key).is_some_and(|slot| slot.stored);
        self.slots.insert(key, Slot { row: Some(row), stored, changed: true });
    }

    fn remove(&mut self, key: Row) {
        // Whether the database holds it is not known: removing what is not there does no harm.
        self.slots.insert(key, Slot { row: None, stored: true, changed: true });
    }

    fn count(
        &mut self,
        table: &Table,
        key: Row,
        column: &'static str,
        by: i64,
    ) -> Result<(), String> {
        let mut row = self.slots.get(&key).and_then(|slot| slot.row.clone()).unwrap_or_else(|| {
            let mut row = key;
            row.resize(table.columns.len(), Value::Null);
            row
        });
        edit(table, &mut row, vec![(column, Edit::Add(by))])?;
        self.put(row);
        Ok(())
    }

    fn open(&mut self, at: Moment, mut row: Row) -> Result<(), String> {
        let key = key_of(self.table, &row);
        let known = self.slots.get(&key);
        if known.is_some_and(|slot| slot.row.is_some()) {
            return Err(format!("row `{}` of `{}` is open already", words(&key), self.table.name));
        }
        let stored = known.is_some_and(|slot| slot.stored);
        self.adopt(&row);
        row.extend([at.time.into(), at.position.into()]);
        self.slots.insert(key, Slot { row: Some(row), stored, changed: true });
        Ok(())
    }

    /// Ends an open row; answers it as it was.
    fn end(&mut self, at: Moment, key: &Row) -> Option<Row> {
        let slot = self.slots.get_mut(key)?;
        let row = slot.row.take()?;
        slot.changed = true;
        let from = row.last().and_then(|cell| cell.position().ok());
        // What began with the same record was never visible.
        if from != Some(at.position) {
            let mut ended = row.clone();
            ended.extend([at.time.into(), at.position.into()]);
            let ended = EndedRow { row: ended, stored: false };
            self.ended.entry(at.position).or_default().push(ended);
        }
        Some(row)
    }

    /// Ends the open rows with these cells; a key whose row moved on to other cells is left alone.
    fn end_all(&mut self, at: Moment, parent: Parent, cells: &Row) {
        let keys = self.children.remove(&(parent, cells.clone())).unwrap_or_default();
        for key in keys {
            let row = self.slots.get(&key).and_then(|slot| slot.row.as_ref());
            if row.is_some_and(|row| cells_of(self.table, parent, row) == *cells) {
                self.end(at, &key);
            }
        }
    }

    /// The declared cells of rows that ended at a position.
    fn ended_at(&self, position: Position, wanted: impl Fn(&Row) -> bool) -> Vec<Row> {
        let ended = self.ended.get(&position).map(Vec::as_slice).unwrap_or_default();
        let width = self.table.columns.len();
        let rows = ended.iter().map(|ended| &ended.row).filter(|row| wanted(row));
        rows.map(|row| row.iter().take(width).cloned().collect()).collect()
    }

    fn reopen(
        &mut self,
        at: Moment,
        table: &'static Table,
        again: Vec<Row>,
        edits: &Edits,
    ) -> Result<(), String> {
        let end = table.column("ends_at");
        for mut row in again {
            let end = end.and_then(|place| row.get(place)).and_then(|cell| cell.time().ok());
            if end.is_none_or(|end| end > at.time) {
                edit(table, &mut row, edits.clone())?;
                self.open(at, row)?;
            }
        }
        Ok(())
    }

    async fn write(self, batch: &mut dyn Batch) -> Result<(), StoreError> {
        let table = self.table;
        let (mut gone, mut put) = (Vec::new(), self.appended);
        for (key, slot) in self.slots {
            match (slot.row, slot.changed, slot.stored) {
                (Some(row), true, _) => put.push(row),
                (None, true, true) => gone.push(key),
                (_, false, _) | (None, true, false) => {}
            }
        }
        if !gone.is_empty() {
            batch.remove(table, gone).await?;
        }
        if !put.is_empty() {
            put.sort_unstable_by(|a, b| a.iter().take(table.key).cmp(b.iter().take(table.key)));
            batch.put(table, RowState::Open, put).await?;
        }
        if is_temporal(table) {
            let all = self.ended.into_values().flatten();
            let ended: Vec<Row> =
                all.filter(|ended| !ended.stored).map(|ended| ended.row).collect();
            if !ended.is_empty() {
                batch.put(table, RowState::Ended, ended).await?;
            }
        }
        Ok(())
    }
}
