//! `PUT /v1/items/{kind}/{id}/sharing`: set visibility and all direct grants at once.

use super::{SharingBody, sharing_body};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::{ApiResult, Problem},
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        input::GranteeInput,
        items::item_answer,
        shape::{AlsoBody, Changed, Reply, also, grants_ended, still_open_all, words},
    },
};
use axum::extract::State;
use domain::{
    aggregate::Condition,
    event::{EventType, Scope, Visibility},
    item::{GrantSpec, ItemCommand},
    rejection::{Entity, Rejection},
    role::{Role, Withheld},
    time::Time,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One of the grants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantInput {
    /// Whom it is for.
    grantee: GranteeInput,
    /// What it permits.
    #[schema(value_type = words::Role)]
    role: Role,
    /// What it holds back of the role.
    #[schema(value_type = Option<Vec<words::Withheld>>)]
    withhold: Option<Vec<Withheld>>,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    ends_at: Option<Time>,
}

/// The state to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutSharing {
    /// Who sees the item without a grant.
    #[schema(value_type = words::Visibility)]
    visibility: Visibility,
    /// All direct grants: those that are missing here end.
    grants: Vec<GrantInput>,
}

/// What a replacement answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharingResource {
    /// The state now.
    #[serde(flatten)]
    pub sharing: SharingBody,
    /// What else it changed: a narrowed item is unpublished.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlsoBody>,
}

register! {
    put_sharing => RouteAccess::command(ACTORS, Scope::Sharing),
        "The sharing state as it is now", PreconditionRequired;
}

/// Set visibility and all direct grants at once
///
/// `If-Match` with the `ETag` of the state is required, so that nobody's change is lost.
#[utoipa::path(put, path = "/v1/items/{kind}/{id}/sharing", tag = "sharing")]
pub async fn put_sharing(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    call: CommandRequest<PutSharing>,
) -> ApiResult<Changed<SharingResource>> {
    let CommandRequest { request, body, .. } = call.with_before();
    match request.condition {
        Condition::Version(_) => {}
        Condition::None | Condition::Exists => {
            return Err(Rejection::PreconditionRequired(Entity::Sharing).into());
        }
        Condition::Absent => {
            let detail = "a state is replaced here: send its ETag as If-Match";
            return Err(Problem::field("header:If-None-Match", detail));
        }
    }
    let grants = body
        .grants
        .into_iter()
        .map(|grant| GrantSpec {
            grantee: grant.grantee.into(),
            role: grant.role,
            withhold: grant.withhold.unwrap_or_default(),
            starts_at: grant.starts_at,
            ends_at: grant.ends_at,
        })
        .collect();
    let command = ItemCommand::ReplaceSharing { visibility: body.visibility, grants };
    let outcome = app.commands.item(&request, &item, command).await?;
    let resource = SharingResource {
        sharing: sharing_body(&outcome.after, outcome.at),
        also: also(&outcome.events, EventType::VisibilityChanged),
    };
    let mut answer = item_answer(&item, &outcome, resource);
    answer.ended = Some(grants_ended(&outcome.events));
    answer.still_open = Some(still_open_all(&outcome.after, outcome.at));
    Ok(Reply::new(&app, &outcome).version(outcome.after.sharing_version).with(answer))
}
