//! The one closed table of routes and who may call them.
//!
//! A route that is missing here answers nothing (authorization fails closed, and a test compares
//! this table with the router). What a caller may do with a certain item is not decided here but
//! in `domain`.

use axum::http::Method;
use domain::event::{
    CallerRole::{self, Account, Admin, App, Auditor},
    Scope,
};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteAccess {
    /// Everybody; no token is looked at.
    Open,
    /// Everybody, with a token or without; a token that is presented must be valid.
    Anyone,
    /// Callers with one of these roles.
    Roles(&'static [CallerRole]),
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method; `HEAD` is judged as `GET`.
    pub method: &'static str,
    /// The path as the router knows it.
    pub path: &'static str,
    /// Who may call it.
    pub access: RouteAccess,
    /// The scope that an application's token needs, unless it has none at all.
    pub scope: Option<Scope>,
    /// Is it a command, which takes a reason, an idempotency key and a dry run?
    pub command: bool,
}

impl Route {
    /// Does it speak JSON, to callers with tokens?
    pub fn is_json(&self) -> bool {
        self.path.starts_with("/v1/") || self.path.starts_with("/access/")
    }
}

const ALL: RouteAccess = RouteAccess::Roles(&[Admin, Auditor, App, Account]);
const ACTORS: RouteAccess = RouteAccess::Roles(&[Admin, App, Account]);
const OPERATORS: RouteAccess = RouteAccess::Roles(&[Admin, App]);
const OVERSEERS: RouteAccess = RouteAccess::Roles(&[Admin, Auditor]);
const ADMINS: RouteAccess = RouteAccess::Roles(&[Admin]);

const fn page(method: &'static str, path: &'static str) -> Route {
    Route { method, path, access: RouteAccess::Open, scope: None, command: false }
}

const fn query(path: &'static str, access: RouteAccess) -> Route {
    Route { method: "GET", path, access, scope: Some(Scope::Read), command: false }
}

const fn asking(path: &'static str, access: RouteAccess, scope: Scope) -> Route {
    Route { method: "POST", path, access, scope: Some(scope), command: false }
}

const fn command(
    method: &'static str,
    path: &'static str,
    access: RouteAccess,
    scope: Scope,
) -> Route {
    Route { method, path, access, scope: Some(scope), command: true }
}

/// Of the read models, which are no part of the record: no reason, no dry run.
const fn operate(path: &'static str) -> Route {
    Route { method: "POST", path, access: ADMINS, scope: None, command: false }
}

const fn administer(method: &'static str, path: &'static str) -> Route {
    Route { method, path, access: ADMINS, scope: None, command: true }
}

/// All routes.
pub const ROUTES: &[Route] = &[
    command("PUT", "/v1/items/{kind}/{id}", ACTORS, Scope::Items),
    query("/v1/items/{kind}/{id}", ALL),
    command("PATCH", "/v1/items/{kind}/{id}", ACTORS, Scope::Items),
    command("DELETE", "/v1/items/{kind}/{id}", ACTORS, Scope::Items),
    command("POST", "/v1/items/{kind}/{id}/restore", ACTORS, Scope::Items),
    command("POST", "/v1/items/{kind}/{id}/close", ACTORS, Scope::Items),
    command("POST", "/v1/items/{kind}/{id}/reopen", ACTORS, Scope::Items),
    asking("/v1/items/lookup", ALL, Scope::Read),
    command("PUT", "/v1/items/{kind}/{id}/visibility", ACTORS, Scope::Sharing),
    query("/v1/items/{kind}/{id}/sharing", ALL),
    command("PUT", "/v1/items/{kind}/{id}/sharing", ACTORS, Scope::Sharing),
    command("POST", "/v1/items/{kind}/{id}/grants", ACTORS, Scope::Sharing),
    query("/v1/items/{kind}/{id}/grants", ALL),
    query("/v1/items/{kind}/{id}/grants/{grant}", ALL),
    command("PATCH", "/v1/items/{kind}/{id}/grants/{grant}", ACTORS, Scope::Sharing),
    command("DELETE", "/v1/items/{kind}/{id}/grants/{grant}", ACTORS, Scope::Sharing),
    command("DELETE", "/v1/items/{kind}/{id}/grants/account/{account}", ACTORS, Scope::Sharing),
    command("DELETE", "/v1/items/{kind}/{id}/grants/group/{group}", ACTORS, Scope::Sharing),
    command("DELETE", "/v1/items/{kind}/{id}/grants/me", ACTORS, Scope::Sharing),
    command("POST", "/v1/items/{kind}/{id}/links", ACTORS, Scope::Sharing),
    query("/v1/items/{kind}/{id}/links", ALL),
    query("/v1/items/{kind}/{id}/links/{link}", ALL),
    command("PATCH", "/v1/items/{kind}/{id}/links/{link}", ACTORS, Scope::Sharing),
    command("DELETE", "/v1/items/{kind}/{id}/links/{link}", ACTORS, Scope::Sharing),
    command("POST", "/v1/items/{kind}/{id}/links/{link}/rotate", ACTORS, Scope::Sharing),
    command("PUT", "/v1/items/{kind}/{id}/links/{link}/password", ACTORS, Scope::Sharing),
    command("DELETE", "/v1/items/{kind}/{id}/links/{link}/password", ACTORS, Scope::Sharing),
    asking("/v1/links/open", ACTORS, Scope::Visits),
    asking("/v1/visits", ACTORS, Scope::Visits),
    query("/v1/items/{kind}/{id}/publication", ALL),
    command("PUT", "/v1/items/{kind}/{id}/publication", ACTORS, Scope::Sharing),
    command("DELETE", "/v1/items/{kind}/{id}/publication", ACTORS, Scope::Sharing),
    query("/v1/catalog", RouteAccess::Anyone),
    command("PUT", "/v1/accounts/{account}", OPERATORS, Scope::Accounts),
    query("/v1/accounts/{account}", ALL),
    command("PATCH", "/v1/accounts/{account}", OPERATORS, Scope::Accounts),
    command("DELETE", "/v1/accounts/{account}", OPERATORS, Scope::Accounts),
    command("POST", "/v1/accounts/{account}/erase", OPERATORS, Scope::Accounts),
    query("/v1/accounts/{account}/items", ALL),
    query("/v1/items/{kind}/{id}/access", ALL),
    query("/v1/items/{kind}/{id}/history", ALL),
    query("/v1/items/{kind}/{id}/view-as", ALL),
    query("/v1/view-as", ALL),
    query("/v1/explain", ALL),
    // Who may ask about whom is decided with the question: see `authzen::subject`.
    asking("/access/v1/evaluation", ALL, Scope::Read),
    asking("/access/v1/evaluations", ALL, Scope::Read),
    asking("/access/v1/search/subject", ALL, Scope::Read),
    asking("/access/v1/search/resource", ALL, Scope::Read),
    asking("/access/v1/search/action", ALL, Scope::Read),
    page("GET", "/.well-known/authzen-configuration"),
    query("/v1/audit/events", OVERSEERS),
    // Applications for themselves; a person's share of it would have to be judged event by event.
    query("/v1/watch", RouteAccess::Roles(&[Admin, Auditor, App])),
    query("/v1/webhooks", RouteAccess::Roles(&[Admin, Auditor, App])),
    command("PUT", "/v1/webhooks/{webhook}", OPERATORS, Scope::Webhooks),
    query("/v1/webhooks/{webhook}", RouteAccess::Roles(&[Admin, Auditor, App])),
    command("PATCH", "/v1/webhooks/{webhook}", OPERATORS, Scope::Webhooks),
    command("DELETE", "/v1/webhooks/{webhook}", OPERATORS, Scope::Webhooks),
    command("POST", "/v1/webhooks/{webhook}/rotate-secret", OPERATORS, Scope::Webhooks),
    asking("/v1/webhooks/{webhook}/replay", OPERATORS, Scope::Webhooks),
    query("/v1/webhooks/{webhook}/deliveries", RouteAccess::Roles(&[Admin, Auditor, App])),
    administer("POST", "/v1/tokens"),
    query("/v1/tokens", OVERSEERS),
    query("/v1/tokens/{token}", OVERSEERS),
    administer("DELETE", "/v1/tokens/{token}"),
    query("/v1/kinds", ALL),
    query("/v1/projections", OVERSEERS),
    query("/v1/projections/{name}", OVERSEERS),
    operate("/v1/projections/{name}/rebuild"),
    operate("/v1/projections/{name}/verify"),
    operate("/v1/projections/{name}/pause"),
    operate("/v1/projections/{name}/resume"),
    page("GET", "/openapi.json"),
    page("GET", "/docs"),
    page("GET", "/docs/"),
    page("GET", "/docs/{*rest}"),
    page("GET", "/problems"),
    page("GET", "/problems/{name}"),
    page("GET", "/"),
    page("GET", "/catalog"),
    page("GET", "/l/{token}"),
    page("POST", "/l/{token}"),
    page("GET", "/i/{kind}/{id}"),
    page("GET", "/healthz"),
    page("GET", "/readyz"),
    page("GET", "/metrics"),
];

/// The route of a method on a path of the router.
pub fn find(method: &Method, path: &str) -> Option<&'static Route> {
    place(method, path).and_then(|place| ROUTES.get(place))
}

/// Where a route stands in the table.
pub(crate) fn place(method: &Method, path: &str) -> Option<usize> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().position(|route| route.method == method && route.path == path)
}
