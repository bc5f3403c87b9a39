//! Routes with their handlers, and the registry in which a request finds its route.

use super::{Callers, Contract, Media, RouteAccess};
use crate::problem::ProblemType;
use axum::{Router, http::Method, routing::MethodRouter};
use serde_json::{Value, json};
use std::collections::HashMap;
use utoipa::openapi::{RefOr, Schema, path::Paths};

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method; `HEAD` is treated as `GET`.
    pub method: String,
    /// The path as the router knows it.
    pub path: String,
    /// Who may call it.
    pub access: RouteAccess,
    /// What it takes and answers.
    pub contract: Contract,
    /// Its operation in the OpenAPI document; `None` = it is not described there.
    pub operation: Option<Value>,
    /// The query parameters that it takes; `None` = any.
    pub query: Option<Vec<String>>,
}

/// What `utoipa_axum::routes!` makes of one handler.
type Described<S> = (Vec<(String, RefOr<Schema>)>, Paths, MethodRouter<S>);

/// Method, path and operation of the one handler that is described.
fn operation(paths: &Paths) -> Option<(String, String, Value)> {
    let paths = serde_json::to_value(paths).unwrap_or_default();
    let (path, item) = paths.as_object()?.iter().next()?;
    let (method, operation) = item.as_object()?.iter().next()?;
    Some((method.to_uppercase(), path.clone(), operation.clone()))
}

impl Route {
    /// A route whose types say what it takes and answers.
    pub fn new<S>(
        (schemas, paths, handler): Described<S>,
        access: RouteAccess,
        mut contract: Contract,
        problems: &[ProblemType],
    ) -> (Self, MethodRouter<S>) {
        let (method, path, operation) = operation(&paths).unwrap_or_default();
        contract.schemas.extend(schemas.into_iter().map(|(name, schema)| (name, json!(schema))));
        contract.problems.extend_from_slice(problems);
        let mut query = contract.query_names();
        if access.command && !query.iter().any(|name| name == "dry_run") {
            query.push("dry_run".to_owned());
        }
        let (operation, query) = (Some(operation), Some(query));
        (Self { method, path, access, contract, operation, query }, handler)
    }

    /// The media type that a client must accept.
    pub fn media(&self) -> Option<Media> {
        self.contract.media
    }

    /// Whether callers need a token, or may present one.
    pub fn is_protected(&self) -> bool {
        self.access.callers != Callers::Open
    }
}

/// Routes with their handlers.
#[derive(Debug, Clone)]
pub struct Routes<S = crate::AppState> {
    known: Vec<Route>,
    router: Router<S>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self { known: Vec::new(), router: Router::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Adds a route.
    #[must_use]
    pub fn route(mut self, (route, handler): (Route, MethodRouter<S>)) -> Self {
        self.router = self.router.route(&route.path, handler);
        self.known.push(route);
        self
    }

    /// Adds an open route that its attributes describe.
    #[must_use]
    pub fn open(self, described: Described<S>) -> Self {
        let (mut route, handler) =
            Route::new(described, RouteAccess::OPEN, Contract::default(), &[]);
        route.query = None;
        self.route((route, handler))
    }

    /// Adds an open route that the document leaves out, as a page in a browser.
    #[must_use]
    pub fn page(self, method: &Method, path: &str, handler: MethodRouter<S>) -> Self {
        self.route((page(method, path), handler))
    }

    /// Adds a router of open pages with these paths.
    #[must_use]
    pub fn pages(mut self, paths: &[&str], router: Router<S>) -> Self {
        self.known.extend(paths.iter().map(|path| page(&Method::GET, path)));
        self.router = self.router.merge(router);
        self
    }

    /// Adds other routes.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.known.extend(others.known);
        self.router = self.router.merge(others.router);
        self
    }

    /// Gives the handlers their state.
    pub fn with_state<T>(self, state: S) -> Routes<T> {
        Routes { known: self.known, router: self.router.with_state(state) }
    }

    /// The routes without their handlers.
    pub fn known(&self) -> &[Route] {
        &self.known
    }

    /// The router and the registry of its routes.
    pub fn into_parts(self) -> (Router<S>, Registry) {
        (self.router, Registry::new(self.known))
    }
}

fn page(method: &Method, path: &str) -> Route {
    Route {
        method: method.to_string(),
        path: path.to_owned(),
        access: RouteAccess::OPEN,
        contract: Contract::default(),
        operation: None,
        query: None,
    }
}

/// All routes of a service, found by method and path.
#[derive(Debug, Default)]
pub struct Registry {
    routes: Vec<Route>,
    by_path: HashMap<String, Vec<usize>>,
}

impl Registry {
    fn new(routes: Vec<Route>) -> Self {
        let mut by_path: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, route) in routes.iter().enumerate() {
            by_path.entry(route.path.clone()).or_default().push(index);
        }
        Self { routes, by_path }
    }

    /// All routes.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Where the route of a method and a path of the router stands among them.
    pub fn find(&self, method: &Method, path: &str) -> Option<usize> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let mut here = self.by_path.get(path)?.iter().copied();
        here.find(|index| self.routes.get(*index).is_some_and(|route| route.method == method))
    }

    /// The routes at a path of the router.
    pub fn at(&self, path: &str) -> impl Iterator<Item = &Route> {
        let here = self.by_path.get(path).into_iter().flatten();
        here.filter_map(|index| self.routes.get(*index))
    }
}
