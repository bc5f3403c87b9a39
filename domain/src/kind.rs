//! Kinds: what may be done with items of a kind, as data.

use crate::id::KindName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All kinds of a deployment, by name.
pub type Kinds = BTreeMap<KindName, Kind>;

/// Does access to a container flow to its parts?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartsAccess {
    /// Who has access to the container has it to the parts.
    Follow,
    /// Parts are shared separately.
    #[default]
    Separate,
}

/// One kind of items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a line in a file that people write")]
pub struct Kind {
    /// May links be made?
    #[serde(default = "yes")]
    pub linkable: bool,
    /// May it be listed in the catalog?
    #[serde(default = "yes")]
    pub publishable: bool,
    /// May it be copied?
    #[serde(default = "yes")]
    pub copyable: bool,
    /// Kinds that its parts may have; empty = it holds no parts.
    #[serde(default)]
    pub parts: Vec<KindName>,
    /// Does access flow to parts?
    #[serde(default)]
    pub access: PartsAccess,
    /// Does it store `content` (16 KiB)?
    #[serde(default)]
    pub content: bool,
    /// Where a person is sent: an address with `{kind}` and `{id}` in it; none = our own page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

const fn yes() -> bool {
    true
}

/// Why a set of kinds cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KindsError {
    /// The text is no TOML, or has fields that kinds do not have.
    #[error("the kinds cannot be read: {0}")]
    Malformed(String),
    /// There is none.
    #[error("no kind is defined; at least one is needed, e.g. [history]")]
    Empty,
    /// A kind holds parts of a kind that is not there.
    #[error("kind `{kind}` holds parts of kind `{part}`, which is not defined")]
    UnknownPart {
        /// The container's kind.
        kind: KindName,
        /// The part's kind.
        part: KindName,
    },
    /// An address that leads nowhere.
    #[error("kind `{kind}` has a url that is no http or https address with `{{id}}` in it")]
    Url {
        /// The kind.
        kind: KindName,
    },
}

/// Reads kinds from TOML: a table for each, e.g. `[history]`.
pub fn parse(text: &str) -> Result<Kinds, KindsError> {
    let kinds: Kinds =
        toml::from_str(text).map_err(|error| KindsError::Malformed(error.to_string()))?;
    if kinds.is_empty() {
        return Err(KindsError::Empty);
    }
    for (kind, rules) in &kinds {
        if let Some(part) = rules.parts.iter().find(|part| !kinds.contains_key(*part)) {
            return Err(KindsError::UnknownPart { kind: kind.clone(), part: part.clone() });
        }
        let leads = |url: &String| {
            (url.starts_with("https://") || url.starts_with("http://")) && url.contains("{id}")
        };
        if !rules.url.as_ref().is_none_or(leads) {
            return Err(KindsError::Url { kind: kind.clone() });
        }
    }
    Ok(kinds)
}

/// The kinds that come with a release, by the name of the preset; `default` merges what does not
/// clash.
pub const PRESETS: &[(&str, &str)] = &[
    ("default", include_str!("../kinds/default.toml")),
    ("galaxy", include_str!("../kinds/galaxy.toml")),
    ("immich", include_str!("../kinds/immich.toml")),
    ("basespace", include_str!("../kinds/basespace.toml")),
    ("webknossos", include_str!("../kinds/webknossos.toml")),
    ("tep", include_str!("../kinds/tep.toml")),
];

/// All presets, read.
pub fn presets() -> Result<BTreeMap<&'static str, Kinds>, KindsError> {
    PRESETS.iter().map(|(name, text)| Ok((*name, parse(text)?))).collect()
}

/// One preset; `None` = there is none of this name.
pub fn preset(name: &str) -> Option<Kinds> {
    let (_, text) = PRESETS.iter().find(|(known, _)| *known == name)?;
    parse(text).ok()
}

/// The kinds in force when nothing else is configured.
pub fn default_kinds() -> Kinds {
    preset("default").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_read() {
        let presets = presets().unwrap();
        assert_eq!(presets.len(), PRESETS.len());
    }

    #[test]
    fn the_default_holds_every_kind_of_the_other_presets_as_it_is_there() {
        let mut presets = presets().unwrap();
        let default = presets.remove("default").unwrap();
        for (preset, kinds) in presets {
            for (kind, rules) in kinds {
                assert_eq!(default.get(&kind), Some(&rules), "{kind} of {preset}");
            }
        }
        assert!(default.contains_key(&KindName::parse("selection").unwrap()));
    }

    #[test]
    fn a_search_stores_its_content() {
        let kinds = default_kinds();
        assert!(kinds[&KindName::parse("search").unwrap()].content);
        assert!(!kinds[&KindName::parse("history").unwrap()].content);
    }

    #[test]
    fn wrong_kinds_are_refused_with_the_reason() {
        let error = |text| parse(text).unwrap_err();
        assert_eq!(error(""), KindsError::Empty);
        assert!(matches!(error("[history]\ncolour = 1"), KindsError::Malformed(_)));
        assert!(matches!(error("[History]"), KindsError::Malformed(_)));
        assert!(matches!(error("[a]\nparts = [\"b\"]"), KindsError::UnknownPart { .. }));
        assert!(matches!(error("[a]\nurl = \"https://a.example/\""), KindsError::Url { .. }));
        assert!(parse("[a]\nurl = \"https://a.example/{id}\"").is_ok());
    }
}
