//! Switches to another generation, and removes the old tables later.

use super::{Comparison, Generations, cell, lease::stored, named, progress};
use crate::{
    BuildState,
    store::{Generation, StoreError, generation::prefix},
    value::Value,
};
use domain::position::Position;
use std::time::Duration;

/// What came of trying to switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Switched {
    /// It is read now.
    Done,
    /// The one that is read stands here and knows more: questions would be taken back.
    Behind(Position),
    /// Somebody holds what is needed; worth another try.
    Busy(String),
    /// The build is not this node's any more.
    Taken,
}

impl Generations {
    /// Lets questions read this generation from now on, unless that would take them back. A
    /// position that was seen to lie `beyond` the end of the log is not waited for.
    pub(crate) async fn switch(
        &self,
        target: &Generation,
        node: &str,
        comparison: &Comparison,
        beyond: Option<Position>,
    ) -> Result<Switched, StoreError> {
        match self.try_switch(target, node, comparison, beyond).await {
            // A lock that was waited for too long looks like any other loss.
            Err(StoreError::Unavailable(why)) => Ok(Switched::Busy(why)),
            answer => answer,
        }
    }

    async fn try_switch(
        &self,
        target: &Generation,
        node: &str,
        comparison: &Comparison,
        beyond: Option<Position>,
    ) -> Result<Switched, StoreError> {
        let mut control = self.database.control().await?;
        let (schema, lock, now) = (control.schema(), control.lock(), control.now().await?);
        let which = named(target);
        let sql = format!(
            "SELECT builder FROM {schema}builds WHERE projection = $1 AND version = $2 \
             AND generation = $3 AND ended_at IS NULL{lock}"
        );
        let rows = control.query(&sql, &which).await?;
        let ours = rows.first().is_some_and(|row| cell(row, 0).text() == Ok(node));
        if !ours {
            return Ok(Switched::Taken);
        }
        // Both stand still until this ends.
        let sql = format!(
            "SELECT log, position, time FROM {schema}progress WHERE projection = $1 AND live{lock}"
        );
        let rows = control.query(&sql, &[target.name().into()]).await?;
        let read = rows.first().map(progress).transpose()?.unwrap_or_default();
        let sql = format!(
            "SELECT log, position, time FROM {schema}progress \
             WHERE projection = $1 AND version = $2 AND generation = $3{lock}"
        );
        let rows = control.query(&sql, &which).await?;
        let built = rows.first().map(progress).transpose()?.unwrap_or_default();
        // Tables of another log are not waited for either.
        let attainable = beyond.is_none_or(|beyond| read.position < beyond);
        if read.log == built.log && attainable && built.position < read.position {
            return Ok(Switched::Behind(read.position));
        }
        let sql = format!(
            "UPDATE {schema}progress SET live = false, retired_at = $2 \
             WHERE projection = $1 AND live"
        );
        control.execute(&sql, &[target.name().into(), now.into()]).await?;
        let sql = format!(
            "UPDATE {schema}progress SET live = true \
             WHERE projection = $1 AND version = $2 AND generation = $3"
        );
        control.execute(&sql, &which).await?;
        let sql = format!(
            "UPDATE {schema}builds SET state = $4, ended_at = $5, comparison = $6, why = NULL \
             WHERE projection = $1 AND version = $2 AND generation = $3"
        );
        let [name, version, generation] = which;
        let done = BuildState::Done.name().into();
        let row = [name, version, generation, done, now.into(), stored(Some(comparison))];
        control.execute(&sql, &row).await?;
        control.point_views(target).await?;
        control.commit().await?;
        Ok(Switched::Done)
    }

    /// Drops the tables of generations that have not been read for so long.
    pub(crate) async fn drop_retired(&self, keep: Duration) -> Result<(), StoreError> {
        let mut snapshot = self.database.snapshot().await?;
        let sql = format!(
            "SELECT projection, version, generation, retired_at FROM {}progress \
             WHERE NOT live AND retired_at IS NOT NULL",
            snapshot.schema()
        );
        let rows = snapshot.query(&sql, &[]).await?;
        snapshot.end().await?;
        for row in rows {
            let name = cell(&row, 0).text()?.to_owned();
            let (version, generation) = (cell(&row, 1).small()?, cell(&row, 2).small()?);
            self.drop_one(&name, version, generation, keep).await?;
        }
        Ok(())
    }

    async fn drop_one(
        &self,
        name: &str,
        version: u32,
        generation: u32,
        keep: Duration,
    ) -> Result<(), StoreError> {
        let micros = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
        let prefix = prefix(name, version, generation);
        loop {
            let mut control = self.database.control().await?;
            let schema = control.schema();
            let before = control.now().await?.as_micros().saturating_sub(micros);
            let which = "projection = $1 AND version = $2 AND generation = $3 AND NOT live \
                         AND retired_at <= $4";
            let row = [name.into(), version.into(), generation.into(), Value::Time(before)];
            let sql =
                format!("SELECT generation FROM {schema}progress WHERE {which}{}", control.lock());
            if control.query(&sql, &row).await?.is_empty() {
                return Ok(());
            }
            let gone = control.clear(&prefix).await?;
            if gone {
                control
                    .execute(&format!("DELETE FROM {schema}progress WHERE {which}"), &row)
                    .await?;
            }
            control.commit().await?;
            if gone {
                tracing::info!(projection = name, version, generation, "old tables are dropped");
                return Ok(());
            }
        }
    }
}
