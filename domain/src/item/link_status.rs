//! Status queries that the stream of an item answers: whether something ever existed, whether a
//! link can be opened.

use super::OpenLink;
use crate::{
    event::{ItemEvent, Recorded},
    id::{GrantId, LinkId},
    time::Time,
};
use serde::{Deserialize, Serialize};

/// An id to look for in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention {
    /// A grant.
    Grant(GrantId),
    /// A link.
    Link(LinkId),
}

/// Was there ever a grant or link with this id? The state keeps open things only; ending one that
/// has ended changes nothing, ending one that never was is an error.
pub fn mentions(recorded: &[Recorded<ItemEvent>], id: Mention) -> bool {
    recorded.iter().any(|recorded| match id {
        Mention::Grant(id) => {
            matches!(&recorded.event, ItemEvent::GrantGiven(given) if given.grant.grant == id)
        }
        Mention::Link(id) => {
            matches!(&recorded.event, ItemEvent::LinkCreated(created) if created.link == id)
        }
    })
}

/// Can a link be opened?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkStatus {
    /// Yes.
    Active,
    /// Its start lies ahead.
    Scheduled,
    /// Its end has passed.
    Expired,
    /// It was opened as often as it can be.
    UsedUp,
    /// It was ended; a link that is not in the item's state any more.
    Revoked,
}

/// The status of an open link that was opened so many times.
pub fn link_status(link: &OpenLink, used: u32, now: Time) -> LinkStatus {
    let window = link.terms.window();
    if window.ended(now) {
        LinkStatus::Expired
    } else if link.terms.max_visits.is_some_and(|most| most <= used) {
        LinkStatus::UsedUp
    } else if window.holds(now) {
        LinkStatus::Active
    } else {
        LinkStatus::Scheduled
    }
}
