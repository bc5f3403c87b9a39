//! The OpenAPI document, made from the handlers.

mod components;
mod operation;
mod problems;

use crate::{
    authzen, health,
    pages::set_security_headers,
    routing::{Route, Routes},
    state::AppState,
    v1,
};
use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::Response,
};
use serde_json::{Map, Value, json};
use utoipa::{
    OpenApi as _,
    openapi::{Info, License, OpenApi},
};
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
    (name = "lists", description = "Who has access, and what happened."),
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

/// The routes that the document describes.
pub fn described() -> Vec<Route> {
    let mut routes = v1::routes().merge(authzen::routes()).known().to_vec();
    routes.extend_from_slice(health::routes().known());
    routes
}

/// The document.
pub fn openapi() -> Value {
    let routes = described();
    let mut document = serde_json::to_value(base()).unwrap_or_default();
    let mut schemas = Map::new();
    let mut paths = Map::new();
    for route in &routes {
        let Some(operation) = &route.operation else { continue };
        let here = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        here[route.method.to_ascii_lowercase()] = operation::complete(route, operation);
        schemas.extend(route.contract.schemas.iter().cloned());
    }
    let bodies = routes.iter().filter(|route| route.access.command);
    for body in bodies.filter_map(|route| route.contract.body.as_ref()) {
        add_why(&mut schemas, body);
    }
    schemas.insert("Problem".to_owned(), components::problem_schema());
    schemas.insert("Why".to_owned(), components::why_schema());
    let components = json!({
        "schemas": schemas,
        "parameters": components::parameters(),
        "headers": components::headers(),
        "responses": operation::shared_responses(&routes),
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "sl_…",
            "description": "A token of POST /v1/tokens, or the first one of a new deployment."}},
    });
    if let Some(document) = document.as_object_mut() {
        document.insert("paths".to_owned(), Value::Object(paths));
        document.insert("components".to_owned(), components);
    }
    document
}

/// Every command's body may say why.
fn add_why(schemas: &mut Map<String, Value>, body: &Value) {
    let reference = body["$ref"].as_str().unwrap_or_default();
    let Some(name) = reference.rsplit('/').next() else { return };
    let properties = schemas.get_mut(name).and_then(|schema| schema.get_mut("properties"));
    if let Some(properties) = properties.and_then(Value::as_object_mut) {
        properties.insert("reason".to_owned(), components::reason());
        properties.insert("ticket".to_owned(), components::ticket());
    }
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

/// The document and its page; everything that the page needs is in the binary. Its default would
/// have the document judged by a service on the internet.
pub fn routes() -> Routes {
    let page = SwaggerUi::new("/docs").config(Config::default().validator_url("none"));
    let page: Router<AppState> = page.external_url_unchecked(DOCUMENT, openapi()).into();
    let paths = [DOCUMENT, "/docs", "/docs/", "/docs/{*rest}"];
    Routes::default().pages(&paths, page.layer(middleware::map_response(guarded)))
}
