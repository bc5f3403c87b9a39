//! Health of this node: `/healthz`, `/readyz`, `/metrics`.

mod gauges;

use crate::{routing::Routes, shutdown::Shutdown};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use commands::{Clock, Commands};
use domain::position::Position;
use eventlog::{Durability, LogError, SharedLog};
use metrics_exporter_prometheus::PrometheusHandle;
use projections::{
    AccessIndex, ProjectionStatus, ViewError, Views,
    index::{IndexStatus, Started},
};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use utoipa::ToSchema;

/// How long a component may take to answer a check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a report is reused, so that probes cost nothing.
const REPORT_MAX_AGE: Duration = Duration::from_millis(500);

/// Dependencies of the operations routes.
#[derive(Debug)]
pub struct Operations {
    /// The write side.
    pub commands: Commands,
    /// The read side.
    pub views: Arc<dyn Views>,
    /// The access index.
    pub index: AccessIndex,
    /// The event log.
    pub log: SharedLog,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Is the service ending?
    pub shutdown: Shutdown,
    /// Renders the counters.
    pub prometheus: PrometheusHandle,
}

#[derive(Debug)]
pub(crate) struct OperationsState {
    operations: Operations,
    last: Mutex<Option<(Instant, ReadinessReport)>>,
}

/// The state of these routes.
pub(crate) type SharedOperations = Arc<OperationsState>;

/// The routes; they need no token and tell nothing of people or items.
pub(crate) fn routes() -> Routes<SharedOperations> {
    Routes::default()
        .open(utoipa_axum::routes!(healthz))
        .open(utoipa_axum::routes!(readyz))
        .open(utoipa_axum::routes!(prometheus))
}

/// The routes of this node.
pub fn routes_of(operations: Operations) -> Routes {
    routes().with_state(Arc::new(OperationsState { operations, last: Mutex::new(None) }))
}

/// Can this node do its work, part by part?
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct ReadinessReport {
    ready: bool,
    version: &'static str,
    components: Vec<Component>,
    durability: Option<DurabilityReport>,
    projections: Vec<ProjectionReport>,
    access_index: IndexReport,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReadinessOfPart)]
