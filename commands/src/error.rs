//! Errors of the write side: why a command was not carried out.

use domain::{event::Scope, id::CommandId, rejection::Rejection};
use eventlog::LogError;
use futures::future::BoxFuture;
use std::time::Duration;

/// What a command answers. Boxed, so that its code is generated once, in this package, and not
/// again in the service and in each test and benchmark.
pub type CommandFuture<'a, T, E = CommandError> = BoxFuture<'a, Result<T, E>>;

/// Why a command was not carried out. Only [`CommandError::OutcomeUnknown`] may have recorded
/// something.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules refuse it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Others changed the same stream again and again; try later.
    #[error("others keep changing the same thing; try again")]
    Contended,
    /// The event log cannot be used now. The text is for the log, not for clients.
    #[error("the event log cannot be used: {0}")]
    LogUnavailable(String),
    /// The vault cannot be used now. The text is for the log, not for clients.
    #[error("the vault cannot be used: {0}")]
    VaultUnavailable(String),
    /// It may have been recorded or not; asking again with the same idempotency key finds out.
    #[error("the outcome of command {} is unknown", .command.0)]
    OutcomeUnknown {
        /// The command.
        command: CommandId,
    },
    /// This node's clock is wrong.
    #[error("this node's clock is {off_by_ms} ms off and must be set right first")]
    ClockSkew {
        /// Milliseconds ahead (positive) or behind.
        off_by_ms: i64,
    },
    /// The caller's consistency token lies beyond the head of the log.
    #[error("the position named is not on the log yet")]
    NotYetVisible,
    /// The token may not be used for this.
    #[error("the token lacks the scope {0:?}")]
    ScopeMissing(Scope),
    /// What the caller may do is not known now. The text is for the log, not for clients.
    #[error("what the caller may do is not known now: {0}")]
    RightsUnknown(String),
    /// A defect of the service. The text is for the log, not for clients.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        Self::LogUnavailable(error.to_string())
    }
}

/// Why a link was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Unknown, forged, expired, not yet valid, revoked, used up, of another generation: alike.
    #[error("there is no such link")]
    NotFound,
    /// A password must be given.
    #[error("the link needs a password")]
    PasswordRequired,
    /// It is not this one.
    #[error("the password is wrong")]
    PasswordWrong,
    /// Too many wrong guesses; it heals by itself.
    #[error("too many wrong passwords; try again in {} s", .retry_after.as_secs())]
    TooManyAttempts {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The link is for signed-in people.
    #[error("sign in to open this link")]
    SignInRequired,
    /// The link is for those who have access anyway.
    #[error("the caller may not open this link")]
    NotPermitted,
    /// Something went wrong.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Why the write side does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log was written by a newer release.
    #[error("the log is of level {found}, this release knows {known}; use a newer release")]
    NewerLevel {
        /// On the log.
        found: u32,
        /// The highest this release knows.
        known: u32,
    },
    /// The role table on the log is newer.
    #[error("the log has role table {found}, this release has {known}; use a newer release")]
    NewerRules {
        /// On the log.
        found: u32,
        /// This release's.
        known: u32,
    },
    /// The log holds no `log.started` at its first position.
    #[error("the log does not begin with log.started; is it another program's?")]
    NotALog,
    /// A key that the log says is in use is missing in the vault: vault and log do not belong
    /// together.
    #[error("the vault lacks a key that the log names ({0}); do vault and log belong together?")]
    KeyMissing(String),
    /// The server key does not open what is in the vault.
    #[error("the server key does not fit the vault; is it the right key file?")]
    WrongServerKey,
    /// Log or vault do not answer, or another failure.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl From<LogError> for StartError {
    fn from(error: LogError) -> Self {
        Self::Command(error.into())
    }
}
