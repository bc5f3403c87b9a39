//! The pages in a browser: plain HTML that needs no script.
//!
//! A page carries no credentials: no cookie is set or read. Its caller is anonymous, so a page
//! shows what anyone may see, or what the bearer of a link may.

mod catalog;
mod item;
mod landing;
mod link;
mod view;

use crate::routing::Routes;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Method, request::Parts},
    routing::{get, post},
};
use commands::{Caller, CommandError};
use std::{convert::Infallible, net::SocketAddr};
use view::HtmlPage;
pub(crate) use view::set_security_headers;

/// The pages.
pub fn routes() -> Routes {
    Routes::default()
        .page(&Method::GET, "/", get(landing::show))
        .page(&Method::GET, "/catalog", get(catalog::show))
        .page(&Method::GET, "/l/{token}", get(link::show))
        .page(&Method::POST, "/l/{token}", post(link::open))
        .page(&Method::GET, "/i/{kind}/{id}", get(item::show))
}

/// Somebody in front of a browser.
#[derive(Debug)]
struct Visitor(Caller);

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(Caller {
            anonymous: true,
            client_address: peer.map(|ConnectInfo(address)| address.ip().to_string()),
            ..Caller::default()
        }))
    }
}

/// The page of a failure that is not the visitor's. What happened stands in the log.
fn failed(error: &CommandError) -> HtmlPage {
    match error {
        CommandError::LogUnavailable(_)
        | CommandError::VaultUnavailable(_)
        | CommandError::Contended
        | CommandError::RightsUnknown(_)
        | CommandError::NotYetVisible
        | CommandError::ClockSkew { .. }
        | CommandError::OutcomeUnknown { .. } => {
            tracing::warn!(%error, "a page cannot be shown");
            HtmlPage::unavailable()
        }
        CommandError::Rejected(_) => HtmlPage::not_found(),
        CommandError::KeyReused | CommandError::ScopeMissing(_) | CommandError::Internal(_) => {
            tracing::error!(%error, "a page cannot be shown");
            HtmlPage::broken()
        }
    }
}
