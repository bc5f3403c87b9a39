//! Folds a batch of changes in order, over what the tables hold, into few rows.
//!
//! The rows that the changes depend on are loaded first, set by set; then everything happens in
//! memory; then each touched row is written once. A batch of one and a batch of thousands go the
//! same way.

mod memory;

use crate::{
    projection::{Change, Moment},
    store::{Batch, StoreError},
    table::{Parent, RowState, Shape, Table},
    value::Row,
};
use memory::Memory;
use std::collections::{BTreeMap, BTreeSet};

/// A change with the moment of its event.
#[derive(Debug)]
pub struct TimedChange {
    /// When.
    pub at: Moment,
    /// What.
    pub change: Change,
}

/// Why a batch could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change does not fit what is there; the projection must stop before this record.
    #[error("{why}")]
    Inconsistent {
        /// Of which record.
        at: Moment,
        /// Why it does not fit.
        why: String,
    },
}

/// Applies changes within a transaction, in order.
pub async fn apply(batch: &mut dyn Batch, changes: Vec<TimedChange>) -> Result<(), ApplyError> {
    let mut run = Vec::with_capacity(changes.len());
    for timed in changes {
        if let Change::Erase(table, keys) = &timed.change {
            // Reaches rows that nothing names: what came before is written first.
            fold(batch, std::mem::take(&mut run)).await?;
            batch.erase(table, keys).await?;
        } else {
            run.push(timed);
        }
    }
    fold(batch, run).await
}

async fn fold(batch: &mut dyn Batch, changes: Vec<TimedChange>) -> Result<(), ApplyError> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut needs = Needs::default();
    for timed in &changes {
        needs.note(&timed.change);
    }
    let mut memory = needs.load(batch).await?;
    for timed in changes {
        memory
            .take_in(timed.at, timed.change)
            .map_err(|why| ApplyError::Inconsistent { at: timed.at, why })?;
    }
    memory.write(batch).await?;
    Ok(())
}

/// What must be known of the tables before folding: rows by the cells in some columns.
#[derive(Default)]
struct Needs {
    by_key: BTreeMap<&'static str, (&'static Table, BTreeSet<Row>)>,
    by_parent: BTreeMap<(&'static str, Parent), (&'static Table, BTreeSet<Row>)>,
    ended: BTreeMap<(&'static str, Parent), (&'static Table, BTreeSet<Row>)>,
}

fn want<K: Ord>(
    map: &mut BTreeMap<K, (&'static Table, BTreeSet<Row>)>,
    place: K,
    table: &'static Table,
    key: Row,
) {
    map.entry(place).or_insert_with(|| (table, BTreeSet::new())).1.insert(key);
}

impl Needs {
    fn note(&mut self, change: &Change) {
        match change {
            Change::Put(..) | Change::Open(..) | Change::Remove(..) | Change::Erase(..) => {}
            Change::Edit(table, key, _)
            | Change::Count(table, key, ..)
            | Change::Revise(table, key, _)
            | Change::End(table, key) => want(&mut self.by_key, table.name, table, key.clone()),
            Change::EndAll(table, parent, key) => {
                want(&mut self.by_parent, (table.name, *parent), table, key.clone());
            }
            Change::Reopen(table, parent, key, position, _) => {
                let mut key = key.clone();
                key.push((*position).into());
                want(&mut self.ended, (table.name, *parent), table, key);
            }
        }
    }

    async fn load(self, batch: &mut dyn Batch) -> Result<Memory, StoreError> {
        let mut memory = Memory::default();
        for ((_, parent), (table, _)) in &self.by_parent {
            memory.track(table, parent);
        }
        for (table, keys) in self.by_key.into_values() {
            let columns = table.key_names();
            let rows =
                batch.load(table, RowState::Open, &columns, keys.into_iter().collect()).await?;
            memory.known(table, rows);
        }
        for ((_, parent), (table, keys)) in self.by_parent {
            let rows =
                batch.load(table, RowState::Open, parent, keys.into_iter().collect()).await?;
            memory.known(table, rows);
        }
        for ((_, parent), (table, keys)) in self.ended {
            let columns = [parent, &["to_position"]].concat();
            let keys = keys.into_iter().collect();
            let rows = batch.load(table, RowState::Ended, &columns, keys).await?;
            memory.known_ended(table, rows);
        }
        Ok(memory)
    }
}

/// Does the table keep open and ended rows?
fn is_temporal(table: &Table) -> bool {
    table.shape == Shape::Temporal
}
