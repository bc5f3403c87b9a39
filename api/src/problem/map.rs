//! Maps each error of the inner packages to a problem. The one place where they meet HTTP.

use super::{FieldError, Problem, ProblemType as T};
use commands::{CommandError, OpenError, Outcome, Status};
use domain::{aggregate::Aggregate, field::FieldPath, rejection::Rejection};
use projections::{CursorMismatch, IndexError, RequestError, ViewError};

const RETRY_SOON_SECONDS: u64 = 1;
const RETRY_LATER_SECONDS: u64 = 5;

/// The JSON pointer of a field in the body.
fn pointer(field: &FieldPath) -> String {
    let mut pointer = String::new();
    for step in field.steps() {
        pointer.extend(["/", &step.to_string()]);
    }
    pointer
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let text = rejection.to_string();
        match rejection {
            Rejection::NotFound(what) => Self::not_found(&what.to_string()),
            Rejection::AlreadyExists => Self::new(T::AlreadyExists, text),
            Rejection::NotPermitted { needed } => Self::not_permitted(text).with("needed", needed),
            Rejection::UnknownKind { known, .. } => {
                Self::new(T::UnknownKind, text).with("known", known)
            }
            Rejection::InvalidField { field, detail } => {
                Self::fields(vec![FieldError { pointer: pointer(&field), detail }])
            }
            Rejection::OwnerChangesByTransfer { .. } => Self::new(T::OwnerChangesByTransfer, text),
            Rejection::ItemClosed => Self::new(T::ItemClosed, text),
            Rejection::ItemRetired => Self::new(T::ItemRetired, text),
            Rejection::PreconditionFailed { entity: what, current } => {
                let detail = format!("the {what} is at version {current}, not at the one named");
                Self::new(T::PreconditionFailed, detail).with("current", current)
            }
            Rejection::PreconditionRequired(what) => {
                let detail = format!("this replaces the whole {what} and needs If-Match");
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
                Self::new(T::Contended, error.to_string()).retry_after(RETRY_SOON_SECONDS)
            }
            CommandError::LogUnavailable(cause) => {
                Self::new(T::LogUnavailable, "the event log cannot be used now")
                    .retry_after(RETRY_LATER_SECONDS)
                    .because(cause)
            }
            CommandError::VaultUnavailable(cause) => {
                Self::new(T::LogUnavailable, "the vault, which commands need, cannot be used now")
                    .retry_after(RETRY_LATER_SECONDS)
                    .because(cause)
            }
            CommandError::RightsUnknown(cause) => {
                let detail = "the access index, which knows what the caller may do, cannot answer";
                Self::new(T::ViewsUnavailable, detail)
                    .retry_after(RETRY_LATER_SECONDS)
                    .because(cause)
            }
            CommandError::OutcomeUnknown { command } => {
                let detail = "the event log did not confirm in time; ask again with the same \
                              Idempotency-Key to find out";
                Self::new(T::OutcomeUnknown, detail)
                    .with("command", command)
                    .retry_after(RETRY_SOON_SECONDS)
            }
            CommandError::ClockSkew { .. } => {
                Self::new(T::ClockSkew, error.to_string()).retry_after(RETRY_LATER_SECONDS)
            }
            CommandError::NotYetVisible => {
                Self::new(T::NotYetVisible, error.to_string()).retry_after(RETRY_SOON_SECONDS)
            }
            CommandError::ScopeMissing(scope) => scope_missing(scope),
            CommandError::Internal(cause) => {
                Self::new(T::Internal, "the service failed; its log has the cause").because(cause)
            }
        }
    }
}

