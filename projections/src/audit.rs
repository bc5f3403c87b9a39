//! The `audit` projection: one row per event of the log, with its texts beside it.

mod apply;
pub(crate) mod row;
pub mod tables;

use crate::{
    projection::{Change, DashboardViews, Projection, RecordMeta},
    table::Table,
};
use domain::event::Recorded;

/// The projection `audit`.
#[derive(Debug)]
pub struct Audit;

impl Projection for Audit {
    fn name(&self) -> &'static str {
        "audit"
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
        let sql = include_str!("../migrations/postgres/views/audit.sql");
        DashboardViews { level: 1, sql }
    }
    fn apply(&self, event: &Recorded, record: &RecordMeta) -> Vec<Change> {
        apply::apply(event, record)
    }
}
