//! What one principal had of one item at a moment.

use super::{ModelReader, SqlViews};
use crate::{AccessAt, AsOf, Model, ViewError};
use domain::{access::Subject, id::ItemRef, time::Time};

impl SqlViews {
    pub(super) async fn read_access_at(
        &self,
        item: &ItemRef,
        subject: &Subject,
        as_of: AsOf,
        now: Time,
    ) -> Result<AccessAt, ViewError> {
        let mut reader: ModelReader = self.read(Model::ACCESS).await?;
        let when = reader.when(as_of, now).await?;
        let rules = reader.rules(when).await?;
        let known_from = reader.known_from(item).await?;
        let stored = reader.stored_item(when, item, Some(subject)).await?;
        let position = reader.position;
        reader.end().await?;
        let as_of = (when.time, when.position);
        Ok(AccessAt { known_from, as_of, rules, position, subject: subject.clone(), item: stored })
    }
}
