//! `PUT /v1/items/{kind}/{id}`: make an item known, or replace its description.

use super::{ItemResource, item_after, item_answer, item_reply};
use crate::{
    extract::{CommandRequest, ItemPath},
    problem::ApiResult,
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{input::AccountInput, shape::CreatedOrChanged},
};
use axum::extract::State;
use domain::{
    event::Scope,
    item::{ItemCommand, NewDescription},
};
use serde::Deserialize;
use utoipa::ToSchema;

const fn yes() -> bool {
    true
}

/// An item as its application describes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "owner": {"type": "account", "id": "a-17"}, "title": "RNA-seq 4", "tags": ["rna"]
}))]
pub struct PutItem {
    /// Who owns it.
    owner: AccountInput,
    /// Title.
    title: Option<String>,
    /// Longer text.
    description: Option<String>,
    /// Tags.
    tags: Option<Vec<String>>,
    /// Address of a preview picture.
    preview: Option<String>,
    /// Does it belong to the owner's library?
    #[serde(default = "yes")]
    in_library: bool,
    /// Stored content, for kinds that keep one.
    content: Option<String>,
}

register! {
    put_item => RouteAccess::command(ACTORS, Scope::Items),
        ("Its description was replaced", "It is registered"),
        UnknownKind, AlreadyExists, OwnerChangesByTransfer, ItemClosed;
}

/// Register an item, or replace its description
#[utoipa::path(put, path = "/v1/items/{kind}/{id}", tag = "items")]
pub async fn put_item(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, body, .. }: CommandRequest<PutItem>,
) -> ApiResult<CreatedOrChanged<ItemResource>> {
    let description = NewDescription {
        title: body.title,
        description: body.description,
        tags: body.tags.unwrap_or_default(),
        preview: body.preview,
        content: body.content,
        in_library: body.in_library,
    };
    let command = ItemCommand::Register { owner: body.owner.id, description };
    let outcome = app.commands.item(&request, &item, command).await?;
    let resource = ItemResource { item: item_after(&app, &request.caller, &item, &outcome).await? };
    let answer = item_answer(&item, &outcome, resource);
    Ok(item_reply(&app, &item, &outcome, answer))
}
