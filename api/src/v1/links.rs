//! The routes of an item's links.

pub mod create;
pub mod get;
pub mod list;
pub mod password;
pub mod patch;
pub mod revoke;
pub mod rotate;

use super::{
    item_access,
    items::item_answer,
    shape::{Commanded, LinkBody, Reply, link_body, shows_secret},
};
use crate::{
    problem::{ApiResult, Problem, ProblemType, unanswered},
    routing::Routes,
    state::AppState,
};
use commands::{Caller, CommandError, Outcome, Status};
use domain::{
    event::{Event, LinkUseEvent},
    id::{ItemRef, LinkId},
    item::{ItemState, OpenLink},
    position::Position,
    stream::StreamName,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .merge(create::routes())
        .merge(list::routes())
        .merge(get::routes())
        .merge(patch::routes())
        .merge(revoke::routes())
        .merge(rotate::routes())
        .merge(password::routes())
}

/// What most of these commands answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkResource {
    /// The link.
    pub link: LinkBody,
}

/// How often a limited link had been opened when the log stood at a position; so that a replayed
/// command
/// shows what the first answer showed.
async fn used_at(
    app: &AppState,
    link: LinkId,
    open: &OpenLink,
    outcome: &Outcome<ItemState>,
) -> ApiResult<u32> {
    if open.terms.max_visits.is_none() {
        return Ok(0);
    }
    let stream = StreamName::Link(link);
    let read = app.log.read_stream(&stream, Position::START).await;
    let records = read.map_err(|error| unanswered(outcome, error.into()))?;
    let last = records.iter().rev().find(|record| record.position <= outcome.position);
    let Some(last) = last else { return Ok(0) };
    let events = last.events().map_err(|error| CommandError::Internal(error.to_string()))?;
    let used = events.iter().rev().find_map(|recorded| {
        let Event::Link(LinkUseEvent::Used(used)) = &recorded.event else { return None };
        Some(used.used)
    });
    Ok(used.unwrap_or_default())
}

/// A link as it is in the state after a command.
async fn link_after(
    app: &AppState,
    caller: &Caller,
    item: &ItemRef,
    outcome: &Outcome<ItemState>,
    link: LinkId,
) -> ApiResult<LinkBody> {
    let open = outcome.after.links.get(&link).ok_or_else(|| {
        Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
            .because(format!("{link} was changed, but is in no state"))
    })?;
    let used = used_at(app, link, open, outcome).await?;
    let body = link_body(link, open, used, outcome.at);
    let access = item_access::after_command(app, caller, item, outcome).await?;
    if outcome.status != Status::Planned && shows_secret(caller, access.rights, open) {
        body.with_secret(app, open.generation)
    } else {
        Ok(body)
    }
}

/// The whole answer of a command that changes a link.
async fn link_reply<const CREATES: bool>(
    app: &AppState,
    caller: &Caller,
    item: &ItemRef,
    outcome: &Outcome<ItemState>,
    link: LinkId,
) -> ApiResult<Commanded<LinkResource, CREATES, true>> {
    let resource = LinkResource { link: link_after(app, caller, item, outcome, link).await? };
    let version = resource.link.version;
    let answer = item_answer(item, outcome, resource);
    let path = || format!("{}/links/{link}", super::items::path_of(item));
    Ok(Reply::new(app, outcome).version(version).location(path).with(answer))
}
