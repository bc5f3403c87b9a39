//! `PATCH /v1/items/{kind}/{id}`: change parts of an item's description.

use super::{ItemResource, item_after, item_answer, item_reply};
use crate::{
    extract::{CommandRequest, ItemPath, Nullable},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::shape::Changed,
};
use axum::extract::State;
use domain::{
    event::Scope,
    item::{DescriptionPatch, ItemCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A merge-patch of a description: absent keeps, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "RNA-seq 4, cleaned", "preview": null}))]
pub struct PatchItem {
    /// Title.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    title: Nullable<String>,
    /// Longer text.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    description: Nullable<String>,
    /// Tags, whole.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(default)]
    tags: Nullable<Vec<String>>,
    /// Address of a preview picture.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    preview: Nullable<String>,
    /// Stored content.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    content: Nullable<String>,
    /// Does it belong to the owner's library?
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    in_library: Nullable<bool>,
}

register! {
    patch_item => RouteAccess::command(ACTORS, Scope::Items),
        "The item as it is now", ItemClosed;
}

/// Change parts of an item's description
#[utoipa::path(patch, path = "/v1/items/{kind}/{id}", tag = "items")]
pub async fn patch_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, body, .. }: CommandRequest<PatchItem>,
) -> ApiResult<Changed<ItemResource>> {
    let patch = DescriptionPatch {
        title: body.title.patch(),
        description: body.description.patch(),
        tags: body.tags.patch(),
        preview: body.preview.patch(),
        content: body.content.patch(),
        in_library: body.in_library.required("/in_library")?,
    };
    let outcome = app.commands.item(&request, &item, ItemCommand::Describe(patch)).await?;
    let resource = ItemResource { item: item_after(&app, &request.caller, &item, &outcome).await? };
    let answer = item_answer(&item, &outcome, resource);
    Ok(item_reply(&app, &item, &outcome, answer))
}
