//! What the audit trail keeps of an event: before, after, whom it is about, its private texts.

use crate::{id::ItemRef, principal::Grantee, private_text::PrivateText};
use serde::Serialize;
use serde_json::{Map, Value};

/// On which side of a change a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditSide {
    /// Before.
    Before,
    /// After.
    After,
}

impl AuditSide {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// What the audit trail keeps of an event. Private texts are apart from the JSON, each with its
/// key, so that erasure removes exactly them. Ids of vault rows are no part of it.
#[derive(Debug, Default)]
pub struct AuditPayload {
    /// What was before.
    pub before: Option<Value>,
    /// What is after.
    pub after: Option<Value>,
    /// Private texts by side and field.
    pub texts: Vec<(AuditSide, &'static str, PrivateText)>,
    /// Type and id of whom it is about, where the stream does not say it.
    pub target: Option<(&'static str, String)>,
    /// The item that it is about, where the stream does not say it.
    pub item: Option<ItemRef>,
}

impl AuditPayload {
    /// Something became something else.
    pub fn change(before: impl Serialize, after: impl Serialize) -> Self {
        Self { before: value(before), after: value(after), ..Self::default() }
    }

    /// Something began.
    pub fn start(after: impl Serialize) -> Self {
        Self { after: value(after), ..Self::default() }
    }

    /// It is about this.
    #[must_use]
    pub fn about(mut self, kind: &'static str, id: &impl ToString) -> Self {
        self.target = Some((kind, id.to_string()));
        self
    }

    /// It is about a grantee.
    #[must_use]
    pub fn about_grantee(self, grantee: &Grantee) -> Self {
        match grantee {
            Grantee::Account(id) => self.about("account", id),
            Grantee::Group(id) => self.about("group", id),
        }
    }

    /// With private texts of a side; what is absent is left out.
    #[must_use]
    pub fn with_texts<'a>(
        mut self,
        side: AuditSide,
        texts: impl IntoIterator<Item = (&'static str, Option<&'a PrivateText>)>,
    ) -> Self {
        let texts = texts.into_iter();
        self.texts.extend(texts.filter_map(|(field, text)| Some((side, field, text?.clone()))));
        self
    }
}

/// Every payload serialises once its private texts are taken out; null would be a bug seen by the
/// tests.
fn value(from: impl Serialize) -> Option<Value> {
    serde_json::to_value(from).ok().filter(|value| !value.is_null())
}

/// The fields of something without private texts.
pub(super) fn fields(from: impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(from) {
        Ok(Value::Object(map)) => map,
        Ok(_) | Err(_) => Map::new(),
    }
}
