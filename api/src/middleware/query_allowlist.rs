//! The allowlist of query parameters of each route. Any other is refused before anything is done.
//!
//! Taken from the description of the routes, which is made from the handlers: a parameter that is
//! not described cannot be sent, and a route cannot forget to look.

use crate::{
    auth::ROUTES,
    problem::{ApiResult, Problem},
};
use serde_json::Value;

/// The names of the query parameters of each route, in the order of the table of routes.
#[derive(Debug)]
pub(crate) struct QueryAllowlist(Vec<Option<Vec<String>>>);

/// What the description says at a place of this path.
fn described<'a>(document: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(document, |value, name| value.get(name))
}

fn names(document: &Value, method: &str, path: &str) -> Vec<String> {
    let method = method.to_ascii_lowercase();
    let all = described(document, &["paths", path, &method, "parameters"]);
    let all = all.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|parameter| match parameter.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.strip_prefix('#')?),
        None => Some(parameter),
    })
    .filter(|parameter| parameter.get("in").is_some_and(|place| place == "query"))
    .filter_map(|parameter| parameter.get("name").and_then(Value::as_str))
    .map(ToOwned::to_owned)
    .collect()
}

impl QueryAllowlist {
    /// What the description says of the routes below `/v1/`.
    pub(crate) fn new(document: &Value) -> Self {
        let known = ROUTES.iter().map(|route| {
            let versioned = route.path.starts_with("/v1/");
            versioned.then(|| names(document, route.method, route.path))
        });
        Self(known.collect())
    }

    /// Refuses a query with a parameter that the route at this place of the table does not take.
    pub(crate) fn check(&self, place: Option<usize>, query: Option<&str>) -> ApiResult<()> {
        let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(()) };
        let known = place.and_then(|place| self.0.get(place)).and_then(Option::as_ref);
        let Some(known) = known else { return Ok(()) };
        let mut sent = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        let Some(unknown) = sent.find(|name| !known.iter().any(|known| known == name)) else {
            return Ok(());
        };
        let instead = match known.as_slice() {
            [] => "this route takes no query parameters".to_owned(),
            [one] => format!("the query parameter of this route is `{one}`"),
            all => format!("the query parameters of this route are `{}`", all.join("`, `")),
        };
        let detail = format!("there is no query parameter `{unknown}` here; {instead}");
        Err(Problem::field(format!("query:{unknown}"), detail))
    }
}
