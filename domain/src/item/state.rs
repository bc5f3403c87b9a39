//! The state of an item: open things only.

use crate::{
    actor::Actor,
    event::{Description, Grant, GrantTermsRequested, LinkTerms, Publication, Visibility},
    event_ids::EventIds,
    id::{AccountId, GrantId, LinkId, VaultId},
    lifecycle::Lifecycle,
    position::Position,
    private_text::{HoldsPrivateText, PrivateField},
    time::Time,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An open grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenGrant {
    /// The grant as it is now.
    pub grant: Grant,
    /// What was requested, where policy changed it.
    pub asked: Option<GrantTermsRequested>,
    /// Position of its last change.
    pub version: Position,
    /// When it was given.
    pub given_at: Time,
    /// Who gave it.
    pub given_by: Actor,
    /// The events that made it what it is.
    pub events: EventIds,
}

/// An open link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenLink {
    /// What it permits to whom, until when.
    pub terms: LinkTerms,
    /// Raised by every rotation.
    pub generation: u32,
    /// The vault row of its password.
    pub password: Option<VaultId>,
    /// Position of the last change of the password; 0 = never had one.
    pub password_version: u64,
    /// What was requested, where policy changed it.
    pub asked: Option<GrantTermsRequested>,
    /// Position of its last change.
    pub version: Position,
    /// When it was made.
    pub created_at: Time,
    /// Who made it.
    pub created_by: Actor,
    /// The events that made it what it is.
    pub events: EventIds,
}

/// The catalog entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPublication {
    /// The entry as it is now.
    pub publication: Publication,
    /// Position of its last change.
    pub version: Position,
    /// When it was published.
    pub published_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

/// What a closing ended, kept for a reopening that restores all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Position of the `item.closed`.
    pub at: Position,
    /// The grants it ended.
    pub grants: BTreeMap<GrantId, OpenGrant>,
    /// The links it ended.
    pub links: BTreeMap<LinkId, OpenLink>,
    /// The entry it ended.
    pub publication: Option<OpenPublication>,
    /// The visibility it ended.
    pub visibility: Visibility,
}

/// By whose act, by which events?
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Who did it.
    pub by: Actor,
    /// The events that made it what it is.
    pub events: EventIds,
}

/// What is known of an item. Things whose end has passed stay until recorded as expired; every
/// question treats them as ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemState {
    /// Position of the stream's last record; 0 = there is none.
    pub position: Position,
    /// Where in its life it is.
    pub lifecycle: Lifecycle,
    /// Who owns it; always there once registered.
    pub owner: Option<AccountId>,
    /// When it was registered.
    pub registered_at: Time,
    /// Who registered it, by which event.
    pub registered: Origin,
    /// What it says of itself.
    pub description: Description,
    /// Does it belong to the owner's library?
    pub in_library: bool,
    /// Who sees it without a grant.
    pub visibility: Visibility,
    /// Who set the visibility, by which event; empty while it never changed.
    pub visibility_origin: Origin,
    /// Version of the item itself: last change of description or lifecycle or visibility.
    pub version: Position,
    /// Version of its sharing: last change of visibility or any grant.
    pub sharing_version: Position,
    /// Open grants.
    pub grants: BTreeMap<GrantId, OpenGrant>,
    /// Open links.
    pub links: BTreeMap<LinkId, OpenLink>,
    /// Its catalog entry.
    pub publication: Option<OpenPublication>,
    /// What the closing ended, while it is closed.
    pub closed: Option<Box<Closed>>,
    /// Position of the `item.retired`, while it is retired.
    pub retired_at: Option<Position>,
}

impl ItemState {
    /// Was it ever registered?
    pub fn exists(&self) -> bool {
        self.lifecycle != Lifecycle::Unknown
    }
}

impl HoldsPrivateText for ItemState {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        let closed = self.closed.iter_mut().flat_map(|closed| closed.links.values_mut());
        let links = self.links.values_mut().chain(closed);
        let mut all = self.description.private_texts();
        all.extend(links.flat_map(|link| link.terms.private_texts()));
        all
    }
}
