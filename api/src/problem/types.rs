//! The problem types, each with its status and explanation.

use axum::http::StatusCode;

macro_rules! problem_types {
    ($($variant:ident = $name:literal, $status:ident, $title:literal, $text:literal;)*) => {
        /// The closed list of problem types.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProblemType {
            $(#[doc = $title] $variant,)*
        }

        impl ProblemType {
            /// All of them, in the order of their status.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The last part of the type's address.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// A few words that never change.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What it means and what to do about it.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

problem_types! {
    MalformedRequest = "malformed-request", BAD_REQUEST, "The request cannot be read",
        "The body is no JSON object, or is missing where one is needed. Nothing was recorded. \
            Send well-formed JSON.";
    InvalidField = "invalid-field", BAD_REQUEST, "A value is not allowed",
        "A field of the body, a part of the path, a query parameter or a header has an unknown \
            name or a value that breaks a rule. `errors` lists each with \
            a JSON pointer into the body (or `path:`, `query:`, `header:` and its name) and the \
            rule. Nothing was recorded.";
    UnknownKind = "unknown-kind", BAD_REQUEST, "The kind of item is unknown",
        "Items have one of the kinds that the deployment is configured with. `known` lists them.";
    CursorMismatch = "cursor-mismatch", BAD_REQUEST, "The cursor belongs to another list",
        "A cursor continues exactly the list that it was given with: same filter, same order. \
            Start again without a cursor.";
    ForeignPosition = "foreign-position", BAD_REQUEST, "The position belongs to another log",
        "Sharelog-At-Least names a position of another deployment's log. Send only positions that \
            this deployment answered.";
    TimeInFuture = "time-in-future", BAD_REQUEST, "The moment lies in the future",
        "Questions about the past take a time or position up to now.";
    NotAuthenticated = "not-authenticated", UNAUTHORIZED, "Who asks is not known",
        "A bearer token is needed, and the one presented (if any) is unknown, revoked or over. \
            Send `Authorization: Bearer sl_…`.";
    NotPermitted = "not-permitted", FORBIDDEN, "The caller may not do this",
        "The caller may know the item, but its role does not permit what was asked; or the route \
            is not for callers of its role.";
    ScopeMissing = "scope-missing", FORBIDDEN, "The token's scopes do not include this",
        "The application's token was issued for other uses. Issue one with the scope that \
            `detail` names.";
    LinkPasswordRequired = "link-password-required", FORBIDDEN, "The link has a password",
        "Ask the person for the link's password and send it along.";
    LinkPasswordWrong = "link-password-wrong", FORBIDDEN, "The password is wrong",
        "The link's password is another one. Guesses are limited for a while after several \
            failures.";
    SignInRequired = "sign-in-required", FORBIDDEN, "Signing in is needed",
        "The link opens for accounts only. Act for a signed-in account.";
    NotFound = "not-found", NOT_FOUND, "There is nothing here",
        "The item, grant, link, account or route does not exist, or the caller may not know that \
            it does. Both look alike.";
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The path has no such method",
        "The `Allow` header lists the methods of this path.";
    NotAcceptable = "not-acceptable", NOT_ACCEPTABLE, "No acceptable answer",
        "Answers are JSON. Accept application/json.";
    ItemRetired = "item-retired", GONE, "The item is retired",
        "The application has deleted the item. It can be restored; sharing ended with it stays \
            ended.";
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "The request is too large",
        "A body has at most 256 KiB, and what one command records at most 65,000 bytes. Send \
            fewer entries at once.";
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is no JSON",
        "Send `Content-Type: application/json` (for PATCH also application/merge-patch+json).";
    AlreadyExists = "already-exists", CONFLICT, "It exists already",
        "`If-None-Match: *` asks to create only, and there is one already.";
    SlugTaken = "slug-taken", CONFLICT, "The readable address is taken",
        "Another item of this owner and kind has the slug. `suggestion` is free.";
    OwnerChangesByTransfer = "owner-changes-by-transfer", CONFLICT, "The owner changes by \
        transfer only",
        "A PUT names another owner than the item has. Leave the owner as it is, or offer a \
            transfer.";
    RelatedItemsClosed = "related-items-closed", CONFLICT, "Related items stay closed",
        "Parts or required items are not shared with the same people. `can_open`, `cannot_open` \
            and `already_open` list them; ask again with related `leave` or `share`.";
    ItemClosed = "item-closed", CONFLICT, "The item is closed",
        "All sharing of the item was ended. Reopen it before sharing it again.";
    NotPending = "not-pending", CONFLICT, "It waits for nothing any more",
        "The invitation, transfer or request was answered, withdrawn or has expired.";
    Contended = "contended", CONFLICT, "It is not possible just now",
        "Others kept changing the same item while this was decided, or the projection is paused \
            or being worked on. Nothing was recorded; ask again after a moment.";
    PreconditionFailed = "precondition-failed", PRECONDITION_FAILED, "It has changed meanwhile",
        "The version in If-Match is not the current one, which `current` names. Read again, and \
            decide again.";
    PreconditionRequired = "precondition-required", PRECONDITION_REQUIRED, "If-Match is needed",
        "This replaces a whole state, so that somebody else's change could be lost. Read it and \
            send its ETag as If-Match.";
    Rejected = "rejected", UNPROCESSABLE_ENTITY, "A rule of sharing forbids it",
        "`reason` names the rule. Nothing was recorded.";
    NothingApplied = "nothing-applied", UNPROCESSABLE_ENTITY, "Nobody could be given access",
        "Every grantee was refused; `results` says why for each. Nothing was recorded.";
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The idempotency key \
        belongs to another request",
        "A key stands for one request for ever. Use a fresh key for another request.";
    TooManyAttempts = "too-many-attempts", TOO_MANY_REQUESTS, "Too many attempts",
        "Guesses are limited per link and per address for a while, and so is the number of readers \
            of the feed per node. Ask again after Retry-After.";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something is wrong on our side",
        "The service failed in a way that it should not. The request id in X-Request-ID finds the \
            cause in the service's log.";
    NotYetVisible = "not-yet-visible", SERVICE_UNAVAILABLE, "Not there yet",
        "The answer would not include the position that was asked for. Ask again after \
            Retry-After, or wait longer with `Prefer: wait=N`.";
    LogUnavailable = "log-unavailable", SERVICE_UNAVAILABLE, "The record cannot be written or read",
        "The event log or the vault does not answer. Nothing was recorded. Ask again after \
            Retry-After.";
    OutcomeUnknown = "outcome-unknown", SERVICE_UNAVAILABLE, "It is not known whether it was \
        recorded",
        "The event log did not confirm in time. Ask again with the same Idempotency-Key: the \
            answer is then certain.";
    ViewsUnavailable = "views-unavailable", SERVICE_UNAVAILABLE, "The lists cannot be read",
        "The read models do not answer or have stopped. Commands go on. Ask again after \
            Retry-After.";
    ClockSkew = "clock-skew", SERVICE_UNAVAILABLE, "This node's clock is wrong",
        "The node's clock differs too much from the event log's. It takes no commands until that \
            is corrected.";
}

#[cfg(test)]
mod tests {
    use super::ProblemType;

    #[test]
    fn names_are_unique_and_fit_into_an_address() {
        let mut names: Vec<_> = ProblemType::ALL.iter().map(|t| t.name()).collect();
        assert!(names.iter().all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ProblemType::ALL.len());
    }
}
