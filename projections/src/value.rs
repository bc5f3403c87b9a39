//! Cell values, as they travel between projections, tables and answers on any engine.

use domain::{position::Position, time::Time};

/// One cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// `bigint`.
    Int(i64),
    /// `boolean`.
    Bool(bool),
    /// `timestamptz`; microseconds since 1970.
    Time(i64),
    /// `text`.
    Text(String),
    /// `jsonb`, serialised.
    Json(String),
}

/// A row, in the order of the declared or selected columns.
pub type Row = Vec<Value>;

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Time(time.as_micros())
    }
}
impl From<Position> for Value {
    fn from(position: Position) -> Self {
        Self::Int(i64::try_from(position.0).unwrap_or(i64::MAX))
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}
/// PostgreSQL keeps no NUL in a text: both engines keep U+FFFD in its place.
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text })
    }
}
impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        let text = json.to_string();
        Self::Json(if text.contains("\\u0000") { without_nul(json).to_string() } else { text })
    }
}

fn without_nul(json: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => Json::String(text.replace('\0', "\u{fffd}")),
        Json::Array(list) => Json::Array(list.iter().map(without_nul).collect()),
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(name, value)| (name.replace('\0', "\u{fffd}"), without_nul(value)))
                .collect(),
        ),
        Json::Null | Json::Bool(_) | Json::Number(_) => json.clone(),
    }
}

/// A cell that does not hold what the column promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a cell holds {found}, where {wanted} is expected")]
pub struct CellError {
    /// What it holds.
    pub found: String,
    /// What is expected.
    pub wanted: &'static str,
}

impl Value {
    /// Is there nothing in it?
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    fn wrong(&self, wanted: &'static str) -> CellError {
        let found = match self {
            Self::Null => "nothing",
            Self::Int(_) => "a number",
            Self::Bool(_) => "a truth value",
            Self::Time(_) => "an instant",
            Self::Text(_) => "a text",
            Self::Json(_) => "JSON",
        };
        CellError { found: found.to_owned(), wanted }
    }

    /// The text.
    pub fn text(&self) -> Result<&str, CellError> {
        match self {
            Self::Text(text) | Self::Json(text) => Ok(text),
            Self::Null | Self::Int(_) | Self::Bool(_) | Self::Time(_) => Err(self.wrong("a text")),
        }
    }
    /// The number.
    pub fn int(&self) -> Result<i64, CellError> {
        match self {
            Self::Int(number) => Ok(*number),
            Self::Bool(yes) => Ok(i64::from(*yes)),
            Self::Null | Self::Text(_) | Self::Time(_) | Self::Json(_) => {
                Err(self.wrong("a number"))
            }
        }
    }
    /// The number as an unsigned one.
    pub fn count(&self) -> Result<u64, CellError> {
        u64::try_from(self.int()?).map_err(|_| self.wrong("a count"))
    }
    /// The number as a small one.
    pub fn small(&self) -> Result<u32, CellError> {
        u32::try_from(self.int()?).map_err(|_| self.wrong("a small number"))
    }
    /// The position.
    pub fn position(&self) -> Result<Position, CellError> {
        self.count().map(Position)
    }
    /// The truth value.
    pub fn bool(&self) -> Result<bool, CellError> {
        self.int().map(|number| number != 0).map_err(|_| self.wrong("a truth value"))
    }
    /// The instant.
    pub fn time(&self) -> Result<Time, CellError> {
        match self {
            Self::Time(micros) | Self::Int(micros) => {
                Time::from_micros(*micros).map_err(|_| self.wrong("an instant"))
            }
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::Json(_) => {
                Err(self.wrong("an instant"))
            }
        }
    }
    /// The text read as something that has one, e.g. an id.
    pub fn parse<T: std::str::FromStr>(&self) -> Result<T, CellError> {
        self.text()?.parse().map_err(|_| self.wrong("a well-formed id"))
    }
    /// Whatever it is, unless it is nothing.
    pub fn optional<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, CellError>,
    ) -> Result<Option<T>, CellError> {
        if self.is_null() { Ok(None) } else { read(self).map(Some) }
    }
    /// The text read as a name that serde knows, e.g. of a role.
    pub fn named<T: serde::de::DeserializeOwned>(&self) -> Result<T, CellError> {
        let text = self.text()?;
        serde_json::from_value(serde_json::Value::String(text.to_owned()))
            .map_err(|_| self.wrong("a known name"))
    }
    /// The JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, CellError> {
        serde_json::from_str(self.text()?).map_err(|_| self.wrong("JSON"))
    }
}

/// The name that serde gives to a unit variant, e.g. of a role.
pub fn name_of<T: serde::Serialize>(value: &T) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Value::Text(name),
        Ok(_) | Err(_) => Value::Null,
    }
}
