//! `POST /v1/items/{kind}/{id}/links`: creates a link.

use super::{LinkResource, link_reply};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::{ApiResult, Problem, ProblemType},
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        input::{Related, SecretInput, no_joins, no_slug},
        shape::{CreatedOrChanged, words},
    },
};
use axum::extract::State;
use domain::{
    event::{Audience, ItemEvent, Scope},
    item::NewLink,
    role::{Role, Withheld},
    time::Time,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A link to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "label": "reviewers", "role": "viewer", "withhold": ["copy"], "audience": "anyone",
    "ends_at": "2027-03-01T00:00:00Z", "max_visits": 50
}))]
pub struct PostLink {
    /// The owner's own name for it.
    label: Option<String>,
    /// What it permits: browser to editor.
    #[schema(value_type = words::Role)]
    role: Role,
    /// What it holds back of the role.
    #[schema(value_type = Option<Vec<words::Withheld>>)]
    withhold: Option<Vec<Withheld>>,
    /// Who may open it.
    #[serde(default)]
    #[schema(value_type = words::LinkAudience)]
    audience: Audience,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    ends_at: Option<Time>,
    /// How often it can be opened; null = any number.
    max_visits: Option<u32>,
    /// The password to ask for.
    password: Option<SecretInput>,
    /// Links that people join by are not available yet: false.
    #[serde(default)]
    joins: bool,
    /// Slugs are not available yet: null.
    slug: Option<String>,
    /// The application's own text, returned on opening; at most 4 KiB.
    state: Option<String>,
    /// What happens to parts and required items.
    #[serde(default, rename = "related")]
    _related: Related,
}

register! {
    post_link => RouteAccess::command(ACTORS, Scope::Sharing),
        ("Dry run: what would be made", "The link");
}

/// Make a link
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/links", tag = "links")]
pub async fn post_link(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, body, .. }: CommandRequest<PostLink>,
) -> ApiResult<CreatedOrChanged<LinkResource>> {
    no_slug(body.slug.as_deref())?;
    no_joins(Some(body.joins))?;
    let password = body.password.map(|password| password.password("/password")).transpose()?;
    let link = NewLink {
        label: body.label,
        role: body.role,
        withhold: body.withhold.unwrap_or_default(),
        audience: body.audience,
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        max_visits: body.max_visits,
        password: None,
        joins: body.joins,
        state: body.state,
    };
    let outcome = app.commands.create_link(&request, &item, link, password).await?;
    let created = outcome.events.iter().find_map(|recorded| {
        if let ItemEvent::LinkCreated(created) = &recorded.event {
            Some(created.link)
        } else {
            None
        }
    });
    let created = created.ok_or_else(|| {
        Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
            .because("a link was made without an event")
    })?;
    link_reply(&app, &request.caller, &item, &outcome, created).await
}
