//! The one cursor of all lists and searches: where the next page begins, bound to its question.
//!
//! A cursor holds the key of the last row and a tag over the list, its filter and its order, so
//! that a cursor of another question, or a changed one, is refused rather than answered wrongly. It
//! holds nothing that the page did not show.

use crate::value::Value;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// Raised when what cursors hold changes.
const FORMAT: u8 = 2;
const TAG_BYTES: usize = 12;
const TAG_CHARS: usize = TAG_BYTES / 3 * 4;

/// The key of the last row of a page.
pub type CursorKey = Vec<Value>;

/// The cursor belongs to another list, filter or order, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor does not belong to this list, filter and order")]
pub struct CursorMismatch;

/// Everything that the cursors of a question are bound to, as one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorScope([u8; 32]);

impl CursorScope {
    /// The scope of a list (or search) with the parts of its question: filter, order, page size.
    pub fn new(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        digest.update([FORMAT]);
        for part in parts {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    fn tag(&self, key: &str) -> String {
        let digest = Sha256::new().chain_update(self.0).chain_update(key).finalize();
        URL_SAFE_NO_PAD.encode(digest.get(..TAG_BYTES).unwrap_or_default())
    }

    /// The cursor behind the row with this key.
    pub fn encode(&self, key: &[Value]) -> String {
        let cells = key.iter().map(|cell| match cell {
            Value::Null => Json::Null,
            Value::Int(number) => json!(number),
            Value::Bool(yes) => json!(yes),
            Value::Time(micros) => json!({ "t": micros }),
            Value::Text(text) | Value::Json(text) => json!(text),
        });
        let key = cells.collect::<Json>().to_string();
        URL_SAFE_NO_PAD.encode(format!("{}{key}", self.tag(&key)))
    }

    /// The cursor behind a row whose key is one id or text.
    pub fn encode_id(&self, id: &impl fmt::Display) -> String {
        self.encode(&[id.to_string().into()])
    }

    /// The key of the row that a cursor stands behind, with so many cells.
    pub fn decode(&self, cursor: &str, cells: usize) -> Result<CursorKey, CursorMismatch> {
        self.read(cursor).filter(|key| key.len() == cells).ok_or(CursorMismatch)
    }

    /// The key of the row that a cursor stands behind, if it is one id or text.
    pub fn decode_id<T: FromStr>(&self, cursor: &str) -> Result<T, CursorMismatch> {
        let key = self.decode(cursor, 1)?;
        let [Value::Text(text)] = key.as_slice() else { return Err(CursorMismatch) };
        text.parse().map_err(|_| CursorMismatch)
    }

    fn read(&self, cursor: &str) -> Option<CursorKey> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (tag, key) = text.split_at_checked(TAG_CHARS)?;
        if tag != self.tag(key) {
            return None;
        }
        let cells: Vec<Json> = serde_json::from_str(key).ok()?;
        let cell = |cell| match cell {
            Json::Null => Some(Value::Null),
            Json::Bool(yes) => Some(Value::Bool(yes)),
            Json::Number(number) => number.as_i64().map(Value::Int),
            Json::String(text) => Some(Value::Text(text)),
            Json::Object(time) => time.get("t")?.as_i64().map(Value::Time),
            Json::Array(_) => None,
        };
        cells.into_iter().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(parts: &[&str]) -> CursorScope {
        CursorScope::new(parts)
    }

    #[test]
    fn a_cursor_gives_its_key_back_to_its_own_question_only() {
        let key = vec![Value::Int(7), "a:b".into(), Value::Time(9), Value::Bool(true), Value::Null];
        let cursor = scope(&["catalog", "history"]).encode(&key);
        assert_eq!(scope(&["catalog", "history"]).decode(&cursor, 5), Ok(key));
        for other in [&["catalog", "dataset"] as &[&str], &["cataloghistory"], &["catalog"]] {
            assert_eq!(scope(other).decode(&cursor, 5), Err(CursorMismatch));
        }
        let scope = scope(&["catalog", "history"]);
        assert_eq!(scope.decode(&cursor, 4), Err(CursorMismatch));
        for broken in ["", "x", "////", &cursor[1..], &cursor[..cursor.len() - 1]] {
            assert_eq!(scope.decode(broken, 5), Err(CursorMismatch));
        }
    }

    #[test]
    fn a_key_of_one_id_is_read_as_that_only() {
        let scope = scope(&["tokens"]);
        let cursor = scope.encode_id(&"tk_7");
        assert_eq!(scope.decode_id::<String>(&cursor), Ok("tk_7".to_owned()));
        assert_eq!(scope.decode_id::<u32>(&cursor), Err(CursorMismatch));
        assert_eq!(scope.decode_id::<u32>(&scope.encode(&[Value::Int(7)])), Err(CursorMismatch));
    }

    proptest! {
        #[test]
        fn any_changed_character_is_noticed(at in 0usize..28, other in "[A-Za-z0-9_-]") {
            let scope = scope(&["q"]);
            let cursor = scope.encode_id(&"a-7");
            let mut changed = cursor.clone();
            changed.replace_range(at..=at, &other);
            prop_assert!(changed == cursor || scope.decode(&changed, 1).is_err());
        }

        #[test]
        fn arbitrary_cursors_are_read_without_harm(text in "\\PC*") {
            prop_assert!(scope(&["q"]).decode(&text, 1).is_err());
        }
    }
}
