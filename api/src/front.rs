//! Serves the AuthZEN API, which applications call on every request of theirs, before any router.
//! All other requests go to the router.

use crate::{AppState, authzen};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    response::Response,
    routing::future::RouteFuture,
};
use futures::{
    FutureExt as _,
    future::{BoxFuture, Either, Map},
};
use std::{
    convert::Infallible,
    net::SocketAddr,
    task::{Context, Poll},
};
use tower::Service;

type Answering = BoxFuture<'static, Response>;
type Answered = fn(Response) -> Result<Response, Infallible>;

/// What answers requests.
#[derive(Debug, Clone)]
pub struct Front {
    app: AppState,
    router: Router,
    peer: Option<SocketAddr>,
}

impl Front {
    /// Before a router.
    pub const fn new(app: AppState, router: Router) -> Self {
        Self { app, router, peer: None }
    }

    /// The same for one connection.
    #[must_use]
    pub fn of(&self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self.clone() }
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Map<Answering, Answered>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match authzen::asked(&self.app, request) {
            Either::Left(answering) => Either::Left(answering.map(Ok)),
            Either::Right(mut other) => {
                if let Some(peer) = self.peer {
                    other.extensions_mut().insert(ConnectInfo(peer));
                }
                Either::Right(self.router.call(other))
            }
        }
    }
}
