//! The lease of a build: one node builds a generation at a time; another takes over when the lease
//! runs out.
//!
//! The lease only avoids wasted work: that every record takes effect once is ensured by the
//! checkpoint.

use super::{Build, BuildState, Comparison, Generations, Purpose, cell, named};
use crate::{
    store::{Generation, StoreError},
    value::Value,
};
use std::time::Duration;

/// How long a silent builder is waited for.
const LEASE_DURATION: Duration = Duration::from_secs(10);
/// How often it says that it builds.
pub(crate) const RENEWAL_INTERVAL: Duration = Duration::from_secs(3);

impl Generations {
    /// Takes up a build, or goes on with it; answers whether it is this node's to build.
    pub(crate) async fn lease(
        &self,
        target: &Generation,
        node: &str,
        take_up: bool,
    ) -> Result<bool, StoreError> {
        let mut control = self.database.control().await?;
        let (schema, lock) = (control.schema(), control.lock());
        let now = control.now().await?;
        let which = named(target);
        let sql = format!(
            "SELECT builder, builder_until FROM {schema}builds WHERE projection = $1 \
             AND version = $2 AND generation = $3 AND ended_at IS NULL{lock}"
        );
        let rows = control.query(&sql, &which).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let until = cell(row, 1).optional(Value::time)?;
        let ours = cell(row, 0).optional(|cell| cell.text().map(|text| text == node))?;
        if ours != Some(true) && until.is_some_and(|until| until > now) {
            return Ok(false);
        }
        let micros = i64::try_from(LEASE_DURATION.as_micros()).unwrap_or(i64::MAX);
        let [name, version, generation] = which;
        let mut row = vec![name, version, generation, node.into()];
        row.push(now.plus_micros(micros).into());
        let mut taken = String::new();
        if take_up {
            row.push(now.into());
            taken = format!(
                ", started_at = $6, started_position = (SELECT position FROM {schema}progress \
                 WHERE projection = $1 AND version = $2 AND generation = $3)"
            );
        }
        let sql = format!(
            "UPDATE {schema}builds SET builder = $4, builder_until = $5{taken} \
             WHERE projection = $1 AND version = $2 AND generation = $3"
        );
        control.execute(&sql, &row).await?;
        control.commit().await?;
        Ok(true)
    }

    /// Says how far a build is; answers whether it still is this node's.
    pub(crate) async fn note(
        &self,
        target: &Generation,
        node: &str,
        state: BuildState,
        why: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut control = self.database.control().await?;
        let sql = format!(
            "UPDATE {}builds SET state = $5, why = $6 WHERE projection = $1 AND version = $2 \
             AND generation = $3 AND builder = $4 AND ended_at IS NULL",
            control.schema()
        );
        let [name, version, generation] = named(target);
        let row = [name, version, generation, node.into(), state.name().into(), why.into()];
        let changed = control.execute(&sql, &row).await?;
        control.commit().await?;
        Ok(changed == 1)
    }

    /// Ends a build whose tables are not wanted: they can be dropped at once.
    pub(crate) async fn end(
        &self,
        target: &Generation,
        node: &str,
        state: BuildState,
        comparison: Option<&Comparison>,
        why: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut control = self.database.control().await?;
        let (schema, now) = (control.schema(), control.now().await?);
        let sql = format!(
            "UPDATE {schema}builds SET state = $5, comparison = $6, why = $7, ended_at = $8 \
             WHERE projection = $1 AND version = $2 AND generation = $3 AND builder = $4 \
             AND ended_at IS NULL"
        );
        let [name, version, generation] = named(target);
        let row = [
            name,
            version,
            generation,
            node.into(),
            state.name().into(),
            stored(comparison),
            why.into(),
            now.into(),
        ];
        if control.execute(&sql, &row).await? == 1 {
            let sql = format!(
                "UPDATE {schema}progress SET retired_at = $4 \
                 WHERE projection = $1 AND version = $2 AND generation = $3 AND NOT live"
            );
            let [name, version, generation] = named(target);
            control.execute(&sql, &[name, version, generation, Value::Time(0)]).await?;
        }
        control.commit().await
    }

    /// What the last build of a purpose came to.
    pub async fn last(&self, name: &str, purpose: Purpose) -> Result<Option<Build>, StoreError> {
        let mut snapshot = self.database.snapshot().await?;
        let sql = super::build::select(&snapshot.schema(), "b.projection = $1 AND b.purpose = $2");
        let rows = snapshot.query(&sql, &[name.into(), purpose.name().into()]).await?;
        snapshot.end().await?;
        rows.last().map(super::build::read).transpose()
    }
}

/// As it is stored.
pub(super) fn stored(comparison: Option<&Comparison>) -> Value {
    comparison.and_then(|comparison| serde_json::to_string(comparison).ok()).into()
}
