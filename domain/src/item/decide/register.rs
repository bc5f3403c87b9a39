//! Decides registering and describing an item.

use super::{
    ItemDecider,
    check::{bytes, invalid, limits, tags_text, texts},
};
use crate::{
    aggregate::Decision,
    event::{Description, DescriptionPart, EventType, ItemDescribed, ItemEvent, ItemRegistered},
    id::AccountId,
    item::{DescriptionPatch, NewDescription},
    lifecycle::Lifecycle,
    private_text::PrivateText,
    rejection::{Entity, Rejection},
    role::Permission,
};

impl ItemDecider<'_> {
    pub(super) fn register(
        &self,
        owner: &AccountId,
        asked: &NewDescription,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        if self.state.lifecycle == Lifecycle::Unknown {
            return self.register_new(owner, asked);
        }
        self.require(EventType::ItemDescribed)?;
        self.require_version(Entity::Item, self.state.version)?;
        if let Some(current) = self.state.owner.as_ref().filter(|current| *current != owner) {
            return Err(Rejection::OwnerChangesByTransfer { owner: current.clone() });
        }
        self.check_texts(asked)?;
        Ok(self.described(described_as(asked), Some(asked.in_library)))
    }

    fn register_new(
        &self,
        owner: &AccountId,
        asked: &NewDescription,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        if !self.context.subject.unrestricted && !self.is_me(owner) {
            return Err(Rejection::NotPermitted { needed: Permission::Own.name() });
        }
        self.require_absent(Entity::Item)?;
        let (kind, kinds) = (&self.context.item.kind, self.context.kinds);
        if !kinds.contains_key(kind) {
            let known = kinds.keys().cloned().collect();
            return Err(Rejection::UnknownKind { kind: kind.clone(), known });
        }
        self.check_texts(asked)?;
        let registered = ItemRegistered {
            owner: owner.clone(),
            description: described_as(asked),
            in_library: asked.in_library,
        };
        Ok(ItemEvent::Registered(registered).into())
    }

    pub(super) fn describe(
        &self,
        patch: &DescriptionPatch,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        self.require(EventType::ItemDescribed)?;
        self.require_version(Entity::Item, self.state.version)?;
        let asked = NewDescription {
            title: set(patch.title.as_ref()),
            description: set(patch.description.as_ref()),
            tags: set(patch.tags.as_ref()).unwrap_or_default(),
            preview: set(patch.preview.as_ref()),
            content: set(patch.content.as_ref()),
            in_library: patch.in_library.unwrap_or(self.state.in_library),
        };
        self.check_texts(&asked)?;
        let now = self.state.description.clone();
        let new = described_as(&asked);
        let after = Description {
            title: if patch.title.is_some() { new.title } else { now.title },
            description: if patch.description.is_some() {
                new.description
            } else {
                now.description
            },
            tags: if patch.tags.is_some() { new.tags } else { now.tags },
            preview: if patch.preview.is_some() { new.preview } else { now.preview },
            content: if patch.content.is_some() { new.content } else { now.content },
        };
        Ok(self.described(after, patch.in_library))
    }

    fn check_texts(&self, asked: &NewDescription) -> Result<(), Rejection> {
        let title = asked.title.as_ref();
        texts(title, asked.description.as_ref(), &asked.tags, asked.preview.as_ref())?;
        let kind = self.context.kinds.get(&self.context.item.kind);
        if asked.content.is_some() && !kind.is_some_and(|kind| kind.content) {
            let name = &self.context.item.kind;
            return Err(invalid("content", format!("items of kind {name} store no content")));
        }
        bytes("content", asked.content.as_ref(), limits::MAX_CONTENT_BYTES)
    }

    /// The event that makes the description this one; none when it is already.
    fn described(&self, after: Description, in_library: Option<bool>) -> Decision<ItemEvent> {
        let now = self.state.description.clone();
        let mut event =
            ItemDescribed { before: DescriptionPart::default(), after: DescriptionPart::default() };
        let (before, new) = (&mut event.before, &mut event.after);
        let fields = [
            (now.title, after.title, &mut before.title, &mut new.title),
            (now.description, after.description, &mut before.description, &mut new.description),
            (now.tags, after.tags, &mut before.tags, &mut new.tags),
            (now.preview, after.preview, &mut before.preview, &mut new.preview),
            (now.content, after.content, &mut before.content, &mut new.content),
        ];
        for (was, is, before, after) in fields {
            if was != is {
                *before = Some(was);
                *after = Some(is);
            }
        }
        if let Some(asked) = in_library.filter(|asked| *asked != self.state.in_library) {
            event.before.in_library = Some(self.state.in_library);
            event.after.in_library = Some(asked);
        }
        let changed = event.after != DescriptionPart::default();
        if changed { ItemEvent::Described(event).into() } else { Decision::default() }
    }
}

fn described_as(asked: &NewDescription) -> Description {
    Description {
        title: asked.title.clone().map(PrivateText::plain),
        description: asked.description.clone().map(PrivateText::plain),
        tags: tags_text(&asked.tags),
        preview: asked.preview.clone().map(PrivateText::plain),
        content: asked.content.clone().map(PrivateText::plain),
    }
}

fn set<T: Clone>(patch: Option<&Option<T>>) -> Option<T> {
    patch.cloned().flatten()
}
