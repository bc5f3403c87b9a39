//! `GET /.well-known/authzen-configuration`: tells clients the endpoints (Authorization API 1.0,
//! "Policy Decision Point Metadata").

use crate::state::AppState;
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// For how long a client may keep it: addresses change with a restart only.
const CACHE_MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Where the endpoints are. All addresses lie below the setting `public_url`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Metadata {
    /// The identifier of this decision point.
    #[schema(example = "https://share.example")]
    pub policy_decision_point: String,
    /// One question.
    pub access_evaluation_endpoint: String,
    /// Many questions.
    pub access_evaluations_endpoint: String,
    /// Who may?
    pub search_subject_endpoint: String,
    /// With what?
    pub search_resource_endpoint: String,
    /// What?
    pub search_action_endpoint: String,
}

impl Metadata {
    fn new(public_url: &url::Url) -> Self {
        let base = public_url.as_str().trim_end_matches('/').to_owned();
        let at = |path: &str| format!("{base}{path}");
        Self {
            access_evaluation_endpoint: at("/access/v1/evaluation"),
            access_evaluations_endpoint: at("/access/v1/evaluations"),
            search_subject_endpoint: at("/access/v1/search/subject"),
            search_resource_endpoint: at("/access/v1/search/resource"),
            search_action_endpoint: at("/access/v1/search/action"),
            policy_decision_point: base,
        }
    }
}

/// Where the endpoints of the AuthZEN API are
#[utoipa::path(get, path = "/.well-known/authzen-configuration", tag = "check",
    responses((status = 200, description = "The metadata", body = Metadata)))]
pub async fn get_metadata(State(app): State<AppState>) -> Response {
    let mut response = Json(Metadata::new(&app.public_url)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE_MAX_AGE);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoints_lie_below_the_public_address() {
        for (url, base) in [
            ("https://share.example", "https://share.example"),
            ("https://share.example/", "https://share.example"),
            ("https://example.org/share/", "https://example.org/share"),
        ] {
            let metadata = Metadata::new(&url.parse().unwrap());
            assert_eq!(metadata.policy_decision_point, base);
            let wanted = format!("{base}/access/v1/search/action");
            assert_eq!(metadata.search_action_endpoint, wanted);
        }
    }
}
