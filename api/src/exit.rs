//! Exit codes of the command line. Scripts rely on these.

use crate::settings::SettingsError;
use commands::{CommandError, StartError};
use eventlog::LogError;
use projections::{StoreError, ViewError};
use std::process::ExitCode;

/// How a command ended. The numbers stand in `--help` and README.md and do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Not done: refused, not found, or a defect.
    Failed = 1,
    /// The command line or a setting is wrong.
    Usage = 2,
    /// NATS, PostgreSQL, the service or the port cannot be used now; trying again may help.
    Unavailable = 3,
    /// Data or configuration of an engine is damaged, foreign or of a newer release.
    Damaged = 4,
    /// Another process uses the data folder.
    Locked = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The list as `--help` shows it.
pub(crate) const HELP: &str = "Exit codes:
  0  done
  1  not done: refused, not found, or a defect
  2  the command line or a setting is wrong
  3  NATS, PostgreSQL, the service or the port cannot be used now; trying again may help
  4  data or configuration of an engine is damaged, foreign or of a newer release
  5  another process uses the data folder";

/// Why a command was not done, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, to what, what to do.
    pub message: String,
}

impl Failure {
    /// With this code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// Not done.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// Cannot be used now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Exit::Unavailable, message)
    }

    /// With what was being done before the message.
    #[must_use]
    pub fn during(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::new(Exit::Usage, error.0)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let exit = match &error {
            LogError::Unavailable(_) => Exit::Unavailable,
            LogError::Misconfigured(_) | LogError::Corrupt { .. } | LogError::Foreign { .. } => {
                Exit::Damaged
            }
        };
        Self::new(exit, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::Unavailable(_) => Exit::Unavailable,
            StoreError::Refused(_) => Exit::Damaged,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Command(error) => error.into(),
            StartError::NewerLevel { .. }
            | StartError::NewerRules { .. }
            | StartError::NotALog
            | StartError::KeyMissing(_)
            | StartError::WrongServerKey => Self::new(Exit::Damaged, error.to_string()),
        }
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let exit = match &error {
            CommandError::LogUnavailable(_)
            | CommandError::VaultUnavailable(_)
            | CommandError::RightsUnknown(_)
            | CommandError::NotYetVisible
            | CommandError::Contended
            | CommandError::OutcomeUnknown { .. } => Exit::Unavailable,
            CommandError::ClockSkew { .. } => Exit::Damaged,
            CommandError::Rejected(_)
            | CommandError::KeyReused
            | CommandError::ScopeMissing(_)
            | CommandError::Internal(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Self {
        let exit = match &error {
            ViewError::Unavailable(_) | ViewError::NotYet { .. } | ViewError::Paused { .. } => {
                Exit::Unavailable
            }
            ViewError::Stopped { .. } => Exit::Damaged,
            ViewError::Cursor | ViewError::Future { .. } => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}
