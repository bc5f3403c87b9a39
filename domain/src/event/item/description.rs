//! Payloads of registering and describing an item. A storage format: see the catalogue.

use crate::{
    event::{AuditPayload, AuditSide, Payload, present},
    id::AccountId,
    private_text::{HoldsPrivateText, PrivateField, PrivateText},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The names of the private texts.
const FIELDS: [&str; 5] = ["title", "description", "tags", "preview", "content"];

/// What an item says of itself; all texts are private.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct Description {
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<PrivateText>,
    /// Longer text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<PrivateText>,
    /// Tags, a JSON array of strings as one text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<PrivateText>,
    /// Address of a preview picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<PrivateText>,
    /// Stored content of kinds that keep one (a shared query).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<PrivateText>,
}

impl HoldsPrivateText for Description {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        let Self { title, description, tags, preview, content } = self;
        let texts = FIELDS.into_iter().zip([title, description, tags, preview, content]);
        let texts = texts.map(|(field, text)| Some(PrivateField { field, text: text.as_mut()? }));
        texts.flatten().collect()
    }
}

/// `item.registered`: an item became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ItemRegistered {
    /// Who owns it.
    pub owner: AccountId,
    /// What it says of itself.
    pub description: Description,
    /// Does it belong to the owner's library (partner sharing)?
    pub in_library: bool,
}
impl HoldsPrivateText for ItemRegistered {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        self.description.private_texts()
    }
}

impl Payload for ItemRegistered {
    fn summary(&self, target: &str) -> String {
        format!("registered {target} for {}", self.owner)
    }
    fn audit(&self) -> AuditPayload {
        let after = json!({ "owner": self.owner, "in_library": self.in_library });
        let Description { title, description, tags, preview, content } = &self.description;
        let texts = FIELDS.into_iter().zip([title, description, tags, preview, content]);
        AuditPayload::start(after)
            .with_texts(AuditSide::After, texts.map(|(field, text)| (field, text.as_ref())))
    }
    fn creates(&self) -> bool {
        true
    }
}

/// The changed fields of a description, before or after; absent = not changed, null = none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct DescriptionPart {
    /// Title.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub title: Option<Option<PrivateText>>,
    /// Longer text.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<PrivateText>>,
    /// Tags, a JSON array of strings as one text.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Option<PrivateText>>,
    /// Address of a preview picture.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub preview: Option<Option<PrivateText>>,
    /// Stored content.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub content: Option<Option<PrivateText>>,
    /// Does it belong to the owner's library?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_library: Option<bool>,
}
impl DescriptionPart {
    fn fields(&self) -> impl Iterator<Item = (&'static str, &Option<Option<PrivateText>>)> {
        let Self { title, description, tags, preview, content, .. } = self;
        FIELDS.into_iter().zip([title, description, tags, preview, content])
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, Option<&PrivateText>)> {
        self.fields().map(|(field, text)| (field, text.as_ref().and_then(Option::as_ref)))
    }

    /// What is none here, and the library.
    fn cleared(&self) -> Map<String, Value> {
        let none = self.fields().filter(|(_, text)| matches!(text, Some(None)));
        let none = none.map(|(field, _)| (field.to_owned(), Value::Null));
        let library = self.in_library.map(|listed| ("in_library".to_owned(), json!(listed)));
        none.chain(library).collect()
    }
}
impl HoldsPrivateText for DescriptionPart {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        let Self { title, description, tags, preview, content, .. } = self;
        let texts = FIELDS.into_iter().zip([title, description, tags, preview, content]);
        let texts =
            texts.map(|(field, text)| Some(PrivateField { field, text: text.as_mut()?.as_mut()? }));
        texts.flatten().collect()
    }
}

/// `item.described`: title, description, tags, preview, content or library membership changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct ItemDescribed {
    /// The changed fields before.
    pub before: DescriptionPart,
    /// The changed fields after.
    pub after: DescriptionPart,
}
impl HoldsPrivateText for ItemDescribed {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        let mut all = self.before.private_texts();
        all.extend(self.after.private_texts());
        all
    }
}

impl Payload for ItemDescribed {
    fn summary(&self, target: &str) -> String {
        format!("changed the description of {target}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(self.before.cleared(), self.after.cleared())
            .with_texts(AuditSide::Before, self.before.texts())
            .with_texts(AuditSide::After, self.after.texts())
    }
}
