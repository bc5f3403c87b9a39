//! `GET /v1/kinds`: the kinds of the deployment.

use super::shape::{List, Listed, words};
use crate::{
    extract::RequestMeta,
    problem::ApiResult,
    routing::{ALL, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use domain::{
    id::KindName,
    kind::{Kind, PartsAccess},
};
use serde::Serialize;
use utoipa::ToSchema;

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

register! {
    list_kinds => RouteAccess::read(ALL),
        "All kinds";
}

/// The kinds of items in force
#[utoipa::path(get, path = "/v1/kinds", tag = "administration")]
pub async fn list_kinds(
    State(app): State<AppState>,
    meta: RequestMeta,
) -> ApiResult<Listed<KindBody>> {
    let system = app.commands.system_at(meta.at_least.unwrap_or_default()).await?;
    let data = system.kinds.iter().map(|(name, kind)| kind_body(name, kind)).collect();
    let position = meta.position_of(system.position);
    let list = List { data, total: None, next: None, position };
    Ok(Listed::new(&app, position, list))
}