/// What a command answers whose resource could not be read afterwards. Once it stands on the log no
/// answer may say that nothing was recorded.
pub(crate) fn unanswered<S: Aggregate>(outcome: &Outcome<S>, error: CommandError) -> Problem {
    let away = matches!(error, CommandError::LogUnavailable(_) | CommandError::VaultUnavailable(_));
    if !away || outcome.status != Status::Recorded {
        return error.into();
    }
    let detail = "the answer could not be completed; ask again with the same Idempotency-Key to \
                  find out";
    Problem::new(T::OutcomeUnknown, detail)
        .with("command", outcome.command)
        .retry_after(RETRY_SOON_SECONDS)
        .because(error.to_string())
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

impl From<CursorMismatch> for Problem {
    fn from(error: CursorMismatch) -> Self {
        Self::new(T::CursorMismatch, error.to_string())
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Unavailable(cause) => {
                Self::new(T::ViewsUnavailable, "the read models cannot be read now")
                    .retry_after(RETRY_LATER_SECONDS)
                    .because(cause)
            }
            ViewError::NotYet { position } => Self::new(T::NotYetVisible, error.to_string())
                .with("position", position)
                .retry_after(RETRY_SOON_SECONDS),
            ViewError::Stopped { projection, position, why } => {
                let detail = format!("the projection `{projection}` has stopped at {position}");
                Self::new(T::ViewsUnavailable, detail).retry_after(RETRY_LATER_SECONDS).because(why)
            }
            ViewError::Paused { .. } => {
                let detail = format!("{error}; `sharelog projections resume` lets it go on");
                Self::new(T::ViewsUnavailable, detail).retry_after(RETRY_LATER_SECONDS)
            }
            ViewError::Cursor => CursorMismatch.into(),
            ViewError::Future { .. } => Self::new(T::TimeInFuture, error.to_string()),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Unknown(_) => Self::not_found("projection"),
            RequestError::Busy(..) | RequestError::Paused(_) => {
                Self::new(T::Contended, error.to_string())
            }
            RequestError::Store(cause) => ViewError::Unavailable(cause.to_string()).into(),
        }
    }
}

impl From<IndexError> for Problem {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::NotYet { position } | IndexError::CatchingUp { position } => {
                Self::new(T::NotYetVisible, error.to_string())
                    .with("position", position)
                    .retry_after(RETRY_SOON_SECONDS)
            }
            IndexError::Stopped { position, why } => {
                let detail = format!("the access index has stopped at {position}");
                Self::new(T::ViewsUnavailable, detail).retry_after(RETRY_LATER_SECONDS).because(why)
            }
            IndexError::Lost { position, why } => {
                let detail = format!("the access index had no word from the log since {position}");
                Self::new(T::ViewsUnavailable, detail).retry_after(RETRY_LATER_SECONDS).because(why)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        event::Scope,
        id::{AccountId, CommandId},
        position::Position,
        rejection::{Entity, Reason},
    };
    use std::time::Duration;

    /// Words of a driver, which no client may see.
    const DRIVER: &str = "connect to db.internal failed: password hunter2 (os error 7)";

