//! Paging parameters of lists, and the cursor of the next page.

use crate::problem::{Problem, ProblemType};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use projections::{Page, Total};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;

/// The most rows of a page.
pub(crate) const MAX_PAGE_ROWS: u32 = 200;
const DEFAULT_PAGE_ROWS: u32 = 50;
const SCOPE_TAG_BYTES: usize = 8;

/// The parameters of a plain list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// At most so many rows: 1 to 200, usually 50.
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// Count all rows too.
    #[serde(default)]
    pub count: bool,
}

impl ListQuery {
    /// The page that is asked for.
    pub fn page(self) -> Result<Page, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_PAGE_ROWS);
        if !(1..=MAX_PAGE_ROWS).contains(&limit) {
            return Err(Problem::field(
                "query:limit",
                format!("a whole number from 1 to {MAX_PAGE_ROWS} is expected"),
            ));
        }
        Ok(Page { limit, after: self.cursor, count: self.count })
    }
}

/// The place in a list whose rows are held in memory, bound to the list that it was given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCursor {
    scope: Vec<u8>,
    key: String,
}

impl RowCursor {
    fn scope_of(list: &str) -> Vec<u8> {
        Sha256::digest(list.as_bytes()).iter().take(SCOPE_TAG_BYTES).copied().collect()
    }

    /// The place after a row.
    pub fn after(list: &str, key: &str) -> Self {
        Self { scope: Self::scope_of(list), key: key.to_owned() }
    }

    /// The opaque text.
    pub fn encode(&self) -> String {
        let mut bytes = self.scope.clone();
        bytes.extend_from_slice(self.key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The key after which the list goes on; refused when it was given for another list.
    pub fn decode(list: &str, text: &str) -> Result<String, Problem> {
        let mismatch = || {
            let detail = "the cursor does not belong to this list, filter and order";
            Problem::new(ProblemType::CursorMismatch, detail)
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| mismatch())?;
        let (scope, key) = bytes.split_at_checked(SCOPE_TAG_BYTES).ok_or_else(mismatch)?;
        if scope != Self::scope_of(list) {
            return Err(mismatch());
        }
        String::from_utf8(key.to_vec()).map_err(|_| mismatch())
    }
}

/// A page of rows that are all in memory. Keys are unique; their order is the order of the list.
#[derive(Debug)]
pub struct RowPage<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// The cursor of the page after.
    pub next: Option<String>,
    /// How many in all, when asked.
    pub total: Option<Total>,
}

/// Takes the page that is asked for out of all rows.
pub fn paginate<R>(
    list: &str,
    page: &Page,
    rows: Vec<R>,
    key: impl Fn(&R) -> String,
) -> Result<RowPage<R>, Problem> {
    let after = page.after.as_deref().map(|text| RowCursor::decode(list, text)).transpose()?;
    let total = page
        .count
        .then(|| Total { value: u64::try_from(rows.len()).unwrap_or(u64::MAX), exact: true });
    let mut keyed: Vec<(String, R)> = rows.into_iter().map(|row| (key(&row), row)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.retain(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = keyed.len() > limit;
    keyed.truncate(limit);
    let next = keyed.last().filter(|_| more).map(|(key, _)| RowCursor::after(list, key).encode());
    Ok(RowPage { rows: keyed.into_iter().map(|(_, row)| row).collect(), next, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: u32, after: Option<String>) -> Page {
        Page { limit, after, count: true }
    }

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        let all: Vec<u32> = (0..7).collect();
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let found = paginate("l", &page(3, after), all.clone(), ToString::to_string).unwrap();
            assert_eq!(found.total, Some(Total { value: 7, exact: true }));
            seen.extend(found.rows);
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = RowCursor::after("a", "1").encode();
        let problem = paginate("b", &page(3, Some(cursor)), vec![1], ToString::to_string);
        assert_eq!(problem.unwrap_err().kind(), ProblemType::CursorMismatch);
    }
}
