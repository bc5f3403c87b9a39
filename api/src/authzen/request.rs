//! Parses requests of the AuthZEN API: strictly where the text is strict, borrowed from the body.
//!
//! Members that the text does not know are ignored; a member of a wrong type is an error, and so
//! is one that occurs twice (I-JSON). A null means an absent member.

use crate::problem::{FieldError, Problem, ProblemType};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{error::Category, value::RawValue};
use serde_path_to_error::Segment;
use std::{borrow::Cow, fmt, marker::PhantomData, ops::Deref};

/// A text, part of the body wherever it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A JSON object; derived readers would take an array for one.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<T>(pub(super) T);

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// An object whose members do not matter here.
#[derive(Debug, Clone, Default)]
struct Unread;

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Skip;
        impl<'de> Visitor<'de> for Skip {
            type Value = Unread;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unread, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Unread)
            }
        }
        deserializer.deserialize_map(Skip)
    }
}

/// A subject or a resource.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Entity<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(rename = "properties")]
    _properties: Option<Unread>,
}

/// An action.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct NamedAction<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(rename = "properties")]
    _properties: Option<Unread>,
}

/// What of a context means something here.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct RequestContext<'a> {
    /// Openings of links.
    #[serde(borrow)]
    pub(super) visits: Option<Vec<Text<'a>>>,
    /// The past instant that is asked about.
    #[serde(borrow)]
    pub(super) at: Option<Text<'a>>,
    /// The position that is asked about.
    pub(super) at_position: Option<u64>,
}

/// One question, or what the questions of a batch have in common.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Question<'a> {
    #[serde(borrow)]
    pub(super) subject: Option<Object<Entity<'a>>>,
    #[serde(borrow)]
    pub(super) action: Option<Object<NamedAction<'a>>>,
    #[serde(borrow)]
    pub(super) resource: Option<Object<Entity<'a>>>,
    #[serde(borrow)]
    pub(super) context: Option<Object<RequestContext<'a>>>,
}

/// How a batch is carried out.
#[derive(Debug, Clone, Default, Deserialize)]
struct Options<'a> {
    #[serde(borrow)]
    evaluations_semantic: Option<Text<'a>>,
}

/// When a batch ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Semantic {
    /// When every question is answered.
    #[default]
    ExecuteAll,
    /// After the first denial or error.
    DenyOnFirstDeny,
    /// After the first permit.
    PermitOnFirstPermit,
}

impl Semantic {
    fn from_options(options: Option<&Object<Options<'_>>>) -> Result<Self, Problem> {
        let name = options.and_then(|options| options.0.evaluations_semantic.as_deref());
        match name {
            None | Some("execute_all") => Ok(Self::ExecuteAll),
            Some("deny_on_first_deny") => Ok(Self::DenyOnFirstDeny),
            Some("permit_on_first_permit") => Ok(Self::PermitOnFirstPermit),
            Some(_) => Err(Problem::field(
                "/options/evaluations_semantic",
                "execute_all, deny_on_first_deny or permit_on_first_permit",
            )),
        }
    }

    /// Is the batch over after this decision?
    pub(super) const fn ends_with(self, decision: bool) -> bool {
        match self {
            Self::ExecuteAll => false,
            Self::DenyOnFirstDeny => !decision,
            Self::PermitOnFirstPermit => decision,
        }
    }
}

/// A batch as it stands in the body; `E` = how far its questions are read.
#[derive(Debug, Clone, Deserialize)]
#[serde(bound(deserialize = "E: Deserialize<'de>"))]
struct Body<'a, E> {
    #[serde(borrow)]
    subject: Option<Object<Entity<'a>>>,
    #[serde(borrow)]
    action: Option<Object<NamedAction<'a>>>,
    #[serde(borrow)]
    resource: Option<Object<Entity<'a>>>,
    #[serde(borrow)]
    context: Option<Object<RequestContext<'a>>>,
    #[serde(borrow)]
    options: Option<Object<Options<'a>>>,
    evaluations: Option<Vec<E>>,
}

