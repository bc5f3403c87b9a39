//! Cursors: continue a list where the last page ended.
//!
//! A cursor holds the key of the last row and a tag over the list, its filter and its order, so
//! that a cursor of another question is refused rather than answered wrongly. It holds nothing that
//! the page did not show.

use super::super::ViewError;
use crate::value::Value;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

/// Raised when what cursors hold changes.
const FORMAT: u8 = 1;
/// Bytes of the tag.
const TAG: usize = 9;

fn tag(question: &str, keys: &str) -> String {
    let mut hash = Sha256::new();
    hash.update([FORMAT]);
    hash.update(question.len().to_be_bytes());
    hash.update(question);
    hash.update(keys);
    URL_SAFE_NO_PAD.encode(hash.finalize().get(..TAG).unwrap_or_default())
}

/// A cursor behind the row with this key.
pub(super) fn encode(question: &str, key: &[Value]) -> String {
    let cells: Vec<Json> = key
        .iter()
        .map(|cell| match cell {
            Value::Null => Json::Null,
            Value::Int(number) => json!(number),
            Value::Bool(yes) => json!(yes),
            Value::Time(micros) => json!({ "t": micros }),
            Value::Text(text) | Value::Json(text) => json!(text),
        })
        .collect();
    let keys = Json::Array(cells).to_string();
    URL_SAFE_NO_PAD.encode(format!("{}{keys}", tag(question, &keys)))
}

/// The key of the row that a cursor stands behind, so many cells.
pub(super) fn decode(question: &str, cursor: &str, cells: usize) -> Result<Vec<Value>, ViewError> {
    read(question, cursor).filter(|key| key.len() == cells).ok_or(ViewError::Cursor)
}

fn read(question: &str, cursor: &str) -> Option<Vec<Value>> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (found, keys) = text.split_at_checked(TAG / 3 * 4)?;
    if found != tag(question, keys) {
        return None;
    }
    let cells: Vec<Json> = serde_json::from_str(keys).ok()?;
    cells
        .into_iter()
        .map(|cell| match cell {
            Json::Null => Some(Value::Null),
            Json::Bool(yes) => Some(Value::Bool(yes)),
            Json::Number(number) => number.as_i64().map(Value::Int),
            Json::String(text) => Some(Value::Text(text)),
            Json::Object(time) => time.get("t")?.as_i64().map(Value::Time),
            Json::Array(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_its_key_back_to_its_own_question_only() {
        let key = vec![Value::Int(7), "a:b".into(), Value::Time(9), Value::Bool(true), Value::Null];
        let cursor = encode("catalog kind=history", &key);
        assert_eq!(decode("catalog kind=history", &cursor, 5), Ok(key));
        assert_eq!(decode("catalog kind=dataset", &cursor, 5), Err(ViewError::Cursor));
        assert_eq!(decode("catalog kind=history", &cursor, 4), Err(ViewError::Cursor));
        for broken in ["", "x", "////", &cursor[1..], &cursor[..cursor.len() - 1]] {
            assert_eq!(decode("catalog kind=history", broken, 5), Err(ViewError::Cursor));
        }
    }
}
