//! The activity log of the embedded default: a SQLite file of its own.

/// The activity log in a file.
#[derive(Debug)]
pub struct SqliteActivity {}
