//! Query parameters. Unknown ones are refused.

use super::field_message::field_message;
use crate::{
    problem::Problem,
    routing::{Contract, Takes},
};
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

/// The query parameters of a route.
#[derive(Debug)]
pub struct Params<Q>(pub Q);

impl<Q: DeserializeOwned> Params<Q> {
    /// Reads a raw query string.
    pub fn parse(raw: &str) -> Result<Q, Problem> {
        let pairs = url::form_urlencoded::parse(raw.as_bytes());
        let deserializer = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            let detail = error.into_inner().to_string();
            let named = detail
                .strip_prefix("unknown field `")
                .or_else(|| detail.strip_prefix("duplicate field `"))
                .or_else(|| detail.strip_prefix("missing field `"))
                .and_then(|rest| rest.split('`').next());
            let name = if path == "." { named.unwrap_or_default() } else { path.as_str() };
            Problem::field(format!("query:{name}"), field_message(name, &detail, &[]))
        })
    }
}

impl<Q: IntoParams> Takes for Params<Q> {
    fn describe(contract: &mut Contract) {
        contract.takes_query::<Q>();
    }
}

impl<S: Sync, Q: DeserializeOwned> FromRequestParts<S> for Params<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// The query in one order, without `dry_run`, as it enters the fingerprint of a request.
pub(super) fn canonical(raw: &str) -> String {
    let mut pairs: Vec<_> = url::form_urlencoded::parse(raw.as_bytes())
        .filter(|(name, _)| name != "dry_run")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    pairs.sort();
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
