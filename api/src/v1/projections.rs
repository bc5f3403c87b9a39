//! `/v1/projections`: progress of the read models; rebuild, compare with the log, pause and
//! resume.

use super::shape::{List, Listed, words};
use crate::{
    answer::{Accepted, Read},
    extract::{ProjectionPath, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{OVERSEERS, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use domain::{position::Position, time::Time};
use projections::{
    Build, BuildState, Comparison, Difference, ProjectionStatus, Purpose, TableRows,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Why and where a projection stopped.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoppedBody {
    /// The record it could not take in.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Why.
    pub why: String,
}

/// Does a projection follow the log?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionState {
    /// It follows the log.
    Running,
    /// Somebody paused it; it goes on when it is resumed.
    Paused,
    /// It cannot go on; `stopped` says why.
    Stopped,
}

/// How far a projection has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectionBody {
    /// Its name.
    pub name: String,
    /// Does it follow the log?
    pub state: ProjectionState,
    /// The version of its tables that is read.
    pub version: u32,
    /// Which generation of these tables; raised by every rebuild.
    pub generation: u32,
    /// The last position it knows.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Effective time of that record.
    #[schema(value_type = words::Instant)]
    pub time: Time,
    /// The end of the log.
    #[schema(value_type = Option<u64>)]
    pub head: Option<Position>,
    /// How many records it is behind.
    pub lag_records: Option<u64>,
    /// How old the oldest record is that it does not know, in seconds.
    pub lag_seconds: Option<f64>,
    /// When it last moved.
    #[schema(value_type = words::Instant)]
    pub updated_at: Time,
    /// Set when it will not go on by itself.
    pub stopped: Option<StoppedBody>,
    /// Since when it is paused.
    #[schema(value_type = Option<words::Instant>)]
    pub paused_at: Option<Time>,
    /// The rebuild or comparison under way, or the last one.
    pub build: Option<BuildBody>,
}

/// What a generation of tables is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildPurpose {
    /// To take the place of the one that is read.
    Rebuild,
    /// To be compared with it.
    Verify,
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildStateBody {
    /// No node has taken it up yet.
    Waiting,
    /// Records are taken in.
    Loading,
    /// Indexes are made.
    Indexing,
    /// It is compared with the tables that are read.
    Comparing,
    /// It follows the log until it can take their place.
    Switching,
    /// It has ended.
    Done,
    /// It could not be built; `why` says why. The tables that were read are read still.
    Failed,
}

/// A rebuild or a comparison.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuildBody {
    /// The generation that is built.
    pub generation: u32,
    /// What for.
    pub purpose: BuildPurpose,
    /// How far it is.
    pub state: BuildStateBody,
    /// The last position it knows.
    #[schema(value_type = u64)]
    pub position: Position,
    /// The end of the log.
    #[schema(value_type = Option<u64>)]
    pub head: Option<Position>,
    /// Records a second, since a node took it up.
    pub records_per_second: Option<f64>,
    /// Seconds until it has come to the end of the log, if it goes on like this.
    pub seconds_left: Option<f64>,
    /// When it was asked for.
    #[schema(value_type = words::Instant)]
    pub requested_at: Time,
    /// When the node that builds it took it up.
    #[schema(value_type = Option<words::Instant>)]
    pub started_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<words::Instant>)]
    pub ended_at: Option<Time>,
    /// Why it failed, or what it waits for.
    pub why: Option<String>,
    /// What came of comparing it with the tables that were read.
    pub comparison: Option<ComparisonBody>,
}

/// What came of comparing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparisonBody {
    /// At this position.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Do the tables that were read say what follows from the log? null = not comparable.
    pub equal: Option<bool>,
    /// Why not.
    pub why_not: Option<String>,
    /// The first row that differs.
    pub difference: Option<DifferenceBody>,
    /// Table by table.
    pub tables: Vec<TableBody>,
}

/// The first row that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceBody {
    /// In this table.
    pub table: String,
    /// The row with this key.
    pub key: String,
    /// In this column; null = the row is there on one side only.
    pub column: Option<String>,
    /// What stood in the table that was read; null = nothing, or private text.
    pub read: Option<String>,
    /// What follows from the log; likewise.
    pub from_log: Option<String>,
}

/// Rows of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableBody {
    /// The table.
    pub table: String,
    /// Rows that were read.
    pub read: u64,
    /// Rows that follow from the log.
    pub from_log: u64,
    /// Did all cells agree?
    pub equal: bool,
}

impl From<ProjectionStatus> for ProjectionBody {
    fn from(status: ProjectionStatus) -> Self {
        let state = match (&status.stopped, status.paused) {
            (_, Some(_)) => ProjectionState::Paused,
            (Some(_), None) => ProjectionState::Stopped,
            (None, None) => ProjectionState::Running,
        };
        Self {
            name: status.name,
            state,
            version: status.version,
            generation: status.generation,
            position: status.position,
            time: status.time,
            head: status.head,
            lag_records: status.lag_records,
            lag_seconds: status.lag_seconds,
            updated_at: status.updated_at,
            stopped: status
                .stopped
                .map(|stopped| StoppedBody { position: stopped.position, why: stopped.why }),
            paused_at: status.paused,
            build: status.build.map(|build| build_body(build, status.head)),
        }
    }
}

