//! Saves the index from time to time while it follows the log, and at its end.
//!
//! All saves write the same file beside the old one, so there is never more than one.

use super::{Shared, file, tables::Tables};
use std::{path::Path, sync::Arc};
use tokio::{task::spawn_blocking, time::Instant};

impl Shared {
    /// Begins to save what is known, if that is due and no save runs.
    pub(super) fn save_now_and_then(self: &Arc<Self>) {
        let Some(path) = self.file.clone() else { return };
        let mut saving = self.saving.lock();
        if saving.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let tables = self.tables.load_full();
        let mut state = self.state.lock();
        let new = tables.position.0.saturating_sub(state.saved.0);
        let due = state.save_tried.is_none_or(|at| at.elapsed() >= self.options.save_every);
        if !due || new < self.options.save_records {
            return;
        }
        state.save_tried = Some(Instant::now());
        drop(state);
        let shared = self.clone();
        *saving = Some(spawn_blocking(move || shared.save(&tables, &path)));
    }

    /// Saves what was not saved, at the end; a save that runs is waited for first.
    pub(super) async fn save_at_last(self: &Arc<Self>) {
        let Some(path) = self.file.clone() else { return };
        let running = self.saving.lock().take();
        if let Some(running) = running
            && let Err(error) = running.await
        {
            tracing::warn!(%error, "saving the access index broke off");
        }
        let (shared, tables) = (self.clone(), self.tables.load_full());
        if tables.position > self.state.lock().saved
            && let Err(error) = spawn_blocking(move || shared.save(&tables, &path)).await
        {
            tracing::warn!(%error, "the access index was not saved; the next start reads more");
        }
    }

    fn save(&self, tables: &Tables, path: &Path) {
        let began = Instant::now();
        match file::save(tables, path) {
            Ok(()) => {
                self.state.lock().saved = tables.position;
                let (position, took) = (tables.position.0, began.elapsed());
                tracing::debug!(position, ?took, "the access index is saved");
            }
            Err(error) => {
                tracing::warn!(%error, "the access index was not saved; the next start reads more");
            }
        }
    }
}
