//! `GET /v1/kinds` and `GET /v1/projections`: what the deployment is set to, and how far its read
//! models are.

use super::shape::{List, Page, words};
use crate::{extract::Head, problem::Fallible, state::AppState};
use axum::{extract::State, response::Response};
use domain::{
    id::KindName,
    kind::{Kind, PartsAccess},
    position::Position,
    time::Time,
};
use projections::ProjectionStatus;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_kinds)).routes(routes!(list_projections))
}

/// A kind of items.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the API")]
#[derive(Debug, Serialize, ToSchema)]
pub struct KindBody {
    /// Its name.
    #[schema(value_type = String, example = "history")]
    pub kind: KindName,
    /// May links be made?
    pub linkable: bool,
    /// May it be listed in the catalog?
    pub publishable: bool,
    /// May it be copied?
    pub copyable: bool,
    /// Kinds that its parts may have.
    #[schema(value_type = Vec<String>)]
    pub parts: Vec<KindName>,
    /// Does access flow to parts?
    #[schema(value_type = words::PartsAccess)]
    pub access: PartsAccess,
    /// Does it store content?
    pub content: bool,
    /// Where a person is sent; null = our own page.
    pub url: Option<String>,
}

fn kind_body(name: &KindName, kind: &Kind) -> KindBody {
    let Kind { linkable, publishable, copyable, parts, access, content, url } = kind;
    KindBody {
        kind: name.clone(),
        linkable: *linkable,
        publishable: *publishable,
        copyable: *copyable,
        parts: parts.clone(),
        access: *access,
        content: *content,
        url: url.clone(),
    }
}

/// The kinds of items in force
#[utoipa::path(get, path = "/v1/kinds", tag = "administration",
    responses((status = 200, description = "All of them", body = List<KindBody>)))]
pub async fn list_kinds(State(app): State<AppState>, head: Head) -> Fallible<Response> {
    let system = app.commands.system_at(head.at_least.unwrap_or_default()).await?;
    let data = system.kinds.iter().map(|(name, kind)| kind_body(name, kind)).collect();
    let position = system.position;
    let list = List { data, total: None, next: None, position };
    Ok(Page { app: &app, position, version: None }.json(&head, list))
}

/// Why and where a projection stopped.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoppedBody {
    /// The record it could not take in.
    #[schema(value_type = u64)]
    pub position: Position,
    /// Why.
    pub why: String,
}

/// How far a projection has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectionBody {
    /// Its name.
    pub name: String,
    /// The version of its tables that is read.
    pub version: u32,
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
}

impl From<ProjectionStatus> for ProjectionBody {
    fn from(status: ProjectionStatus) -> Self {
        Self {
            name: status.name,
            version: status.version,
            position: status.position,
            time: status.time,
            head: status.head,
            lag_records: status.lag_records,
            lag_seconds: status.lag_seconds,
            updated_at: status.updated_at,
            stopped: status
                .stopped
                .map(|stopped| StoppedBody { position: stopped.position, why: stopped.why }),
        }
    }
}

/// How far the projections have come
#[utoipa::path(get, path = "/v1/projections", tag = "administration",
    responses((status = 200, description = "All of them", body = List<ProjectionBody>)))]
pub async fn list_projections(State(app): State<AppState>, head: Head) -> Fallible<Response> {
    let statuses = app.views.statuses(app.clock.now()).await?;
    let position = statuses.iter().map(|status| status.position).min().unwrap_or_default();
    let data: Vec<ProjectionBody> = statuses.into_iter().map(Into::into).collect();
    let list = List { data, total: None, next: None, position };
    Ok(Page { app: &app, position, version: None }.json(&head, list))
}
