//! The body of a catalog entry, and what else a command changed with it.

use super::{item_address, words};
use domain::{
    event::{CatalogAudience, CatalogEvent as _, EventType, ItemEvent, Publication, Recorded},
    id::{GroupId, ItemRef},
    item::OpenPublication,
    position::Position,
    time::Time,
};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

/// A catalog entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicationBody {
    /// Where in its life it is.
    #[schema(example = "published")]
    pub status: &'static str,
    /// Who sees it.
    #[schema(value_type = words::CatalogAudience)]
    pub audience: CatalogAudience,
    /// The groups of audience `groups`.
    #[schema(value_type = Vec<String>)]
    pub groups: Vec<GroupId>,
    /// The readable part of its address.
    pub slug: Option<String>,
    /// Title.
    pub title: String,
    /// Longer text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Address of a preview picture.
    pub preview: Option<String>,
    /// Where a person finds it.
    pub address: String,
    /// When it was published.
    #[schema(value_type = words::Instant)]
    pub published_at: Time,
    /// When it was last changed.
    #[schema(value_type = words::Instant)]
    pub updated_at: Time,
    /// Position of its last change.
    #[schema(value_type = u64)]
    pub version: Position,
}

/// A catalog entry as it is in a state.
pub fn publication_body(
    public_url: &Url,
    item: &ItemRef,
    open: &OpenPublication,
) -> PublicationBody {
    let Publication { audience, groups, slug, title, description, tags, preview } =
        &open.publication;
    PublicationBody {
        status: "published",
        audience: *audience,
        groups: groups.clone(),
        slug: slug.clone(),
        title: title.clone(),
        description: description.clone(),
        tags: tags.clone(),
        preview: preview.clone(),
        address: item_address(public_url, item),
        published_at: open.published_at,
        updated_at: open.updated_at,
        version: open.version,
    }
}

/// Something that a command changed beside what it was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlsoBody {
    /// Stored name of the event.
    #[schema(example = "item.visibility_changed")]
    pub event: &'static str,
    /// Before.
    #[schema(value_type = Option<String>, example = "restricted")]
    pub before: Option<serde_json::Value>,
    /// After.
    #[schema(value_type = Option<String>, example = "public")]
    pub after: Option<serde_json::Value>,
}

/// Changes of visibility and publication among a command's events, less the one that was asked for.
pub fn also(events: &[Recorded<ItemEvent>], requested: EventType) -> Vec<AlsoBody> {
    let told = |recorded: &Recorded<ItemEvent>| {
        let event_type = recorded.event.event_type();
        let (before, after) = if let ItemEvent::VisibilityChanged(changed) = &recorded.event {
            (serde_json::to_value(changed.before).ok(), serde_json::to_value(changed.after).ok())
        } else if let ItemEvent::PublicationWithdrawn(withdrawn) = &recorded.event {
            (serde_json::to_value(withdrawn.audience).ok(), None)
        } else {
            return None;
        };
        let event = event_type.name();
        (event_type != requested).then_some(AlsoBody { event, before, after })
    };
    events.iter().filter_map(told).collect()
}