struct Component {
    name: &'static str,
    ready: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

impl Component {
    fn new(name: &'static str, problems: Vec<String>) -> Self {
        Self { name, ready: problems.is_empty(), problems }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct DurabilityReport {
    engine: String,
    replicas: u32,
    synced: bool,
    acknowledgement: String,
    warnings: Vec<String>,
}

/// How far a read model has come, as `/readyz` shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ProjectionReport {
    name: String,
    version: u32,
    position: u64,
    head: Option<u64>,
    lag_records: Option<u64>,
    lag_seconds: Option<f64>,
    paused: bool,
    stopped: Option<StoppedReport>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct StoppedReport {
    position: u64,
    why: String,
}

impl From<ProjectionStatus> for ProjectionReport {
    fn from(status: ProjectionStatus) -> Self {
        Self {
            name: status.name,
            version: status.version,
            position: status.position.0,
            head: status.head.map(|head| head.0),
            lag_records: status.lag_records,
            lag_seconds: status.lag_seconds,
            paused: status.paused.is_some(),
            stopped: status
                .stopped
                .map(|stopped| StoppedReport { position: stopped.position.0, why: stopped.why }),
        }
    }
}

/// How the access index is, as `/readyz` shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AccessIndexReport)]
struct IndexReport {
    position: u64,
    lag_records: Option<u64>,
    current_seconds_ago: f64,
    items: u64,
    grants: u64,
    bytes: u64,
    started_from: &'static str,
    start_seconds: Option<f64>,
    stopped: Option<StoppedReport>,
}

impl IndexReport {
    fn new(status: IndexStatus, head: Option<Position>) -> Self {
        Self {
            position: status.position.0,
            lag_records: head.map(|head| head.0.saturating_sub(status.position.0)),
            current_seconds_ago: status.current.as_secs_f64(),
            items: status.items,
            grants: status.grants,
            bytes: status.bytes,
            started_from: match status.started {
                Started::FromLog => "log",
                Started::FromFile(_) => "saved file",
            },
            start_seconds: status.start_took.map(|took| took.as_secs_f64()),
            stopped: status
                .stopped
                .map(|(position, why)| StoppedReport { position: position.0, why }),
        }
    }
}

fn index_problems(status: &IndexStatus) -> Vec<String> {
    let stopped = status.stopped.iter();
    let mut problems: Vec<String> =
        stopped.map(|(position, why)| format!("stopped at {position}: {why}")).collect();
    if !status.ready {
        problems.push(format!("catching up, at position {}", status.position));
    }
    if let Some(why) = status.lost.as_ref().filter(|_| status.ready) {
        tracing::warn!(why, "the access index does not keep up with the log");
        problems.push("it does not keep up with the event log".to_owned());
    }
    problems
}

/// What an acknowledgement guarantees, in words.
pub fn acknowledgement(durability: &Durability) -> String {
    let copies = match durability.replicas {
        0 | 1 => "one copy".to_owned(),
        n => format!("{n} copies"),
    };
    if durability.synced {
        format!("on disk (synced) in {copies}: survives a loss of power")
    } else {
        format!("in {copies}, synced to disk a little later: survives a crash of the process")
    }
}

impl Operations {
    /// Asks every part, each for a bounded time.
    pub async fn report(&self) -> ReadinessReport {
        let (checked, head, statuses) = tokio::join!(
            timeout(CHECK_TIMEOUT, self.log.check()),
            timeout(CHECK_TIMEOUT, self.log.head()),
            timeout(CHECK_TIMEOUT, self.views.statuses(self.clock.now())),
        );
        let log = checked.unwrap_or_else(|_| Err(LogError::Unavailable("no answer".to_owned())));
        let views =
            statuses.unwrap_or_else(|_| Err(ViewError::Unavailable("no answer".to_owned())));
        let health = self.commands.health();
        let write_problems = if health.ready { Vec::new() } else { health.problems };
        let mut components = vec![
            Component::new("log", log.as_ref().err().map(public_log_problem).into_iter().collect()),
            Component::new("commands", write_problems),
            Component::new(
                "views",
                views.as_ref().err().map(public_view_problem).into_iter().collect(),
            ),
        ];
        let statuses = views.unwrap_or_default();
        let stopped = statuses.iter().filter_map(|status| {
            let stopped = status.stopped.as_ref()?;
            Some(format!("`{}` stopped at {}: {}", status.name, stopped.position, stopped.why))
        });
        components.push(Component::new("projections", stopped.collect()));
        let index = self.index.status();
        components.push(Component::new("access_index", index_problems(&index)));
        let head = head.ok().and_then(Result::ok).map(|head| head.position);
        if self.shutdown.begun() {
            components.push(Component::new("service", vec!["ending".to_owned()]));
        }
        ReadinessReport {
            ready: components.iter().all(|component| component.ready),
            version: env!("CARGO_PKG_VERSION"),
            components,
            durability: log.ok().map(|durability| DurabilityReport {
                acknowledgement: acknowledgement(&durability),
                engine: durability.engine,
                replicas: durability.replicas,
                synced: durability.synced,
                warnings: durability.warnings,
            }),
            projections: statuses.into_iter().map(Into::into).collect(),
            access_index: IndexReport::new(index, head),
        }
    }
}

/// Without the text of a driver, which is written to the log of the service.
fn public_log_problem(error: &LogError) -> String {
    tracing::warn!(%error, "the event log is not ready");
    match error {
        LogError::Unavailable(_) => "the event log does not answer".to_owned(),
        LogError::Misconfigured(detail) => format!("the event log must not be used: {detail}"),
        LogError::Corrupt { position, .. } => format!("the event log is damaged at {position}"),
        LogError::Foreign { .. } => "this is the log of another deployment".to_owned(),
    }
}

fn public_view_problem(error: &ViewError) -> String {
    tracing::warn!(%error, "the read models are not ready");
    "the read models cannot be read".to_owned()
}

/// That the process answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Alive {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The release.
    version: &'static str,
}

/// Does the process answer?
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()),
    responses((status = 200, description = "It does", body = Alive)))]
async fn healthz() -> Response {
    let body = Alive { status: "ok", version: env!("CARGO_PKG_VERSION") };
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Can this node do its work, part by part?
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses(
    (status = 200, description = "It can", body = ReadinessReport),
    (status = 503, description = "It cannot; the parts say why", body = ReadinessReport),
))]
async fn readyz(State(shared): State<SharedOperations>) -> Response {
    let mut last = shared.last.lock().await;
    let ending = shared.operations.shutdown.begun();
    let report = match last.as_ref() {
        Some((at, report)) if at.elapsed() < REPORT_MAX_AGE && !ending => report.clone(),
        _ => {
            let report = shared.operations.report().await;
            *last = Some((Instant::now(), report.clone()));
            report
        }
    };
    drop(last);
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}

/// What was counted, for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operations", security(()), responses(
    (status = 200, description = "In the text format 0.0.4", body = String,
        content_type = "text/plain"),
))]
async fn prometheus(State(shared): State<SharedOperations>) -> Response {
    gauges::refresh(&shared.operations).await;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, shared.operations.prometheus.render()).into_response()
}
