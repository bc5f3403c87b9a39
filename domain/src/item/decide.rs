//! Which events follow from a command?
//!
//! Order of the checks, the same for every command: does the caller know the item, is the
//! permission there, does the condition hold, are the fields well formed, what do the rules of
//! sharing say. What has passed its end counts as ended, recorded or not.

mod check;
mod expire;
mod gate;
mod grants;
mod lifecycle;
mod links;
mod publication;
mod register;
mod sharing;

use super::{Context, Decision, ItemCommand, ItemState};
use crate::{event::ItemEvent, rejection::Rejection};

pub use check::limit;

/// Decides a command. Pure: the same state, command and context always give the same answer. No
/// events = nothing changes.
pub fn decide(
    state: &ItemState,
    command: &ItemCommand,
    context: &Context<'_>,
) -> Result<Decision, Rejection> {
    let case = Case { state, context };
    match command {
        ItemCommand::Register { owner, description } => case.register(owner, description),
        ItemCommand::Describe(patch) => case.describe(patch),
        ItemCommand::SetVisibility(visibility) => case.set_visibility(*visibility),
        ItemCommand::Share(share) => case.share(share),
        ItemCommand::ChangeGrant { grant, patch } => case.change_grant(*grant, patch),
        ItemCommand::EndGrants(target) => case.end_grants(target),
        ItemCommand::ReplaceSharing { visibility, grants } => {
            case.replace_sharing(*visibility, grants)
        }
        ItemCommand::CreateLink(link) => case.create_link(link),
        ItemCommand::ChangeLink { link, patch } => case.change_link(*link, patch),
        ItemCommand::RotateLink(link) => case.rotate_link(*link),
        ItemCommand::SetLinkPassword { link, password } => case.set_password(*link, *password),
        ItemCommand::ClearLinkPassword(link) => case.clear_password(*link),
        ItemCommand::RevokeLink { link, cascade } => case.revoke_link(*link, *cascade),
        ItemCommand::Publish(publication) => case.publish(publication),
        ItemCommand::Unpublish => case.unpublish(),
        ItemCommand::Close => case.close(),
        ItemCommand::Reopen(restore) => case.reopen(*restore),
        ItemCommand::Retire => case.retire(),
        ItemCommand::Restore => case.restore(),
        ItemCommand::Expire => case.expire(),
    }
}

/// One decision being made: what is known, and under which circumstances. Its methods stand in the
/// files of their areas.
struct Case<'a> {
    state: &'a ItemState,
    context: &'a Context<'a>,
}

impl From<Vec<ItemEvent>> for Decision {
    fn from(events: Vec<ItemEvent>) -> Self {
        Self { events, results: Vec::new() }
    }
}
