//! `PATCH /v1/items/{kind}/{id}/grants/{grant}`: change a grant in place.

use crate::{
    extract::{CommandRequest, GrantPath, Nullable},
    problem::{ApiResult, Problem, ProblemType},
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        items::item_answer,
        shape::{Changed, GrantBody, Reply, grant_body, words},
    },
};
use axum::extract::State;
use domain::{
    event::Scope,
    item::{GrantPatch, ItemCommand},
    role::{Role, Withheld},
    time::Time,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A merge-patch of a grant: absent keeps, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "editor", "ends_at": null}))]
pub struct PatchGrant {
    /// What it permits.
    #[schema(value_type = Option<words::Role>)]
    #[serde(default)]
    role: Nullable<Role>,
    /// What it holds back of the role.
    #[schema(value_type = Option<Vec<words::Withheld>>)]
    #[serde(default)]
    withhold: Nullable<Vec<Withheld>>,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    #[serde(default)]
    starts_at: Nullable<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    #[serde(default)]
    ends_at: Nullable<Time>,
}

/// What a change of a grant answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantResource {
    /// The grant now.
    pub grant: GrantBody,
    /// The grant before.
    pub before: GrantBody,
}

register! {
    patch_grant => RouteAccess::command(ACTORS, Scope::Sharing),
        "The grant now and before";
}

/// Change a grant in place
#[utoipa::path(patch, path = "/v1/items/{kind}/{id}/grants/{grant}", tag = "grants")]
pub async fn patch_grant(
    State(app): State<AppState>,
    GrantPath { item, grant }: GrantPath,
    call: CommandRequest<PatchGrant>,
) -> ApiResult<Changed<GrantResource>> {
    let CommandRequest { request, body, .. } = call.with_before();
    let patch = GrantPatch {
        role: body.role.required("/role")?,
        withhold: body.withhold.patch(),
        starts_at: body.starts_at.patch(),
        ends_at: body.ends_at.patch(),
    };
    let command = ItemCommand::ChangeGrant { grant, patch };
    let outcome = app.commands.item(&request, &item, command).await?;
    let now = outcome.after.grants.get(&grant);
    let before = outcome.before.as_deref().unwrap_or(&outcome.after).grants.get(&grant);
    let (Some(now), Some(before)) = (now, before) else {
        return Err(Problem::new(
            ProblemType::Internal,
            "the service failed; its log has the cause",
        )
        .because(format!("{grant} was changed, but is in no state")));
    };
    let resource = GrantResource { grant: grant_body(now), before: grant_body(before) };
    let version = now.version;
    let answer = item_answer(&item, &outcome, resource);
    Ok(Reply::new(&app, &outcome).version(version).with(answer))
}
