//! Was it appended? One append with every doubt resolved by reading.

use crate::{Append, Appended, EventLog, LogError};
use domain::id::CommitId;
use std::time::Duration;

/// Why an append has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendFailed {
    /// It may stand on the log or not; reading did not tell within the time allowed.
    #[error("it is not known whether commit {commit} was recorded: {detail}")]
    Unknown {
        /// The commit.
        commit: CommitId,
        /// What stood in the way.
        detail: String,
    },
    /// Certainly not appended.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Appends within a time budget.
pub async fn append(
    log: &dyn EventLog,
    append: &Append,
    budget: Duration,
) -> Result<Appended, AppendFailed> {
    let _ = (log, append, budget);
    Err(LogError::Unavailable("unfinished".to_owned()).into())
}
