//! Payloads of registering and describing an item. A storage format: see the catalogue.

use crate::{
    event::present,
    id::AccountId,
    private_text::{HoldsPrivateText, PrivateField, PrivateText},
};
use serde::{Deserialize, Serialize};

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
        [
            ("title", &mut self.title),
            ("description", &mut self.description),
            ("tags", &mut self.tags),
            ("preview", &mut self.preview),
            ("content", &mut self.content),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some(PrivateField { field, text: text.as_mut()? }))
        .collect()
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
impl HoldsPrivateText for DescriptionPart {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        [
            ("title", &mut self.title),
            ("description", &mut self.description),
            ("tags", &mut self.tags),
            ("preview", &mut self.preview),
            ("content", &mut self.content),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some(PrivateField { field, text: text.as_mut()?.as_mut()? }))
        .collect()
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
