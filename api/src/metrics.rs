//! The metrics of this node, as Prometheus reads them.
//!
//! Commands, appends and the runner count themselves where they happen; this adds the requests and
//! what is measured on each scrape: head, positions, lag.

use ::metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use axum::http::StatusCode;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Buckets of all latencies, in seconds.
const BUCKETS: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// How often recorded times are aggregated.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Starts counting. The handle writes what was counted in the format of Prometheus.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?;
    let handle = builder.install_recorder()?;
    describe_counter!("sharelog_http_requests_total", "HTTP requests by route and status");
    describe_histogram!("sharelog_http_request_seconds", Unit::Seconds, "Time to answer, by route");
    describe_gauge!("sharelog_http_requests_running", "HTTP requests under way");
    describe_counter!("sharelog_appends_total", "Attempts to append to the log, by outcome");
    describe_histogram!("sharelog_append_seconds", Unit::Seconds, "Time of an attempt to append");
    describe_gauge!("sharelog_ready_to_write", "1 = this node accepts commands");
    describe_gauge!("sharelog_log_head", "Position of the last record in the log");
    describe_gauge!("sharelog_last_acknowledged", "Last position this node got acknowledged");
    describe_gauge!("sharelog_projection_position", "Position of a projection");
    describe_gauge!("sharelog_projection_lag_records", "Records that a projection is behind");
    describe_gauge!("sharelog_projection_lag_seconds", "Age of the oldest record not applied");
    describe_gauge!("sharelog_projection_stopped", "1 = stopped until an operator resumes it");
    describe_gauge!("sharelog_projection_paused", "1 = paused by an operator");
    describe_gauge!("sharelog_projection_building", "1 = it is being rebuilt or compared");
    describe_gauge!("sharelog_projection_build_position", "Position of the build");
    describe_gauge!(
        "sharelog_projection_build_records_per_second",
        "Records applied per second by the build"
    );
    describe_gauge!(
        "sharelog_projection_build_seconds_left",
        Unit::Seconds,
        "Until the build reaches the end of the log"
    );
    describe_gauge!("sharelog_index_position", "Position of the access index");
    describe_gauge!("sharelog_index_lag_records", "Records that the access index is behind");
    describe_gauge!("sharelog_index_lag_seconds", "Time since the index was current");
    describe_gauge!("sharelog_index_ready", "1 = the access index answers");
    describe_gauge!("sharelog_index_grants", "Open grants in the access index");
    describe_gauge!("sharelog_index_items", "Items in the access index");
    describe_gauge!("sharelog_index_bytes", Unit::Bytes, "Memory of the access index, estimated");
    describe_gauge!("sharelog_index_start_seconds", Unit::Seconds, "Duration of its start");
    describe_gauge!("sharelog_feed_readers", "Readers of the feed");
    describe_gauge!("sharelog_feed_position", "Position of the feed");
    describe_counter!(
        "sharelog_feed_past_reads_total",
        "Times a reader fell behind and read the past from the log"
    );
    describe_counter!("sharelog_webhook_attempts_total", "Attempts to deliver, by outcome");
    gauge!("sharelog_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Aggregates recorded times at an interval: until then each one is kept by itself, which grows
/// without bound when nothing scrapes.
pub(crate) async fn run_upkeep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP_INTERVAL).await;
        handle.run_upkeep();
    }
}

/// Requests under way.
static RUNNING: AtomicU64 = AtomicU64::new(0);

/// How many requests are under way.
pub(crate) fn running_requests() -> u64 {
    RUNNING.load(Ordering::Relaxed)
}

/// The counts of one route; made once, as looking them up by labels costs every request.
pub(crate) struct Counted {
    method: String,
    path: String,
    handles: OnceLock<RouteMetrics>,
}

struct RouteMetrics {
    answered: Counter,
    seconds: Histogram,
}

impl Counted {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), handles: OnceLock::new() }
    }

    fn handles(&self) -> &RouteMetrics {
        self.handles.get_or_init(|| RouteMetrics {
            answered: self.by_status(StatusCode::OK),
            seconds: histogram!("sharelog_http_request_seconds",
                "method" => self.method.clone(), "route" => self.path.clone()),
        })
    }

    fn by_status(&self, status: StatusCode) -> Counter {
        counter!("sharelog_http_requests_total", "method" => self.method.clone(),
            "route" => self.path.clone(),
            "status" => status.as_u16().to_string())
    }

    /// A request has come; it is under way until this is dropped.
    pub(crate) fn begin() -> Running {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        Running
    }

    /// It is answered.
    pub(crate) fn end(&self, status: StatusCode, began: Instant) {
        let handles = self.handles();
        handles.seconds.record(began.elapsed().as_secs_f64());
        if status == StatusCode::OK {
            handles.answered.increment(1);
        } else {
            self.by_status(status).increment(1);
        }
    }
}

/// A request under way.
pub(crate) struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}