/// A batch.
#[derive(Debug, Clone)]
pub(super) struct Batch<'a> {
    /// What the questions have in common.
    pub(super) common: Question<'a>,
    /// The questions; one that cannot be read says why. None = the common part is the one question.
    pub(super) parts: Vec<Result<Question<'a>, FieldError>>,
    /// When it ends.
    pub(super) semantic: Semantic,
}

impl<'a> Batch<'a> {
    /// Reads a batch. A question that cannot be read is an error of that question alone.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        match serde_json::from_slice::<Object<Body<'a, Object<Question<'a>>>>>(bytes) {
            Ok(Object(body)) => Self::from_body(body, |part| Ok(part.0)),
            Err(error) if error.classify() == Category::Data => {
                let Object(body) = read::<Object<Body<'a, &'a RawValue>>>(bytes)?;
                Self::from_body(body, |raw| {
                    let part = read_at::<Object<Question<'a>>>(raw.get().as_bytes());
                    part.map(|part| part.0).map_err(|wrong| wrong.error)
                })
            }
            Err(error) => Err(malformed(&error)),
        }
    }

    fn from_body<E>(
        body: Body<'a, E>,
        part: impl FnMut(E) -> Result<Question<'a>, FieldError>,
    ) -> Result<Self, Problem> {
        let Body { subject, action, resource, context, options, evaluations } = body;
        let semantic = Semantic::from_options(options.as_ref())?;
        let common = Question { subject, action, resource, context };
        let parts = evaluations.unwrap_or_default().into_iter().map(part).collect();
        Ok(Self { common, parts, semantic })
    }
}

/// Which part of a result.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct PageRequested<'a> {
    #[serde(borrow)]
    pub(super) token: Option<Text<'a>>,
    pub(super) limit: Option<u64>,
    #[serde(rename = "properties")]
    _properties: Option<Unread>,
}

/// A search.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct SearchBody<'a> {
    #[serde(borrow)]
    pub(super) subject: Option<Object<Entity<'a>>>,
    #[serde(borrow)]
    pub(super) action: Option<Object<NamedAction<'a>>>,
    #[serde(borrow)]
    pub(super) resource: Option<Object<Entity<'a>>>,
    #[serde(borrow)]
    pub(super) context: Option<Object<RequestContext<'a>>>,
    #[serde(borrow)]
    pub(super) page: Option<Object<PageRequested<'a>>>,
}

/// A wrong value; is the whole text no JSON?
struct Wrong {
    error: FieldError,
    syntax: bool,
}

fn read_at<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Wrong> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize::<_, T>(&mut deserializer).map_err(|error| {
        let pointer = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Seq { index } => Some(format!("/{index}")),
                Segment::Map { key } => Some(format!("/{key}")),
                Segment::Enum { .. } | Segment::Unknown => None,
            })
            .collect();
        let syntax = error.inner().classify() != Category::Data;
        Wrong { error: FieldError { pointer, detail: error.into_inner().to_string() }, syntax }
    })?;
    deserializer.end().map_err(|error| Wrong {
        error: FieldError { pointer: String::new(), detail: error.to_string() },
        syntax: true,
    })?;
    Ok(read)
}

