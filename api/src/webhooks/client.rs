//! Sends one delivery and judges its answer.

use super::{WebhookOptions, target};
use axum::http::{HeaderMap, Request, StatusCode, header};
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::{TokioExecutor, TokioTimer},
};
use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
    vec::IntoIter,
};
use tokio::sync::Semaphore;
use tower::Service;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// So much of an answer is read, so that the connection can be used again.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// The receiver has it.
    Delivered(StatusCode),
    /// The receiver wants no more, ever.
    Gone,
    /// The receiver does not take this event.
    Refused(StatusCode),
    /// It may work later, perhaps not before a pause that was asked for.
    Failed(Option<StatusCode>, &'static str, Option<Duration>),
}

/// A message, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct SignedMessage {
    pub(super) id: String,
    pub(super) timestamp: i64,
    pub(super) signatures: String,
    pub(super) body: Bytes,
}

/// Sends messages; bounded in number and time.
pub(super) struct Sender {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    places: Semaphore,
    private: bool,
    timeout: Duration,
}

impl Sender {
    pub(super) fn new(options: &WebhookOptions, tls: rustls::ClientConfig) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver { private: options.private });
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_timer(TokioTimer::new())
            .build(connector);
        let (private, timeout) = (options.private, options.timeout);
        Self { client, places: Semaphore::new(options.at_once), private, timeout }
    }

    pub(super) async fn send(&self, url: &str, message: &SignedMessage) -> Sent {
        let Ok(_place) = self.places.acquire().await else {
            return Sent::Failed(None, "the service ends", None);
        };
        // Checked again: the setting may have changed since the webhook was made.
        let Ok(url) = target::parse(url, self.private) else {
            return Sent::Failed(None, "its address is not allowed", None);
        };
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("sharelog/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", &message.signatures)
            .body(Full::new(message.body.clone()));
        let Ok(request) = request else {
            return Sent::Failed(None, "its address cannot be used", None);
        };
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(sent) => sent,
            Err(_) => Sent::Failed(None, "it did not answer in time", None),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Sent {
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) => {
                tracing::debug!(%error, "a delivery failed");
                let why = if error.is_connect() {
                    "it cannot be reached"
                } else {
                    "the connection broke off"
                };
                return Sent::Failed(None, why, None);
            }
        };
        let (head, mut body) = response.into_parts();
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > MAX_RESPONSE_BYTES {
                break;
            }
        }
        judge(head.status, &head.headers)
    }
}

fn judge(status: StatusCode, headers: &HeaderMap) -> Sent {
    let pause = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let pause = pause.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    match status.as_u16() {
        200..=299 => Sent::Delivered(status),
        410 => Sent::Gone,
        // Too early, too many, too slow, in conflict: another time may do.
        408 | 409 | 425 | 429 => Sent::Failed(Some(status), "it asks to try again later", pause),
        400..=499 => Sent::Refused(status),
        300..=399 => Sent::Failed(Some(status), "it leads elsewhere, which is not followed", None),
        _ => Sent::Failed(Some(status), "it answers that it failed", pause),
    }
}

/// Looks names up; answers only addresses that deliveries may go to.
#[derive(Debug, Clone)]
struct Resolver {
    private: bool,
}

impl Service<Name> for Resolver {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<IntoIter<SocketAddr>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| private || target::is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(io::Error::other("the name leads to no address that is allowed"));
            }
            Ok(allowed.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_the_specification_says() {
        let plain = HeaderMap::new();
        let judged = |status: u16| judge(StatusCode::from_u16(status).unwrap(), &plain);
        assert!(matches!(judged(204), Sent::Delivered(_)));
        assert_eq!(judged(410), Sent::Gone);
        assert!(matches!(judged(400), Sent::Refused(_)));
        for later in [302, 429, 500, 502, 503, 504] {
            assert!(matches!(judged(later), Sent::Failed(..)), "{later}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, "120".parse().unwrap());
        let Sent::Failed(_, _, pause) = judge(StatusCode::SERVICE_UNAVAILABLE, &headers) else {
            unreachable!("it failed")
        };
        assert_eq!(pause, Some(Duration::from_mins(2)));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere() {
        let mut closed = Resolver { private: false };
        assert!(closed.call("localhost".parse().unwrap()).await.is_err());
        let mut open = Resolver { private: true };
        assert!(open.call("localhost".parse().unwrap()).await.is_ok());
    }
}
