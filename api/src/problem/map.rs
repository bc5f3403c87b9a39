//! Which problem is each refusal of the inner packages? The one place where they meet HTTP.

use super::{FieldError, Problem, ProblemType as T};
use commands::{CommandError, OpenError};
use domain::rejection::{Entity, Rejection};
use projections::ViewError;

const AGAIN_SOON: u64 = 1;
const AGAIN_LATER: u64 = 5;

const fn entity(entity: Entity) -> &'static str {
    match entity {
        Entity::Item => "item",
        Entity::Grant => "grant",
        Entity::Link => "link",
        Entity::Publication => "publication",
        Entity::Sharing => "sharing",
        Entity::Account => "account",
        Entity::Token => "token",
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let text = rejection.to_string();
        match rejection {
            Rejection::NotFound(what) => Self::not_found(entity(what)),
            Rejection::AlreadyExists => Self::new(T::AlreadyExists, text),
            Rejection::NotPermitted { needed } => Self::not_permitted(text).with("needed", needed),
            Rejection::UnknownKind { known, .. } => {
                Self::new(T::UnknownKind, text).with("known", known)
            }
            Rejection::InvalidField { pointer, detail } => {
                Self::fields(vec![FieldError { pointer, detail }])
            }
            Rejection::OwnerChangesByTransfer { .. } => Self::new(T::OwnerChangesByTransfer, text),
            Rejection::ItemClosed => Self::new(T::ItemClosed, text),
            Rejection::ItemRetired => Self::new(T::ItemRetired, text),
            Rejection::PreconditionFailed { entity: what, current } => {
                let what = entity(what);
                let detail = format!("the {what} is at version {current}, not at the one named");
                Self::new(T::PreconditionFailed, detail).with("current", current)
            }
            Rejection::PreconditionRequired(what) => {
                let detail = format!("this replaces the whole {} and needs If-Match", entity(what));
                Self::new(T::PreconditionRequired, detail)
            }
            Rejection::Rule { reason, .. } => Self::new(T::Rejected, text).with("reason", reason),
            Rejection::NothingApplied(results) => {
                Self::new(T::NothingApplied, text).with("results", results)
            }
            Rejection::TooLarge { limit, .. } => Self::new(T::TooLarge, text).with("limit", limit),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Rejected(rejection) => rejection.into(),
            CommandError::KeyReused => Self::new(T::IdempotencyKeyReused, error.to_string()),
            CommandError::Contended => {
                Self::new(T::Contended, error.to_string()).retry_after(AGAIN_SOON)
            }
            CommandError::LogUnavailable(cause) => {
                Self::new(T::LogUnavailable, "the event log cannot be used now")
                    .retry_after(AGAIN_LATER)
                    .because(cause)
            }
            CommandError::VaultUnavailable(cause) => {
                Self::new(T::LogUnavailable, "the vault, which commands need, cannot be used now")
                    .retry_after(AGAIN_LATER)
                    .because(cause)
            }
            CommandError::OutcomeUnknown { command } => {
                let detail = "the event log did not confirm in time; ask again with the same \
                              Idempotency-Key to find out";
                Self::new(T::OutcomeUnknown, detail)
                    .with("command", command)
                    .retry_after(AGAIN_SOON)
            }
            CommandError::ClockSkew { .. } => {
                Self::new(T::ClockSkew, error.to_string()).retry_after(AGAIN_LATER)
            }
            CommandError::NotYetVisible => {
                Self::new(T::NotYetVisible, error.to_string()).retry_after(AGAIN_SOON)
            }
            CommandError::ScopeMissing(scope) => scope_missing(scope),
            CommandError::Internal(cause) => {
                Self::new(T::Internal, "the service failed; its log has the cause").because(cause)
            }
        }
    }
}

/// The token's scopes do not include what was asked.
pub(crate) fn scope_missing(scope: domain::event::Scope) -> Problem {
    let value = serde_json::to_value(scope).unwrap_or_default();
    let name = value.as_str().unwrap_or_default();
    Problem::new(T::ScopeMissing, format!("the token lacks the scope `{name}`")).with("scope", name)
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotFound => Self::not_found("link"),
            OpenError::PasswordRequired => Self::new(T::LinkPasswordRequired, error.to_string()),
            OpenError::PasswordWrong => Self::new(T::LinkPasswordWrong, error.to_string()),
            OpenError::TooManyAttempts { retry_after } => {
                Self::new(T::TooManyAttempts, error.to_string()).retry_after(retry_after.as_secs())
            }
            OpenError::SignInRequired => Self::new(T::SignInRequired, error.to_string()),
            OpenError::NotPermitted => Self::not_permitted(error.to_string()),
            OpenError::Command(error) => error.into(),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Unavailable(cause) => {
                Self::new(T::ViewsUnavailable, "the read models cannot be read now")
                    .retry_after(AGAIN_LATER)
                    .because(cause)
            }
            ViewError::NotYet { position } => Self::new(T::NotYetVisible, error.to_string())
                .with("position", position)
                .retry_after(AGAIN_SOON),
            ViewError::Stopped { projection, position, why } => {
                let detail = format!("the projection `{projection}` has stopped at {position}");
                Self::new(T::ViewsUnavailable, detail).retry_after(AGAIN_LATER).because(why)
            }
            ViewError::Cursor => Self::new(T::CursorMismatch, error.to_string()),
            ViewError::Future { .. } => Self::new(T::TimeInFuture, error.to_string()),
        }
    }
}
