//! The body of an item.

use super::super::item_access::ItemAccess;
use super::{PrincipalBody, PublicationBody, item_address, publication_body, words};
use domain::{
    event::{Description, Visibility},
    id::ItemRef,
    item::ItemState,
    lifecycle::Lifecycle,
    position::Position,
    private_text::PrivateText,
    role::{Permission, Permissions},
    time::Time,
};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

/// Which item, and how it is called.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ItemName {
    /// Its kind.
    #[schema(example = "history")]
    pub kind: String,
    /// The application's own id of it.
    #[schema(example = "8f3a")]
    pub id: String,
    /// Its title; null = none, or erased.
    pub title: Option<String>,
}

impl ItemName {
    /// From a state.
    pub fn new(item: &ItemRef, state: &ItemState) -> Self {
        let title = plain(state.description.title.as_ref());
        Self { kind: item.kind.to_string(), id: item.id.to_string(), title }
    }
}

/// How much an item is shared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Counts {
    /// Open grants.
    pub grants: usize,
    /// Open links.
    pub links: usize,
}

/// An item.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ItemBody {
    /// Its kind.
    #[schema(example = "history")]
    pub kind: String,
    /// The application's own id of it.
    #[schema(example = "8f3a")]
    pub id: String,
    /// Who owns it.
    pub owner: Option<PrincipalBody>,
    /// Title; null = none, or erased.
    pub title: Option<String>,
    /// Longer text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Address of a preview picture.
    pub preview: Option<String>,
    /// Does it belong to the owner's library?
    pub in_library: bool,
    /// Stored content; absent for callers who may not view it and for kinds that store none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where in its life it is.
    #[schema(value_type = words::Lifecycle)]
    pub state: Lifecycle,
    /// Who sees it without a grant.
    #[schema(value_type = words::Visibility)]
    pub visibility: Visibility,
    /// Its catalog entry.
    pub publication: Option<PublicationBody>,
    /// Where a person finds it; gives no right.
    pub address: String,
    /// How much it is shared; null for callers who may not share it.
    pub counts: Option<Counts>,
    /// What the caller may do with it.
    #[schema(value_type = Vec<words::Permission>)]
    pub you_may: Permissions,
    /// When it was registered.
    #[schema(value_type = words::Instant)]
    pub registered_at: Time,
    /// Position of its last change.
    #[schema(value_type = u64)]
    pub version: Position,
}

pub(super) fn plain(text: Option<&PrivateText>) -> Option<String> {
    text.and_then(PrivateText::as_plain).map(str::to_owned)
}

/// Tags are one text: a JSON array.
fn tags(description: &Description) -> Vec<String> {
    let text = description.tags.as_ref().and_then(PrivateText::as_plain);
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// An item as a caller with these rights sees it at an instant.
pub fn item_body(
    public_url: &Url,
    item: &ItemRef,
    state: &ItemState,
    access: ItemAccess,
    now: Time,
) -> ItemBody {
    let description = &state.description;
    let grants = state.grants.values().filter(|open| !ended(open.grant.ends_at, now));
    let links = state.links.values().filter(|open| !ended(open.terms.ends_at, now));
    let counts = Counts { grants: grants.count(), links: links.count() };
    ItemBody {
        kind: item.kind.to_string(),
        id: item.id.to_string(),
        owner: state.owner.as_ref().map(PrincipalBody::account),
        title: plain(description.title.as_ref()),
        description: plain(description.description.as_ref()),
        tags: tags(description),
        preview: plain(description.preview.as_ref()),
        in_library: state.in_library,
        content: plain(description.content.as_ref()).filter(|_| access.see(Permission::View)),
        state: state.lifecycle,
        visibility: state.visibility,
        publication: state.publication.as_ref().map(|p| publication_body(public_url, item, p)),
        address: item_address(public_url, item),
        counts: Some(counts).filter(|_| access.see(Permission::Share)),
        you_may: access.rights,
        registered_at: state.registered_at,
        version: state.version,
    }
}

pub(super) fn ended(ends_at: Option<Time>, now: Time) -> bool {
    ends_at.is_some_and(|end| end <= now)
}
