//! The `catalog` projection: entries, and the words and tags by which they are found.
//!
//! Words and tags are rows of their own, made by one tokeniser, so that both engines answer and
//! rank alike.

mod apply;
pub mod tables;

use crate::{
    projection::{Change, DashboardViews, Projection, RecordMeta},
    table::Table,
};
use domain::event::Recorded;

/// The projection `catalog`.
#[derive(Debug)]
pub struct Catalog;

impl Projection for Catalog {
    fn name(&self) -> &'static str {
        "catalog"
    }
    fn version(&self) -> u32 {
        1
    }
    fn tables(&self) -> &'static [&'static Table] {
        tables::ALL
    }
    fn reads_private_text(&self) -> bool {
        false
    }
    fn dashboard_views(&self) -> DashboardViews {
        let sql = include_str!("../migrations/postgres/views/catalog.sql");
        DashboardViews { level: 1, sql }
    }
    fn apply(&self, event: &Recorded, record: &RecordMeta) -> Vec<Change> {
        apply::apply(event, record)
    }
}
