//! What is logged and counted, and what must never be? Request spans without secrets.

use crate::settings::LogFormat;
use axum::{
    extract::{MatchedPath, Request},
    http::Uri,
    middleware::Next,
    response::Response,
};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Instant;
use tracing::Span;
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt, prelude::*};

/// Starts logging to standard error.
pub fn init(level: &str, format: LogFormat) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(level)?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer().with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => {
            let colours =
                anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
            registry.with(layer.with_ansi(colours).with_target(false)).try_init()
        }
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    // A second start in one process (tests) keeps the first.
    drop(started);
    Ok(())
}

/// Buckets of all latencies, in seconds.
const BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Starts counting. The handle writes what was counted in the format of Prometheus.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?;
    let handle = builder.install_recorder()?;
    describe_counter!("sharelog_http_requests_total", "HTTP requests by route and status");
    describe_histogram!("sharelog_http_request_seconds", Unit::Seconds, "Time to answer, by route");
    describe_gauge!("sharelog_http_requests_running", "HTTP requests under way");
    describe_gauge!("sharelog_log_head", "Position of the last record on the log");
    describe_gauge!("sharelog_last_acknowledged", "Last position this node got acknowledged");
    describe_gauge!("sharelog_projection_position", "How far a projection has come");
    describe_gauge!("sharelog_projection_lag_records", "Records that a projection is behind");
    describe_gauge!("sharelog_projection_lag_seconds", "Age of the oldest record not known to it");
    describe_gauge!("sharelog_projection_stopped", "1 = it will not go on by itself");
    describe_gauge!("sharelog_ready", "1 = this node takes requests");
    Ok(handle)
}

/// A path as it may be logged: the secret part of a link's address is left out.
pub fn shown_path(uri: &Uri) -> String {
    let path = uri.path();
    match path.strip_prefix("/l/") {
        Some(_) => "/l/***".to_owned(),
        None => path.chars().take(512).collect(),
    }
}

/// The span of a request: method, path without secrets; never query or headers.
pub fn request_span<B>(request: &axum::http::Request<B>) -> Span {
    tracing::info_span!(
        "request",
        method = %request.method(),
        path = %shown_path(request.uri()),
        request_id = tracing::field::Empty,
    )
}

/// Counts requests by route (its pattern, never the path) and status.
pub async fn count_requests(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let route = route.to_owned();
    let method = request.method().to_string();
    let running = gauge!("sharelog_http_requests_running");
    running.increment(1.0);
    let started = Instant::now();
    let response = next.run(request).await;
    running.decrement(1.0);
    histogram!("sharelog_http_request_seconds", "method" => method.clone(), "route" => route.clone())
        .record(started.elapsed().as_secs_f64());
    let status = response.status().as_u16().to_string();
    counter!(
        "sharelog_http_requests_total", "method" => method, "route" => route, "status" => status
    )
    .increment(1);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_link_is_not_in_the_path_that_is_logged() {
        let shown = |path: &'static str| shown_path(&Uri::from_static(path));
        assert_eq!(shown("/l/AAAAAsecret?x=1"), "/l/***");
        assert_eq!(shown("/l/AAAAA/deeper"), "/l/***");
        assert_eq!(shown("/v1/items/history/8f3a?at=now"), "/v1/items/history/8f3a");
    }
}
