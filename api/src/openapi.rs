//! The OpenAPI document, made from the handlers.

mod enrich;
mod problems;

use crate::{auth::ROUTES, authzen, health, pages::set_security_headers, state::AppState, v1};
use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::Response,
};
use serde_json::Value;
use utoipa::{
    OpenApi as _,
    openapi::{Info, License, OpenApi},
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the document is.
pub const DOCUMENT: &str = "/openapi.json";

#[derive(utoipa::OpenApi)]
#[openapi(tags(
    (name = "items", description = "Items: what is shared. Kind and id are the application's own."),
    (name = "sharing", description = "Visibility and direct grants as one state."),
    (name = "grants", description = "Grants: who may do what, from when until when."),
    (name = "links", description = "Links: rights by possession."),
    (name = "visits", description = "Openings of links."),
    (name = "publication", description = "Entries of the catalog."),
    (name = "catalog", description = "What is published."),
    (name = "accounts", description = "Accounts of the application."),
    (name = "lists", description = "RouteAccess has access, and what happened."),
    (name = "check", description = "May somebody do something? OpenID AuthZEN 1.0, explanations."),
    (name = "audit", description = "The audit trail."),
    (name = "live", description = "What is recorded, as it happens."),
    (name = "administration", description = "Tokens, kinds, read models."),
    (name = "operations", description = "Is the service alive, ready, and how busy? No token."),
))]
struct Document;

fn base() -> OpenApi {
    let mut document = Document::openapi();
    let mut info = Info::new("Sharelog", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "The sharing service behind other applications: every act of sharing is an immutable \
         event, and who may do what is answered now and for any past moment.\n\n\
         An application presents its own token and says with `Sharelog-On-Behalf-Of` for whom it \
         acts: an account, or somebody who is not signed in. What is permitted is then what that \
         one may do. Without the header an application acts for nobody in particular, and may do \
         with every item and account whatever the scopes of its token allow."
            .to_owned(),
    );
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    document.info = info;
    document
}

/// The JSON routes, the questions of the AuthZEN API, and the document that describes them all.
pub fn documented() -> (Router<AppState>, Router<AppState>, Value) {
    let layered = OpenApiRouter::with_openapi(base()).merge(v1::routes());
    let (router, mut document) = layered.merge(authzen::discovery()).split_for_parts();
    let (questions, described) = authzen::routes().split_for_parts();
    document.merge(described);
    document.merge(health::described());
    let document = serde_json::to_value(&document).unwrap_or_default();
    (router, questions, enrich::enriched(document, ROUTES))
}

/// The document.
pub fn openapi() -> Value {
    documented().2
}

/// The document as text, for the command line and the committed snapshot.
pub fn openapi_text() -> String {
    let mut text = serde_json::to_string_pretty(&openapi()).unwrap_or_default();
    text.push('\n');
    text
}

/// What the documentation page may do: run the scripts of this binary, which make styles of their
/// own, and call this service.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'",
);

async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    set_security_headers(headers);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    // The same for everybody.
    headers.remove(header::CACHE_CONTROL);
    response
}

/// The documentation page; everything that it needs is in the binary. Its default would have the
/// document judged by a service on the internet.
pub fn page<S: Clone + Send + Sync + 'static>(document: Value) -> Router<S> {
    let page = SwaggerUi::new("/docs").config(Config::default().validator_url("none"));
    let page: Router<S> = page.external_url_unchecked(DOCUMENT, document).into();
    page.layer(middleware::map_response(guarded))
}
