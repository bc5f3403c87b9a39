//! The routes of items themselves.

pub mod close;
pub mod delete;
pub mod get;
pub mod lookup;
pub mod patch;
pub mod put;
pub mod reopen;
pub mod restore;
pub mod visibility;

use super::{
    item_access::{self, ItemAccess},
    shape::{Answer, Commanded, ItemBody, Reply, item_body},
};
use crate::{problem::ApiResult, routing::Routes, state::AppState};
use commands::{Caller, Outcome};
use domain::{event::Ended, id::ItemRef, item::ItemState, stream::StreamName};
use serde::Serialize;
use utoipa::ToSchema;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .merge(put::routes())
        .merge(get::routes())
        .merge(patch::routes())
        .merge(delete::routes())
        .merge(restore::routes())
        .merge(close::routes())
        .merge(reopen::routes())
        .merge(visibility::routes())
        .merge(lookup::routes())
}

/// What most of these commands answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemResource {
    /// The item.
    pub item: ItemBody,
}

/// How much a closing or retiring ended, or a reopening brought back.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct EndedCounts {
    /// Grants.
    pub grants: u32,
    /// Links.
    pub links: u32,
    /// Publications, 0 or 1.
    pub publications: u32,
}

impl From<Ended> for EndedCounts {
    fn from(ended: Ended) -> Self {
        let Ended { grants, links, publications } = ended;
        Self { grants, links, publications }
    }
}

/// The path of an item.
pub(super) fn path_of(item: &ItemRef) -> String {
    format!("/v1/items/{}/{}", item.kind, item.id)
}

/// The item as its caller sees it after a command.
pub(super) async fn item_after(
    app: &AppState,
    caller: &Caller,
    item: &ItemRef,
    outcome: &Outcome<ItemState>,
) -> ApiResult<ItemBody> {
    let access: ItemAccess = item_access::after_command(app, caller, item, outcome).await?;
    Ok(item_body(&app.public_url, item, &outcome.after, access, outcome.at))
}

/// The answer to a command whose resource is the item.
pub(super) fn item_answer<R>(
    item: &ItemRef,
    outcome: &Outcome<ItemState>,
    resource: R,
) -> Answer<R> {
    Answer::new(outcome, &StreamName::Item(item.clone()), resource)
}

/// The response around it.
pub(super) fn item_reply<R, const CREATES: bool>(
    app: &AppState,
    item: &ItemRef,
    outcome: &Outcome<ItemState>,
    answer: Answer<R>,
) -> Commanded<R, CREATES, true> {
    Reply::new(app, outcome).version(outcome.after.version).location(|| path_of(item)).with(answer)
}
