//! The answers of the AuthZEN API.

use super::{endpoint::EvaluatedBody, paging::PageBody};

use crate::{
    routing::Contract,
    v1::{access::AsOfBody, shape::words},
};
use domain::{
    access::{PathKind, PathKinds},
    event::Visibility,
    position::Position,
    time::Time,
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;
use utoipa::{__dev::ComposeSchema, ToSchema};

/// Why a question of a batch could not be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The HTTP status that the question would have had by itself.
    #[schema(example = 400)]
    pub status: u16,
    /// What is wrong with it.
    pub message: String,
}

/// The answer to one question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) permitted: bool,
    pub(super) paths: PathKinds,
    pub(super) reason: Option<&'static str>,
    pub(super) error: Option<ErrorBody>,
    pub(super) valid_until: Option<Time>,
    pub(super) position: Position,
    /// The past moment that was asked about.
    pub(super) as_of: Option<(Time, Position)>,
    pub(super) warnings: Vec<&'static str>,
}

impl Decision {
    /// No, for this reason.
    pub(super) fn no(reason: &'static str, position: Position) -> Self {
        Self { reason: Some(reason), position, ..Self::default() }
    }

    /// No, because the question could not be answered.
    pub(super) fn error(error: ErrorBody, position: Position) -> Self {
        Self { error: Some(error), position, ..Self::default() }
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("decision", &self.permitted)?;
        map.serialize_entry("context", &DecisionMembers(self))?;
        map.end()
    }
}

struct Paths(PathKinds);

impl Serialize for Paths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(PathKind::name))
    }
}

struct DecisionMembers<'a>(&'a Decision);

impl Serialize for DecisionMembers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Decision { permitted, paths, reason, error, valid_until, position, as_of, warnings } =
            self.0;
        let mut map = serializer.serialize_map(None)?;
        // The ways that there are and do not suffice are told by explanations.
        let paths = if *permitted { *paths } else { PathKinds::default() };
        map.serialize_entry("paths", &Paths(paths))?;
        if let Some(reason) = reason {
            map.serialize_entry("reason", reason)?;
        }
        if let Some(error) = error {
            map.serialize_entry("error", error)?;
        }
        map.serialize_entry("valid_until", valid_until)?;
        map.serialize_entry("position", position)?;
        if let Some((time, position)) = *as_of {
            map.serialize_entry("as_of", &AsOfBody { time, position })?;
        }
        if !warnings.is_empty() {
            map.serialize_entry("warnings", warnings)?;
        }
        map.end()
    }
}

/// The answers to a batch, in the order asked.
#[derive(Debug, Serialize)]
pub(super) struct Decisions {
    pub(super) evaluations: Vec<Decision>,
}

/// What is said beside the results of a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchContext {
    /// The item lets these in too, whom no result names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Visibility>)]
    pub open_to: Option<Visibility>,
    /// Why there is no result at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "unknown_resource")]
    pub reason: Option<&'static str>,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
    /// The past moment that was asked about; absent = it was asked about now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<AsOfBody>,
    /// What of the question was ignored, and what the results leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<&'static str>,
}

impl SearchContext {
    /// Nothing else is to be said.
    pub(super) const fn at(position: Position) -> Self {
        Self { open_to: None, reason: None, position, as_of: None, warnings: Vec::new() }
    }

    /// Of a past moment.
    pub(super) fn then(self, (time, position): (Time, Position)) -> Self {
        Self { as_of: Some(AsOfBody { time, position }), ..self }
    }
}

/// A page of a search's result. `page` comes first, as the text recommends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Found<R> {
    /// Where it stands in the whole result.
    pub page: PageBody,
    /// What else is to be said.
    pub context: SearchContext,
    /// The results.
    pub results: Vec<R>,
}

impl<R: ToSchema + ComposeSchema> EvaluatedBody for Found<R> {
    fn schema(contract: &mut Contract) -> Value {
        contract.generic::<Self, R>()
    }
}

/// A subject or a resource that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FoundEntity {
    /// Its type, as asked.
    #[serde(rename = "type")]
    #[schema(example = "account")]
    pub kind: String,
    /// Its id.
    #[schema(example = "a-22")]
    pub id: String,
}

/// An action that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FoundAction {
    /// Its name: a permission.
    #[schema(value_type = words::Permission)]
    pub name: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_decision_looks_as_the_api_page_says() {
        let paths = PathKinds::default().with(PathKind::Grant);
        let yes =
            Decision { permitted: true, paths, position: Position(47), ..Decision::default() };
        let wanted = json!({"decision": true,
            "context": {"paths": ["grant"], "valid_until": null, "position": 47}});
        assert_eq!(serde_json::to_value(&yes).unwrap(), wanted);
        let no = Decision { paths, ..Decision::no("unknown_action", Position(47)) };
        let wanted = json!({"decision": false, "context":
            {"paths": [], "reason": "unknown_action", "valid_until": null, "position": 47}});
        assert_eq!(serde_json::to_value(&no).unwrap(), wanted);
        let error = ErrorBody { status: 400, message: "/resource: is required".to_owned() };
        let failed = serde_json::to_value(Decision::error(error, Position(1))).unwrap();
        assert_eq!(
            (&failed["decision"], &failed["context"]["error"]["status"]),
            (&json!(false), &json!(400))
        );
    }
}
