//! The `access` projection: the rows that access questions read, and how each event changes them.
//!
//! Everything that an access question needs belongs to this one projection and its one checkpoint.

mod apply;
pub mod tables;

use crate::{
    projection::{Change, DashboardViews, Projection, RecordMeta},
    table::Table,
};
use domain::event::Recorded;

/// The projection `access`.
#[derive(Debug)]
pub struct Access;

impl Projection for Access {
    fn name(&self) -> &'static str {
        "access"
    }
    fn version(&self) -> u32 {
        1
    }
    fn tables(&self) -> &'static [&'static Table] {
        tables::ALL
    }
    fn reads_private_text(&self) -> bool {
        true
    }
    fn dashboard_views(&self) -> DashboardViews {
        let sql = include_str!("../migrations/postgres/views/access.sql");
        DashboardViews { level: 1, sql }
    }
    fn apply(&self, event: &Recorded, record: &RecordMeta) -> Vec<Change> {
        apply::apply(event, record)
    }
}
