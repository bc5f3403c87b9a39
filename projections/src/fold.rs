//! How do many changes become few rows? Folds a batch in order, over what the tables hold.
//!
//! What the changes need to know of rows that are there is loaded first, set by set; then everything happens
//! in memory; then each touched row is written once. A batch of one and a batch of thousands go the same way.

mod memory;

use crate::{
    projection::{Change, Moment, Shape, Table},
    store::{Batch, Side, StoreError},
    value::Row,
};
use memory::Memory;
use std::collections::{BTreeMap, BTreeSet};

/// A change with the moment of its event.
#[derive(Debug)]
pub struct Timed {
    /// When.
    pub at: Moment,
    /// What.
    pub change: Change,
}

/// Why a batch could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change does not fit what is there; the projection must stop before this record.
    #[error("{why}")]
    Misfit {
        /// Of which record.
        at: Moment,
        /// Why it does not fit.
        why: String,
    },
}

/// Applies changes within a transaction, in order.
pub async fn apply(batch: &mut dyn Batch, changes: Vec<Timed>) -> Result<(), FoldError> {
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

async fn fold(batch: &mut dyn Batch, changes: Vec<Timed>) -> Result<(), FoldError> {
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
            .map_err(|why| FoldError::Misfit { at: timed.at, why })?;
    }
    memory.write(batch).await?;
    Ok(())
}

/// What must be known of the tables before folding.
#[derive(Default)]
struct Needs {
    by_key: BTreeMap<&'static str, (&'static Table, BTreeSet<Row>)>,
    by_parent: BTreeMap<&'static str, (&'static Table, BTreeSet<Row>)>,
    ended: BTreeMap<&'static str, (&'static Table, BTreeSet<Row>)>,
}

impl Needs {
    fn note(&mut self, change: &Change) {
        let table = change.table();
        let into = |map: &mut BTreeMap<&'static str, (&'static Table, BTreeSet<Row>)>, row: Row| {
            map.entry(table.name).or_insert_with(|| (table, BTreeSet::new())).1.insert(row);
        };
        match change {
            Change::Put(..) | Change::Open(..) | Change::Remove(..) | Change::Erase(..) => {}
            Change::Edit(_, key, _)
            | Change::Count(_, key, ..)
            | Change::Revise(_, key, _)
            | Change::End(_, key) => into(&mut self.by_key, key.clone()),
            Change::EndAll(_, parent) => into(&mut self.by_parent, parent.clone()),
            Change::Reopen(_, parent, position, _) => {
                let mut key = parent.clone();
                key.push((*position).into());
                into(&mut self.ended, key);
            }
        }
    }

    async fn load(self, batch: &mut dyn Batch) -> Result<Memory, StoreError> {
        let mut memory = Memory::default();
        for (table, keys) in self.by_key.into_values() {
            let columns: Vec<_> =
                table.columns.iter().take(table.key).map(|column| column.name).collect();
            let rows = batch.load(table, Side::Open, &columns, keys.into_iter().collect()).await?;
            memory.known(table, rows);
        }
        for (table, parents) in self.by_parent.into_values() {
            let keys = parents.into_iter().collect();
            let rows = batch.load(table, Side::Open, table.parent, keys).await?;
            memory.known(table, rows);
        }
        for (table, keys) in self.ended.into_values() {
            let columns = [table.parent, &["to_position"]].concat();
            let keys = keys.into_iter().collect();
            let rows = batch.load(table, Side::Ended, &columns, keys).await?;
            memory.known_ended(table, rows);
        }
        Ok(memory)
    }
}

/// Does the table keep open and ended rows?
fn is_temporal(table: &Table) -> bool {
    table.shape == Shape::Temporal
}