fn build_body(build: Build, head: Option<Position>) -> BuildBody {
    BuildBody {
        generation: build.generation,
        purpose: match build.purpose {
            Purpose::Rebuild => BuildPurpose::Rebuild,
            Purpose::Verify => BuildPurpose::Verify,
        },
        state: match build.state {
            BuildState::Waiting => BuildStateBody::Waiting,
            BuildState::Loading => BuildStateBody::Loading,
            BuildState::Indexing => BuildStateBody::Indexing,
            BuildState::Comparing => BuildStateBody::Comparing,
            BuildState::Switching => BuildStateBody::Switching,
            BuildState::Done => BuildStateBody::Done,
            BuildState::Failed => BuildStateBody::Failed,
        },
        position: build.position,
        head,
        records_per_second: build.rate(),
        seconds_left: head.and_then(|head| build.remaining(head)),
        requested_at: build.requested_at,
        started_at: build.started_at,
        ended_at: build.ended_at,
        why: build.why,
        comparison: build.comparison.map(Into::into),
    }
}

impl From<Comparison> for ComparisonBody {
    fn from(comparison: Comparison) -> Self {
        let Comparison { position, equal, tables, difference, why_not } = comparison;
        let difference = difference.map(|difference| {
            let Difference { table, key, column, read, from_log } = difference;
            DifferenceBody { table, key, column, read, from_log }
        });
        let tables = tables.into_iter().map(|rows| {
            let TableRows { table, read, from_log, equal } = rows;
            TableBody { table, read, from_log, equal }
        });
        Self { position, equal, why_not, difference, tables: tables.collect() }
    }
}

register! {
    list_projections => RouteAccess::read(OVERSEERS),
        "All projections", ViewsUnavailable;
    get_projection => RouteAccess::read(OVERSEERS),
        "The projection", ViewsUnavailable;
    rebuild_projection => RouteAccess::OPERATION,
        "The rebuild is requested", ViewsUnavailable, Contended;
    verify_projection => RouteAccess::OPERATION,
        "The comparison is requested", ViewsUnavailable, Contended;
    pause_projection => RouteAccess::OPERATION,
        "The projection as it is now", ViewsUnavailable;
    resume_projection => RouteAccess::OPERATION,
        "The projection as it is now", ViewsUnavailable;
}

/// How far the projections have come
#[utoipa::path(get, path = "/v1/projections", tag = "administration")]
pub async fn list_projections(
    State(app): State<AppState>,
    _: RequestMeta,
) -> ApiResult<Listed<ProjectionBody>> {
    let statuses = app.views.statuses(app.clock.now()).await?;
    let position = statuses.iter().map(|status| status.position).min().unwrap_or_default();
    let data: Vec<ProjectionBody> = statuses.into_iter().map(Into::into).collect();
    let list = List { data, total: None, next: None, position };
    Ok(Listed::new(&app, position, list))
}

/// How far one projection has come
#[utoipa::path(get, path = "/v1/projections/{name}", tag = "administration")]
pub async fn get_projection(
    State(app): State<AppState>,
    ProjectionPath { name }: ProjectionPath,
    _: RequestMeta,
) -> ApiResult<Read<ProjectionBody>> {
    one(&app, &name).await
}

async fn one(app: &AppState, name: &str) -> ApiResult<Read<ProjectionBody>> {
    let statuses = app.views.statuses(app.clock.now()).await?;
    let status = statuses.into_iter().find(|status| status.name == name);
    let status = status.ok_or_else(|| Problem::not_found("projection"))?;
    let position = status.position;
    Ok(Read::new(app, position, status.into()))
}

async fn build(
    app: &AppState,
    name: &str,
    purpose: Purpose,
) -> ApiResult<Accepted<ProjectionBody>> {
    app.generations.request(name, purpose).await?;
    Ok(Accepted(one(app, name).await?))
}

/// Rebuild a projection from the log
///
/// Tables are filled beside those that are read, compared with them, and take their place; what is
/// asked meanwhile is answered from the old ones. `build` says how far it is. Asking again while it
/// is under way changes nothing.
#[utoipa::path(post, path = "/v1/projections/{name}/rebuild", tag = "administration")]
pub async fn rebuild_projection(
    State(app): State<AppState>,
    ProjectionPath { name }: ProjectionPath,
    _: RequestMeta,
) -> ApiResult<Accepted<ProjectionBody>> {
    build(&app, &name, Purpose::Rebuild).await
}

/// Compare a projection with the log
///
/// Its tables are built anew and compared; nothing is switched. `build.comparison` names the first
/// row that differs.
#[utoipa::path(post, path = "/v1/projections/{name}/verify", tag = "administration")]
pub async fn verify_projection(
    State(app): State<AppState>,
    ProjectionPath { name }: ProjectionPath,
    _: RequestMeta,
) -> ApiResult<Accepted<ProjectionBody>> {
    build(&app, &name, Purpose::Verify).await
}

/// Pause a projection
///
/// No node takes in records for it until it is resumed, restarts included. Questions that need
/// newer records are answered 503.
#[utoipa::path(post, path = "/v1/projections/{name}/pause", tag = "administration")]
pub async fn pause_projection(
    State(app): State<AppState>,
    ProjectionPath { name }: ProjectionPath,
    _: RequestMeta,
) -> ApiResult<Read<ProjectionBody>> {
    app.generations.pause(&name).await?;
    one(&app, &name).await
}

/// Resume a projection
///
/// One that was paused goes on; one that had stopped tries again.
#[utoipa::path(post, path = "/v1/projections/{name}/resume", tag = "administration")]
pub async fn resume_projection(
    State(app): State<AppState>,
    ProjectionPath { name }: ProjectionPath,
    _: RequestMeta,
) -> ApiResult<Read<ProjectionBody>> {
    app.generations.resume(&name).await?;
    one(&app, &name).await
}