    /// Status, type and whether a time to wait is named.
    type Wanted = (u16, &'static str, bool);

    fn check(cases: impl IntoIterator<Item = (Problem, Wanted)>) {
        for (problem, (status, name, waits)) in cases {
            assert_eq!(problem.kind().name(), name);
            let response = problem.render(Some("/v1/items/history/1"));
            assert_eq!(response.status().as_u16(), status, "{name}");
            assert_eq!(response.headers().contains_key("retry-after"), waits, "{name}");
            let content = &problem.0;
            assert!(!content.detail.is_empty(), "{name}");
            let told = format!("{} {:?}", content.detail, content.members);
            assert!(!told.contains("hunter2"), "{name}: {told}");
        }
    }

    fn driver() -> String {
        DRIVER.to_owned()
    }

    fn rejections() -> Vec<(Rejection, Wanted)> {
        let detail = || "which rule".to_owned();
        let position = Position(7);
        vec![
            (Rejection::NotFound(Entity::Grant), (404, "not-found", false)),
            (Rejection::AlreadyExists, (409, "already-exists", false)),
            (Rejection::NotPermitted { needed: "share" }, (403, "not-permitted", false)),
            (
                Rejection::InvalidField { field: "role".into(), detail: detail() },
                (400, "invalid-field", false),
            ),
            (Rejection::ItemClosed, (409, "item-closed", false)),
            (Rejection::ItemRetired, (410, "item-retired", false)),
            (
                Rejection::PreconditionFailed { entity: Entity::Item, current: position },
                (412, "precondition-failed", false),
            ),
            (
                Rejection::PreconditionRequired(Entity::Sharing),
                (428, "precondition-required", false),
            ),
            (
                Rejection::Rule { reason: Reason::TooMany, detail: detail() },
                (422, "rejected", false),
            ),
            (Rejection::NothingApplied(Vec::new()), (422, "nothing-applied", false)),
            (Rejection::TooLarge { size: 70_000, limit: 65_000 }, (413, "too-large", false)),
        ]
    }

    fn commands() -> Vec<(CommandError, Wanted)> {
        let command = CommandId(uuid::Uuid::nil());
        vec![
            (CommandError::Rejected(Rejection::ItemClosed), (409, "item-closed", false)),
            (CommandError::KeyReused, (422, "idempotency-key-reused", false)),
            (CommandError::Contended, (409, "contended", true)),
            (CommandError::LogUnavailable(driver()), (503, "log-unavailable", true)),
            (CommandError::VaultUnavailable(driver()), (503, "log-unavailable", true)),
            (CommandError::RightsUnknown(driver()), (503, "views-unavailable", true)),
            (CommandError::OutcomeUnknown { command }, (503, "outcome-unknown", true)),
            (CommandError::ClockSkew { off_by_ms: -3_600_000 }, (503, "clock-skew", true)),
            (CommandError::NotYetVisible, (503, "not-yet-visible", true)),
            (CommandError::ScopeMissing(Scope::Read), (403, "scope-missing", false)),
            (CommandError::Internal(driver()), (500, "internal", false)),
        ]
    }

    #[test]
    fn every_rejection_has_its_problem() {
        check(rejections().into_iter().map(|(rejection, wanted)| (rejection.into(), wanted)));
    }

    #[test]
    fn rejections_that_name_kinds_and_accounts_have_theirs() -> Result<(), domain::id::IdError> {
        let kind = "history".parse()?;
        let owner: AccountId = "a-17".parse()?;
        let unknown = Rejection::UnknownKind { kind, known: Vec::new() };
        let transfer = Rejection::OwnerChangesByTransfer { owner };
        check([
            (unknown.into(), (400, "unknown-kind", false)),
            (transfer.into(), (409, "owner-changes-by-transfer", false)),
        ]);
        Ok(())
    }

    #[test]
    fn every_failure_of_a_command_has_its_problem() {
        check(commands().into_iter().map(|(error, wanted)| (error.into(), wanted)));
    }

    #[test]
    fn every_failure_to_open_a_link_has_its_problem() {
        let retry_after = Duration::from_millis(300);
        let cases = [
            (OpenError::NotFound, (404, "not-found", false)),
            (OpenError::PasswordRequired, (403, "link-password-required", false)),
            (OpenError::PasswordWrong, (403, "link-password-wrong", false)),
            (OpenError::TooManyAttempts { retry_after }, (429, "too-many-attempts", true)),
            (OpenError::SignInRequired, (403, "sign-in-required", false)),
            (OpenError::NotPermitted, (403, "not-permitted", false)),
        ];
        let wrapped =
            commands().into_iter().map(|(error, wanted)| (OpenError::Command(error), wanted));
        let all = cases.into_iter().chain(wrapped);
        check(all.map(|(error, wanted)| (error.into(), wanted)));
    }

    #[test]
    fn every_refusal_to_build_a_read_model_has_its_problem() {
        let lost = projections::StoreError::Unavailable(driver());
        let cases = [
            (RequestError::Unknown("x".to_owned()), (404, "not-found", false)),
            (RequestError::Busy("access".to_owned(), "verified"), (409, "contended", false)),
            (RequestError::Store(lost), (503, "views-unavailable", true)),
        ];
        check(cases.map(|(error, wanted)| (error.into(), wanted)));
    }

    #[test]
    fn every_failure_of_the_access_index_has_its_problem() {
        let position = Position(7);
        let cases = [
            (IndexError::CatchingUp { position }, (503, "not-yet-visible", true)),
            (IndexError::NotYet { position }, (503, "not-yet-visible", true)),
            (IndexError::Stopped { position, why: driver() }, (503, "views-unavailable", true)),
            (IndexError::Lost { position, why: driver() }, (503, "views-unavailable", true)),
        ];
        check(cases.into_iter().map(|(error, wanted)| (error.into(), wanted)));
    }

    #[test]
    fn every_failure_of_a_view_has_its_problem() {
        let position = Position(7);
        let stopped = ViewError::Stopped { projection: "access".into(), position, why: driver() };
        let since = domain::time::Time::default();
        let paused = ViewError::Paused { projection: "access".into(), position, since };
        let cases = [
            (paused, (503, "views-unavailable", true)),
            (ViewError::Unavailable(driver()), (503, "views-unavailable", true)),
            (ViewError::NotYet { position }, (503, "not-yet-visible", true)),
            (stopped, (503, "views-unavailable", true)),
            (ViewError::Cursor, (400, "cursor-mismatch", false)),
            (ViewError::Future { asked: Position(9), position }, (400, "time-in-future", false)),
        ];
        check(cases.into_iter().map(|(error, wanted)| (error.into(), wanted)));
    }
}
