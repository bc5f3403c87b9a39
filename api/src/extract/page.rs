//! Paging parameters of lists, and the cursor of the next page.

use crate::problem::Problem;
use projections::{CursorScope, Page, Total};
use serde::Deserialize;
use utoipa::IntoParams;

/// The most rows of a page.
pub(crate) const MAX_PAGE_ROWS: u32 = 200;
const DEFAULT_PAGE_ROWS: u32 = 50;

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
    let cursors = CursorScope::new(&[list]);
    let after = page.after.as_deref().map(|text| cursors.decode_id::<String>(text)).transpose()?;
    let total = page
        .count
        .then(|| Total { value: u64::try_from(rows.len()).unwrap_or(u64::MAX), exact: true });
    let mut keyed: Vec<(String, R)> = rows.into_iter().map(|row| (key(&row), row)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.retain(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = keyed.len() > limit;
    keyed.truncate(limit);
    let next = keyed.last().filter(|_| more).map(|(key, _)| cursors.encode_id(key));
    Ok(RowPage { rows: keyed.into_iter().map(|(_, row)| row).collect(), next, total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ProblemType;

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
        let cursor = CursorScope::new(&["a"]).encode_id(&1);
        let problem = paginate("b", &page(3, Some(cursor)), vec![1], ToString::to_string);
        assert_eq!(problem.unwrap_err().kind(), ProblemType::CursorMismatch);
    }
}
