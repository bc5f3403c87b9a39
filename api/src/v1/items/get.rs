//! `GET /v1/items/{kind}/{id}`: an item as the caller sees it, and what a share dialog needs.

use crate::{
    answer::Versioned,
    extract::{ItemPath, Params, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        item_access::{VisibleItem, load_visible},
        shape::{ItemBody, Warning, item_body, words},
    },
};
use axum::extract::State;
use domain::{
    event::Audience,
    kind::Kind,
    position::Position,
    role::{Permission, Role},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemQuery {
    /// `options`: also what a share dialog needs.
    include: Option<String>,
}

/// What a share dialog needs to offer.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the API")]
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareOptions {
    /// The roles that the caller can give.
    #[schema(value_type = Vec<words::Role>)]
    pub roles: Vec<Role>,
    /// The roles that a link of the caller can have.
    #[schema(value_type = Vec<words::Role>)]
    pub link_roles: Vec<Role>,
    /// The audiences that a link of the caller can have.
    #[schema(value_type = Vec<words::LinkAudience>)]
    pub audiences: Vec<Audience>,
    /// The longest life of a grant or link in seconds; null = any.
    pub longest_seconds: Option<u64>,
    /// Does a link need a password?
    pub password_needed: bool,
    /// Does a command need a reason?
    pub reason_needed: bool,
    /// Can links be made?
    pub linkable: bool,
    /// Can it be published?
    pub publishable: bool,
    /// Can it be copied?
    pub copyable: bool,
}

/// An item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemAnswer {
    /// The item.
    #[serde(flatten)]
    pub item: ItemBody,
    /// What a share dialog needs, when asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<ShareOptions>,
    /// What the caller should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

fn options(seen: &VisibleItem, kind: Option<&Kind>) -> ShareOptions {
    let rights = seen.access.rights;
    let linkable = kind.is_none_or(|kind| kind.linkable);
    let can = |permission| rights.has(permission);
    let given = |role: &Role| can(Permission::Share) && rights.covers(role.permissions());
    let below_owner = Role::ALL.into_iter().filter(|role| *role != Role::Owner);
    let roles: Vec<Role> = below_owner.filter(given).collect();
    let link_roles = roles.iter().copied().filter(|role| *role <= Role::Editor && linkable);
    let audiences = match (linkable, can(Permission::Share), can(Permission::View)) {
        (true, true, _) => vec![Audience::Named, Audience::Internal, Audience::Anyone],
        (true, false, true) => vec![Audience::Named],
        _ => Vec::new(),
    };
    ShareOptions {
        link_roles: link_roles.collect(),
        roles,
        audiences,
        longest_seconds: None,
        password_needed: false,
        reason_needed: false,
        linkable,
        publishable: kind.is_none_or(|kind| kind.publishable) && can(Permission::Publish),
        copyable: kind.is_none_or(|kind| kind.copyable) && can(Permission::Copy),
    }
}

register! {
    get_item => RouteAccess::read(ALL),
        "The item";
}

/// An item
#[utoipa::path(get, path = "/v1/items/{kind}/{id}", tag = "items")]
pub async fn get_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    Params(query): Params<ItemQuery>,
    meta: RequestMeta,
) -> ApiResult<Versioned<ItemAnswer>> {
    let with_options = match query.include.as_deref() {
        None => false,
        Some("options") => true,
        Some(_) => return Err(Problem::field("query:include", "`options` is expected")),
    };
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let system = app.commands.system();
    let position = meta.position_of(seen.state.position);
    let body = item_body(&app.public_url, &item, &seen.state, seen.access, seen.now);
    let ignored = seen.ignored_visits.iter();
    let answer = ItemAnswer {
        item: body,
        options: with_options.then(|| options(&seen, system.kinds.get(&item.kind))),
        warnings: ignored
            .map(|detail| Warning { code: "visit_ignored", detail: detail.clone() })
            .collect(),
        position,
    };
    Ok(Versioned::new(&app, &meta, (position, seen.state.version), answer))
}
