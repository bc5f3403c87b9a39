//! Decides listing in the catalog and withdrawal from it.

use super::{
    ItemDecider,
    check::{distinct, invalid, limits, tags_of, texts},
    lifecycle::needed,
    preconditions::rule,
};
use crate::{
    aggregate::Decision,
    event::{
        CatalogAudience, EventType, ItemEvent, Publication, PublicationUpdated,
        PublicationWithdrawn, Published, VisibilityChanged, WithdrawCause,
    },
    id::GroupId,
    item::NewPublication,
    private_text::PrivateText,
    rejection::{Entity, Reason, Rejection},
};

impl ItemDecider<'_> {
    pub(super) fn publish(&self, asked: &NewPublication) -> Result<Decision<ItemEvent>, Rejection> {
        self.require_open(EventType::Published)?;
        let current = self.state.publication.as_ref();
        match current {
            Some(open) => self.require_version(Entity::Publication, open.version)?,
            None => self.require_absent(Entity::Publication)?,
        }
        let kind = self.context.kinds.get(&self.context.item.kind);
        if !kind.is_some_and(|kind| kind.publishable) {
            let name = &self.context.item.kind;
            let detail = format!("items of kind {name} are not published");
            return Err(rule(Reason::KindNotPublishable, detail));
        }
        let entry = self.entry(asked)?;
        let mut events = Vec::new();
        match current.map(|open| &open.publication) {
            None => events.push(ItemEvent::Published(Published { publication: entry })),
            Some(before) if *before != entry => {
                let updated = PublicationUpdated { before: before.clone(), after: entry };
                events.push(ItemEvent::PublicationUpdated(updated));
            }
            Some(_) => {}
        }
        let (before, after) = (self.state.visibility, needed(asked.audience));
        if before < after {
            events.push(ItemEvent::VisibilityChanged(VisibilityChanged { before, after }));
        }
        Ok(events.into())
    }

    /// The entry as it will stand; what is absent is taken from the item.
    fn entry(&self, asked: &NewPublication) -> Result<Publication, Rejection> {
        let groups = groups(asked)?;
        let own = &self.state.description;
        let or_own = |asked: &Option<String>, own: &Option<PrivateText>| {
            let own = own.as_ref().and_then(PrivateText::as_plain).map(str::to_owned);
            asked.clone().or(own)
        };
        let title = or_own(&asked.title, &own.title)
            .ok_or_else(|| invalid("title", "neither the entry nor the item has a title"))?;
        let description = or_own(&asked.description, &own.description);
        let tags = asked.tags.clone().unwrap_or_else(|| tags_of(own.tags.as_ref()));
        let preview = or_own(&asked.preview, &own.preview);
        texts(Some(&title), description.as_ref(), &tags, preview.as_ref())?;
        let tags = distinct(&tags);
        let current = self.state.publication.as_ref();
        let slug = current.and_then(|open| open.publication.slug.clone());
        let audience = asked.audience;
        Ok(Publication { audience, groups, slug, title, description, tags, preview })
    }

    pub(super) fn unpublish(&self) -> Result<Decision<ItemEvent>, Rejection> {
        self.require(EventType::PublicationWithdrawn)?;
        let Some(open) = &self.state.publication else {
            return Ok(Decision::default());
        };
        self.require_version(Entity::Publication, open.version)?;
        let withdrawn = PublicationWithdrawn {
            cause: WithdrawCause::Unpublished,
            audience: open.publication.audience,
        };
        Ok(ItemEvent::PublicationWithdrawn(withdrawn).into())
    }
}

fn groups(asked: &NewPublication) -> Result<Vec<GroupId>, Rejection> {
    let listed = !asked.groups.is_empty();
    match asked.audience {
        CatalogAudience::Groups if !listed => {
            return Err(invalid("groups", "the audience groups needs at least one group"));
        }
        CatalogAudience::Internal | CatalogAudience::Anyone if listed => {
            return Err(invalid("groups", "groups go with the audience groups only"));
        }
        CatalogAudience::Groups | CatalogAudience::Internal | CatalogAudience::Anyone => {}
    }
    if asked.groups.len() > limits::MAX_CATALOG_GROUPS {
        return Err(invalid(
            "groups",
            format!("at most {} groups are allowed", limits::MAX_CATALOG_GROUPS),
        ));
    }
    let mut groups = asked.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    Ok(groups)
}
