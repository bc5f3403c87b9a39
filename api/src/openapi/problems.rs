//! The problems that a route can answer, from what its types and its access say.

use crate::{
    problem::ProblemType as T,
    routing::{Callers, Route},
};
use domain::event::Scope;

/// The types that a route can answer, in the order of the closed list.
pub(super) fn problems_of(route: &Route) -> Vec<T> {
    let command = route.access.command;
    let mut found = route.contract.problems.clone();
    found.extend([T::InvalidField, T::Internal]);
    found.extend([T::NotAuthenticated, T::ForeignPosition, T::LogUnavailable, T::NotYetVisible]);
    if matches!(route.access.callers, Callers::Roles(_)) {
        found.push(T::NotPermitted);
    }
    found.extend(route.access.scope.map(|_| T::ScopeMissing));
    // The AuthZEN API knows neither 406 nor 415.
    let negotiated = route.contract.media.is_some();
    found.extend(negotiated.then_some(T::NotAcceptable));
    if route.contract.body.is_some() || command {
        found.extend([T::MalformedRequest, T::TooLarge]);
        found.extend(negotiated.then_some(T::UnsupportedMediaType));
    }
    if route.path.contains('{') {
        found.push(T::NotFound);
    }
    if command {
        found.extend([T::Contended, T::IdempotencyKeyReused, T::OutcomeUnknown, T::ClockSkew]);
        found.extend([T::Rejected, T::PreconditionFailed]);
    }
    if command && route.access.scope == Some(Scope::Sharing) {
        found.push(T::ItemClosed);
    }
    found.sort_unstable();
    found.dedup();
    found
}
