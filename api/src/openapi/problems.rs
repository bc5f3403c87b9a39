//! The problems that each route can answer.

use crate::{
    auth::{Route, RouteAccess},
    problem::ProblemType as T,
};
use domain::event::Scope;

/// The types that a route can answer, in the order of the closed list. `body`: does it take one of
/// its own?
pub(super) fn problems_of(route: &Route, body: bool) -> Vec<T> {
    let mut found = vec![T::InvalidField, T::Internal];
    // The text of the AuthZEN API knows neither 406 nor 415.
    let questions = route.path.starts_with("/access/");
    if !questions {
        found.push(T::NotAcceptable);
    }
    found.extend([T::NotAuthenticated, T::ForeignPosition, T::LogUnavailable]);
    if matches!(route.access, RouteAccess::Roles(_)) {
        found.push(T::NotPermitted);
    }
    if route.scope.is_some() {
        found.push(T::ScopeMissing);
    }
    if body || route.command {
        found.extend([T::MalformedRequest, T::TooLarge]);
        if !questions {
            found.push(T::UnsupportedMediaType);
        }
    }
    if route.path.contains('{') {
        found.push(T::NotFound);
    }
    if route.command {
        found.extend([T::Contended, T::IdempotencyKeyReused, T::OutcomeUnknown, T::ClockSkew]);
        found.extend([T::NotYetVisible, T::Rejected, T::PreconditionFailed]);
    } else {
        found.push(T::NotYetVisible);
    }
    if route.path.starts_with("/v1/items/{kind}/{id}") {
        found.push(T::ItemRetired);
        if route.command && route.scope == Some(Scope::Sharing) {
            found.push(T::ItemClosed);
        }
    }
    found.extend(of_one(route));
    found.sort_unstable();
    found.dedup();
    found
}

/// What only some routes answer.
fn of_one(route: &Route) -> &'static [T] {
    match (route.method, route.path) {
        ("PUT", "/v1/items/{kind}/{id}") => {
            &[T::UnknownKind, T::AlreadyExists, T::OwnerChangesByTransfer, T::ItemClosed]
        }
        ("PATCH", "/v1/items/{kind}/{id}") => &[T::ItemClosed],
        ("PUT", "/v1/items/{kind}/{id}/sharing") => &[T::PreconditionRequired],
        ("POST", "/v1/items/{kind}/{id}/grants") => &[T::NothingApplied],
        ("PUT", "/v1/accounts/{account}" | "/v1/webhooks/{webhook}") => &[T::AlreadyExists],
        ("POST", "/v1/links/open") => &[
            T::NotFound,
            T::LinkPasswordRequired,
            T::LinkPasswordWrong,
            T::SignInRequired,
            T::TooManyAttempts,
            // Opening a limited link records that a use is gone.
            T::Contended,
            T::OutcomeUnknown,
            T::ClockSkew,
        ],
        ("POST", "/v1/visits") => &[T::NotFound, T::SignInRequired, T::TooManyAttempts],
        ("GET", "/v1/explain") => &[T::NotFound, T::TimeInFuture, T::ViewsUnavailable],
        ("POST", "/access/v1/evaluation" | "/access/v1/evaluations") => {
            &[T::TimeInFuture, T::ViewsUnavailable]
        }
        (
            "POST",
            "/access/v1/search/subject" | "/access/v1/search/resource" | "/access/v1/search/action",
        )
        | ("GET", "/v1/items/{kind}/{id}/access") => {
            &[T::TimeInFuture, T::CursorMismatch, T::ViewsUnavailable]
        }
        (
            "GET",
            "/v1/items/{kind}/{id}/history"
            | "/v1/audit/events"
            | "/v1/catalog"
            | "/v1/view-as"
            | "/v1/accounts/{account}/items",
        ) => &[T::CursorMismatch, T::ViewsUnavailable],
        ("GET", "/v1/watch") => &[T::TimeInFuture, T::TooManyAttempts, T::ViewsUnavailable],
        ("POST", "/v1/projections/{name}/rebuild" | "/v1/projections/{name}/verify") => {
            &[T::ViewsUnavailable, T::Contended]
        }
        (
            "GET" | "POST",
            "/v1/projections"
            | "/v1/items/{kind}/{id}/view-as"
            | "/v1/projections/{name}"
            | "/v1/projections/{name}/pause"
            | "/v1/projections/{name}/resume",
        ) => &[T::ViewsUnavailable],
        ("GET", "/v1/webhooks" | "/v1/webhooks/{webhook}/deliveries") => &[T::CursorMismatch],
        ("POST", "/v1/webhooks/{webhook}/replay") => &[T::TimeInFuture],
        ("GET", "/v1/items/{kind}/{id}/grants" | "/v1/items/{kind}/{id}/links" | "/v1/tokens") => {
            &[T::CursorMismatch]
        }
        _ => &[],
    }
}
