//! What the index knows of an item beside its paths.

use domain::{event::Visibility, id::AccountId, lifecycle::Lifecycle, position::EventId};

/// What is known of an item beside its paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFacts {
    /// Where in its life it is.
    pub lifecycle: Lifecycle,
    /// Who owns it.
    pub owner: Option<AccountId>,
    /// Who sees it without a grant.
    pub visibility: Visibility,
    /// The event that registered it.
    pub registered: EventId,
}
