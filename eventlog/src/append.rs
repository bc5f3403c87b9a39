//! Appends one record, with every uncertain outcome resolved by reading.

use crate::{Append, AppendError, Appended, Backoff, EventLog, LogError};
use domain::id::CommitId;
use std::time::Duration;
use tokio::time::Instant;

/// The pauses between attempts.
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(5);
const MAX_RETRY_PAUSE: Duration = Duration::from_millis(250);

/// Why an append has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendFailed {
    /// It may be recorded or not; reading did not show which within the time allowed.
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
///
/// A conflict, a duplicate and a missing acknowledgement say nothing certain about this commit:
/// servers differ in what they check first, and an acknowledgement can be lost after the write. So
/// each is resolved by reading the stream after the expected version. A commit that is not found is
/// asked again, unchanged: the expected version lets it in at most once. When the time is up while
/// it may still be under way the answer is [`AppendFailed::Unknown`].
pub async fn append(
    log: &dyn EventLog,
    append: &Append,
    budget: Duration,
) -> Result<Appended, AppendFailed> {
    let until = Instant::now() + budget;
    let mut unknown = None;
    let mut backoff = Backoff::new(MIN_RETRY_PAUSE, MAX_RETRY_PAUSE);
    loop {
        let outcome = match tokio::time::timeout_at(until, log.try_append(append)).await {
            Ok(Ok(position)) => return Ok(Appended::At(position)),
            Ok(Err(AppendError::Log(error))) if unknown.is_none() => return Err(error.into()),
            Ok(Err(error)) => error,
            Err(_elapsed) => AppendError::Unknown("no answer in time".to_owned()),
        };
        if let AppendError::Unknown(detail) = &outcome {
            unknown = Some(detail.clone());
        }
        // Reading may outlast the budget a little: an answer is worth more than punctuality.
        let patience = until.max(Instant::now() + Duration::from_millis(500));
        match tokio::time::timeout_at(patience, resolve(log, append, &outcome)).await {
            Ok(Ok(Some(answer))) => return Ok(answer),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                unknown.get_or_insert_with(|| error.to_string());
            }
            Err(_elapsed) => {
                unknown.get_or_insert_with(|| "reading gave no answer in time".to_owned());
            }
        }
        let pause = backoff.next_pause();
        if Instant::now() + pause >= until {
            return match (unknown, outcome) {
                (None, AppendError::Conflict) => Ok(Appended::Conflict),
                (unknown, outcome) => Err(AppendFailed::Unknown {
                    commit: append.commit(),
                    detail: unknown.unwrap_or_else(|| outcome.to_string()),
                }),
            };
        }
        tokio::time::sleep(pause).await;
    }
}

/// What reading shows; `None` = the stream is still at the expected version.
async fn resolve(
    log: &dyn EventLog,
    append: &Append,
    outcome: &AppendError,
) -> Result<Option<Appended>, LogError> {
    let since = log.read_stream(append.stream(), append.expected()).await?;
    if let Some(ours) = since.iter().find(|record| record.envelope.commit == append.commit()) {
        return Ok(Some(Appended::At(ours.position)));
    }
    if append.key().is_some()
        && let Some(other) =
            since.iter().find(|record| record.envelope.key.as_deref() == append.key())
    {
        return Ok(Some(Appended::KeyTaken(other.position)));
    }
    if let AppendError::Duplicate(position) = outcome {
        return Ok(Some(match log.read(*position).await? {
            Some(record) if record.envelope.commit == append.commit() => {
                Appended::At(record.position)
            }
            _ => Appended::KeyTaken(*position),
        }));
    }
    // The stream has moved past the expected version without us, and now we can never get in.
    Ok((!since.is_empty()).then_some(Appended::Conflict))
}
