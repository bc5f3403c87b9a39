//! The registry of routes: a handler is registered together with who may call it, and its types say
//! what it takes and answers.
//!
//! Authorization, the query allow-list, metrics and the OpenAPI document read the registry; nothing
//! else lists routes.

mod access;
mod contract;
mod registry;

pub use access::{ACTORS, ADMINS, ALL, Callers, OPERATORS, OVERSEERS, RouteAccess, SUBSCRIBERS};
pub use contract::{AnswerSpec, Answers, Contract, EVENT_STREAM, Handles, JSON, Media, Takes};
pub use registry::{Registry, Route, Routes};

/// Registers the handlers of a file, each with `#[utoipa::path]`: who may call it, what its success
/// is called, and the problems that only this route answers.
macro_rules! register {
    ($($handler:ident => $access:expr, $words:expr $(, $problem:ident)*;)+) => {
        /// The routes of this file.
        pub(crate) fn routes() -> $crate::routing::Routes {
            $crate::routing::Routes::default()$(.route($crate::routing::Route::new(
                utoipa_axum::routes!($handler),
                $access,
                $crate::routing::Contract::from_handler(&$handler, $words),
                &[$($crate::problem::ProblemType::$problem),*],
            )))+
        }
    };
}
pub(crate) use register;
