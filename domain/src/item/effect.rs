//! Who gains and who loses by a command?

use super::ItemState;
use crate::{principal::Principal, role::Permissions, time::Time};

/// One principal whose permissions differ between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub principal: Principal,
    /// What it may do in one state but not in the other.
    pub permissions: Permissions,
}

/// Who gained and who lost what between two states of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// Those who may do more.
    pub gains: Vec<Change>,
    /// Those who may do less.
    pub loses: Vec<Change>,
}

/// Compares two states at an instant: accounts and groups with grants, links, anonymous.
pub fn effect(before: &ItemState, after: &ItemState, at: Time) -> Effect {
    let _ = (before, after, at);
    Effect::default()
}
