//! Renders a page as a response, with headers that allow it no more than it needs.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const CSS: &str = include_str!("../../templates/style.css");

/// The one style that a page may have, by its digest.
static STYLE_SOURCE: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(CSS))));

/// What stands around every page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frame;

impl Frame {
    /// The style sheet.
    #[expect(clippy::unused_self, reason = "called by the template on a value")]
    pub(super) fn css(self) -> &'static str {
        CSS
    }
}

/// A page about to be sent.
#[derive(Debug)]
pub(super) struct HtmlPage {
    status: StatusCode,
    html: Option<String>,
    /// Another origin that its form may lead to.
    leads_to: Option<String>,
    retry_after: Option<u64>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    frame: Frame,
    heading: &'static str,
    text: String,
}

impl HtmlPage {
    /// A page that is well.
    pub(super) fn new(template: &impl Template) -> Self {
        let html = template.render().inspect_err(|error| {
            tracing::error!(%error, "a page cannot be rendered");
        });
        Self { status: StatusCode::OK, html: html.ok(), leads_to: None, retry_after: None }
    }

    /// With another status.
    #[must_use]
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Its form may lead to this address of another service.
    #[must_use]
    pub(super) fn leading_to(self, address: Option<&str>) -> Self {
        let origin = address.and_then(|address| {
            let url = url::Url::parse(address).ok()?;
            let origin = url.origin();
            origin.is_tuple().then(|| origin.ascii_serialization())
        });
        Self { leads_to: origin, ..self }
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub(super) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// A page that says one thing.
    pub(super) fn message(
        status: StatusCode,
        heading: &'static str,
        text: impl Into<String>,
    ) -> Self {
        Self::new(&MessagePage { frame: Frame, heading, text: text.into() }).status(status)
    }

    /// Nothing is here, or nothing that the visitor may know of: the same words for both.
    pub(super) fn not_found() -> Self {
        Self::message(
            StatusCode::NOT_FOUND,
            "There is nothing here for you",
            "The address may be mistyped, or what it led to is no longer shared. An address alone \
             gives no right to see something: ask whoever gave it to you to share it with you, or \
             to send you a link.",
        )
    }

    /// A part of the service does not answer now.
    pub(super) fn unavailable() -> Self {
        Self::message(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available just now",
            "The service cannot answer at the moment. Please try again in a minute.",
        )
        .retry_after(30)
    }

    /// A defect of the service.
    pub(super) fn broken() -> Self {
        Self::message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong",
            "This is a fault of the service, not yours. It has been noted; please try again later.",
        )
    }

    fn policy(&self) -> String {
        let style = &*STYLE_SOURCE;
        let leads_to = self.leads_to.as_deref().unwrap_or_default();
        format!(
            "default-src 'none'; style-src {style}; img-src https: data:; \
             form-action 'self' {leads_to}; base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

/// Headers of every answer of the pages, redirections too.
pub(crate) fn set_security_headers(headers: &mut HeaderMap) {
    const FIXED: [(header::HeaderName, HeaderValue); 5] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            header::HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ];
    headers.extend(FIXED);
}

impl IntoResponse for HtmlPage {
    fn into_response(self) -> Response {
        let policy = self.policy();
        let Some(html) = self.html else {
            return (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong.").into_response();
        };
        let mut response = (self.status, axum::response::Html(html)).into_response();
        let headers = response.headers_mut();
        set_security_headers(headers);
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