/// Reads a body; the way of good ones is the fast one.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| match read_at::<T>(bytes) {
        Err(Wrong { error, syntax: false }) => Problem::fields(vec![error]),
        _ => malformed(&error),
    })
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(ProblemType::MalformedRequest, format!("the body is no JSON object: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    const SUBJECT: &str = r#""subject":{"type":"user","id":"alice"}"#;

    fn part(text: &str) -> Result<Question<'_>, Problem> {
        read::<Object<Question<'_>>>(text.as_bytes()).map(|part| part.0)
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        let read = part(r#"{"subject":{"type":"user","id":"a\u002d1"}}"#).unwrap();
        let subject = read.subject.unwrap().0;
        assert!(matches!(subject.kind, Some(Text(Cow::Borrowed("user")))));
        assert_eq!(subject.id.as_deref(), Some("a-1"));
    }

    #[test]
    fn unknown_members_are_ignored_and_nulls_are_absent() {
        let text = format!(
            r#"{{{SUBJECT},"foo":"bar","futureField":{{"nested":true}},"context":null,
               "resource":{{"type":"record","properties":{{"deep":[1,{{"a":null}}]}}}}}}"#
        );
        let read = part(&text).unwrap();
        assert!(read.context.is_none() && read.action.is_none());
        assert!(read.resource.unwrap().0.id.is_none());
    }

    #[test]
    fn members_of_a_wrong_type_are_refused_and_named() {
        for (text, pointer) in [
            (r#"{"subject":"alice"}"#, "/subject"),
            (r#"{"subject":["user","alice"]}"#, "/subject"),
            (r#"{"subject":{"type":"user","id":7}}"#, "/subject/id"),
            (r#"{"action":{"name":123}}"#, "/action/name"),
            (r#"{"resource":{"type":"a","properties":"x"}}"#, "/resource/properties"),
            (r#"{"context":{"visits":["a",7]}}"#, "/context/visits/1"),
            (r#"{"context":[]}"#, "/context"),
        ] {
            let problem = part(text).unwrap_err();
            assert_eq!(problem.kind(), ProblemType::InvalidField, "{text}");
            let body = format!("{problem:?}");
            assert!(body.contains(&format!("\"{pointer}\"")), "{text}: {body}");
        }
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        let twice = r#"{"subject":{"type":"user","type":"user"}}"#;
        for text in ["", "{", "{} x", "{\"a\":\"\\ud800\"", twice] {
            assert!(part(text).is_err(), "{text}");
        }
        for text in ["", "{", "{} x"] {
            assert_eq!(part(text).unwrap_err().kind(), ProblemType::MalformedRequest, "{text}");
        }
        for text in ["[]", "7", "null", "\"{}\""] {
            assert!(part(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_question_of_a_batch_that_cannot_be_read_is_its_own_error() {
        let text = format!(r#"{{{SUBJECT},"evaluations":[{{}},{{"resource":"x"}},7]}}"#);
        let batch = Batch::read(text.as_bytes()).unwrap();
        assert!(batch.common.subject.is_some());
        let pointers: Vec<_> = batch
            .parts
            .iter()
            .map(|part| part.as_ref().map_or_else(|e| e.pointer.as_str(), |_| "read"))
            .collect();
        assert_eq!(pointers, ["read", "/resource", ""]);
    }

    #[test]
    fn a_batch_whose_frame_cannot_be_read_is_refused() {
        for text in [
            r#"{"evaluations":{}}"#,
            r#"{"subject":7,"evaluations":[{}]}"#,
            r#"{"options":[],"evaluations":[{}]}"#,
            r#"{"options":{"evaluations_semantic":7}}"#,
            r#"{"options":{"evaluations_semantic":"first_come"}}"#,
            r#"{"evaluations":[{]}"#,
        ] {
            assert!(Batch::read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_three_semantics_end_a_batch_where_the_text_says() {
        let read = |name: &str| {
            let text = format!(r#"{{"options":{{"evaluations_semantic":"{name}","other":1}}}}"#);
            Batch::read(text.as_bytes()).unwrap().semantic
        };
        assert_eq!(read("execute_all"), Semantic::ExecuteAll);
        let and = read("deny_on_first_deny");
        assert!(and.ends_with(false) && !and.ends_with(true));
        let or = read("permit_on_first_permit");
        assert!(or.ends_with(true) && !or.ends_with(false));
        assert_eq!(Batch::read(b"{}").unwrap().semantic, Semantic::ExecuteAll);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let value = serde_json::from_slice::<Value>(&bytes);
            let read_as_object = value.is_ok_and(|value| value.is_object());
            prop_assert!(read_as_object || Batch::read(&bytes).is_err());
            prop_assert!(read_as_object || read::<Object<SearchBody<'_>>>(&bytes).is_err());
        }
    }
}
