//! `PATCH /v1/items/{kind}/{id}/links/{link}`: change a link in place.

use super::{LinkResource, link_reply};
use crate::{
    extract::{CommandRequest, LinkPath, Nullable},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        input::{no_joins, no_slug},
        shape::{Changed, words},
    },
};
use axum::extract::State;
use domain::{
    event::{Audience, Scope},
    item::{ItemCommand, LinkPatch},
    role::{Role, Withheld},
    time::Time,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A merge-patch of a link: absent keeps, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ends_at": "2027-06-01T00:00:00Z", "max_visits": null}))]
pub struct PatchLink {
    /// The owner's own name for it.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    label: Nullable<String>,
    /// What it permits.
    #[schema(value_type = Option<words::Role>)]
    #[serde(default)]
    role: Nullable<Role>,
    /// What it holds back of the role.
    #[schema(value_type = Option<Vec<words::Withheld>>)]
    #[serde(default)]
    withhold: Nullable<Vec<Withheld>>,
    /// Who may open it.
    #[schema(value_type = Option<words::LinkAudience>)]
    #[serde(default)]
    audience: Nullable<Audience>,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    #[serde(default)]
    starts_at: Nullable<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    #[serde(default)]
    ends_at: Nullable<Time>,
    /// How often it can be opened.
    #[schema(value_type = Option<u32>)]
    #[serde(default)]
    max_visits: Nullable<u32>,
    /// Links that people join by are not available yet: false.
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    joins: Nullable<bool>,
    /// The application's own text.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    state: Nullable<String>,
    /// Slugs are not available yet: null.
    slug: Option<String>,
}

register! {
    patch_link => RouteAccess::command(ACTORS, Scope::Sharing),
        "The link as it is now";
}

/// Change a link in place
#[utoipa::path(patch, path = "/v1/items/{kind}/{id}/links/{link}", tag = "links")]
pub async fn patch_link(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    CommandRequest { request, body, .. }: CommandRequest<PatchLink>,
) -> ApiResult<Changed<LinkResource>> {
    no_slug(body.slug.as_deref())?;
    let joins = body.joins.required("/joins")?;
    no_joins(joins)?;
    let patch = LinkPatch {
        label: body.label.patch(),
        role: body.role.required("/role")?,
        withhold: body.withhold.patch(),
        audience: body.audience.required("/audience")?,
        starts_at: body.starts_at.patch(),
        ends_at: body.ends_at.patch(),
        max_visits: body.max_visits.patch(),
        joins,
        state: body.state.patch(),
    };
    let command = ItemCommand::ChangeLink { link, patch };
    let outcome = app.commands.item(&request, &item, command).await?;
    link_reply(&app, &request.caller, &item, &outcome, link).await
}
