//! Decides which events follow from a command on an item.
//!
//! Order of the checks, the same for every command: the caller knows the item, the permission is
//! there, the condition holds, the fields are well formed, the rules of sharing agree. What has
//! passed its end counts as ended, recorded or not.

mod check;
mod expire;
mod grants;
mod lifecycle;
mod links;
mod preconditions;
mod publication;
mod register;
mod sharing;

use super::{Context, ItemCommand, ItemState};
use crate::{aggregate::Decision, event::ItemEvent, rejection::Rejection};

pub use check::limits;

/// Decides a command. Pure: the same state, command and context always give the same answer. No
/// events = nothing changes.
pub(super) fn decide(
    state: &ItemState,
    command: &ItemCommand,
    context: &Context<'_>,
) -> Result<Decision<ItemEvent>, Rejection> {
    let decider = ItemDecider { state, context };
    match command {
        ItemCommand::Register { owner, description } => decider.register(owner, description),
        ItemCommand::Describe(patch) => decider.describe(patch),
        ItemCommand::SetVisibility(visibility) => decider.set_visibility(*visibility),
        ItemCommand::Share(share) => decider.share(share),
        ItemCommand::ChangeGrant { grant, patch } => decider.change_grant(*grant, patch),
        ItemCommand::EndGrants(target) => decider.end_grants(target),
        ItemCommand::ReplaceSharing { visibility, grants } => {
            decider.replace_sharing(*visibility, grants)
        }
        ItemCommand::CreateLink(link) => decider.create_link(link),
        ItemCommand::ChangeLink { link, patch } => decider.change_link(*link, patch),
        ItemCommand::RotateLink(link) => decider.rotate_link(*link),
        ItemCommand::SetLinkPassword { link, password } => decider.set_password(*link, *password),
        ItemCommand::ClearLinkPassword(link) => decider.clear_password(*link),
        ItemCommand::RevokeLink { link, cascade } => decider.revoke_link(*link, *cascade),
        ItemCommand::Publish(publication) => decider.publish(publication),
        ItemCommand::Unpublish => decider.unpublish(),
        ItemCommand::Close => decider.close(),
        ItemCommand::Reopen(restore) => decider.reopen(*restore),
        ItemCommand::Retire => decider.retire(),
        ItemCommand::Restore => decider.restore(),
        ItemCommand::Expire => decider.expire(),
    }
}

/// One decision being made: what is known, and under which circumstances. Its methods stand in the
/// files of their areas.
struct ItemDecider<'a> {
    state: &'a ItemState,
    context: &'a Context<'a>,
}
