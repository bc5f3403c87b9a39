//! Page tokens of searches.
//!
//! A token is opaque to clients. It carries where the next page begins, the page size and the
//! position of the page before, and a tag over that and the whole question: one of another
//! question, or a changed one, is refused. A node that is before that position has to wait for it:
//! it may not know what the page begins after.

use super::request::{Object, PageRequested};
use crate::problem::{Problem, ProblemType};
use domain::position::Position;
use projections::CursorScope;
use serde::Serialize;
use utoipa::ToSchema;

/// The most results of a page; a longer limit gets so many.
pub(super) const MAX_RESULTS: u16 = 1_000;
/// Results of a page when no limit is asked for.
const DEFAULT_RESULTS: u16 = 100;

/// The `page` of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageBody {
    /// Send it as `page.token` for the next page; empty = this is the last.
    pub next_token: String,
    /// Results of this page.
    pub count: usize,
}

/// The page that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SearchPage {
    /// At most so many results.
    pub(super) limit: usize,
    /// The last result of the page before.
    pub(super) after: Option<String>,
    /// The position that the page before was found at.
    pub(super) position: Position,
    asked: u16,
    cursors: CursorScope,
}

impl SearchPage {
    /// Reads the `page` of a request on this question.
    pub(super) fn new(
        asked: Option<&Object<PageRequested<'_>>>,
        cursors: CursorScope,
    ) -> Result<Self, Problem> {
        let limit = asked.and_then(|page| page.0.limit);
        let limit = limit.map(|limit| u16::try_from(limit).unwrap_or(u16::MAX).min(MAX_RESULTS));
        let token = asked.and_then(|page| page.0.token.as_deref());
        let (asked, position, after) = match token {
            None => (limit.unwrap_or(DEFAULT_RESULTS), Position::START, None),
            Some(text) => {
                let (asked, position, after) = decode(cursors, text)?;
                if limit.is_some_and(|limit| limit != asked) {
                    let detail = "page.limit differs from that of the page before";
                    return Err(Problem::new(ProblemType::CursorMismatch, detail));
                }
                (asked, position, after)
            }
        };
        Ok(Self { limit: usize::from(asked), after, position, asked, cursors })
    }

    /// The `page` of the answer at a position, when results of another page begin after `next`.
    pub(super) fn body(&self, count: usize, next: Option<&str>, at: Position) -> PageBody {
        let next_token = next.map(|after| self.encode(after, at)).unwrap_or_default();
        PageBody { next_token, count }
    }

    /// So many results are looked for: also when none is wanted, to say whether there are any.
    pub(super) fn wanted(&self) -> usize {
        self.limit.max(1)
    }

    /// The page out of what was found, and after which result the next one begins.
    pub(super) fn cut<R>(
        &self,
        mut found: Vec<R>,
        next: Option<String>,
    ) -> (Vec<R>, Option<String>) {
        if self.limit == 0 && !found.is_empty() {
            found.clear();
            return (found, Some(self.after.clone().unwrap_or_default()));
        }
        (found, next)
    }

    /// What stands on the page of results that are all in memory. `all` has the names of whatever
    /// could be a result, in their order: the last one of the page before may be none any more.
    pub(super) fn take<R>(
        &self,
        results: impl Iterator<Item = R>,
        all: &[&str],
        name: impl Fn(&R) -> &str,
    ) -> (Vec<R>, Option<String>) {
        let place = |name: &str| all.iter().position(|one| *one == name);
        let begin = self.after.as_deref().and_then(place);
        let mut found: Vec<R> = results.filter(|result| place(name(result)) > begin).collect();
        let more = found.len() > self.wanted();
        found.truncate(self.wanted());
        let next = found.last().filter(|_| more).map(|last| name(last).to_owned());
        self.cut(found, next)
    }

    fn encode(&self, after: &str, at: Position) -> String {
        self.cursors.encode(&[u32::from(self.asked).into(), at.into(), after.into()])
    }
}

type PageStart = (u16, Position, Option<String>);

fn decode(cursors: CursorScope, text: &str) -> Result<PageStart, Problem> {
    let read = || {
        let key = cursors.decode(text, 3).ok()?;
        let [asked, position, after] = key.as_slice() else { return None };
        let after = Some(after.text().ok()?.to_owned()).filter(|after| !after.is_empty());
        Some((u16::try_from(asked.int().ok()?).ok()?, position.position().ok()?, after))
    };
    read().ok_or_else(|| {
        let detail = "page.token does not belong to this question";
        Problem::new(ProblemType::CursorMismatch, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::super::request;
    use super::*;
    use proptest::prelude::*;

    fn page(text: &str, of: &[&str]) -> Result<SearchPage, Problem> {
        let asked = request::read::<Object<PageRequested<'_>>>(text.as_bytes()).unwrap();
        SearchPage::new(Some(&asked), CursorScope::new(of))
    }

    #[test]
    fn a_token_carries_on_with_the_same_limit_named_or_not() {
        let first = page(r#"{"limit":2}"#, &["q"]).unwrap();
        let token = first.body(2, Some("a-7"), Position(42)).next_token;
        for next in
            [format!(r#"{{"token":"{token}"}}"#), format!(r#"{{"token":"{token}","limit":2}}"#)]
        {
            let next = page(&next, &["q"]).unwrap();
            assert_eq!((next.limit, next.after.as_deref()), (2, Some("a-7")));
            assert_eq!(next.position, Position(42));
        }
        let other = page(&format!(r#"{{"token":"{token}","limit":3}}"#), &["q"]).unwrap_err();
        assert_eq!(other.kind(), ProblemType::CursorMismatch);
    }

    #[test]
    fn a_token_of_another_question_is_refused() {
        let token =
            page("{}", &["q", "1"]).unwrap().body(100, Some("a-7"), Position(42)).next_token;
        for other in [&["q", "2"] as &[&str], &["q1"], &["q", "1", ""]] {
            let refused = page(&format!(r#"{{"token":"{token}"}}"#), other).unwrap_err();
            assert_eq!(refused.kind(), ProblemType::CursorMismatch);
        }
    }

    #[test]
    fn the_last_page_says_so_and_limits_are_bounded() {
        let asked = page(r#"{"limit":18446744073709551615}"#, &[]).unwrap();
        assert_eq!(asked.limit, usize::from(MAX_RESULTS));
        let last = asked.body(3, None, Position(42));
        assert_eq!(last, PageBody { next_token: String::new(), count: 3 });
        assert_eq!(
            SearchPage::new(None, CursorScope::new(&[])).unwrap().limit,
            usize::from(DEFAULT_RESULTS)
        );
        assert!(request::read::<Object<PageRequested<'_>>>(br#"{"limit":-1}"#).is_err());
        assert!(request::read::<Object<PageRequested<'_>>>(br#"{"limit":1.5}"#).is_err());
    }

    #[test]
    fn results_in_memory_come_in_pages() {
        let all = ["browse", "view", "copy"];
        let take = |page: &SearchPage| page.take(all.iter(), &all, |name| name);
        let first = page(r#"{"limit":2}"#, &[]).unwrap();
        let (rows, next) = take(&first);
        assert_eq!((rows, next.as_deref()), (vec![&"browse", &"view"], Some("view")));
        let token = first.body(2, next.as_deref(), Position(1)).next_token;
        let second = page(&format!(r#"{{"token":"{token}"}}"#), &[]).unwrap();
        assert_eq!(take(&second), (vec![&"copy"], None));
        // Also when what it begins after is no result any more.
        let fewer = second.take(["browse", "copy"].iter(), &all, |name| name);
        assert_eq!(fewer, (vec![&"copy"], None));
        let nothing = page(r#"{"limit":0}"#, &[]).unwrap();
        let (rows, next) = take(&nothing);
        assert!(
            rows.is_empty() && !nothing.body(0, next.as_deref(), Position(1)).next_token.is_empty()
        );
    }

    proptest! {
        #[test]
        fn any_changed_character_is_noticed(at in 0usize..40, other in "[A-Za-z0-9_-]") {
            let token = page("{}", &["q"]).unwrap().body(1, Some("a-7"), Position(42)).next_token;
            let mut changed = token.clone();
            changed.replace_range(at..=at, &other);
            let read = page(&format!(r#"{{"token":"{changed}"}}"#), &["q"]);
            prop_assert!(changed == token || read.is_err());
        }

        #[test]
        fn arbitrary_tokens_are_read_without_harm(text in "[ -!#-\\[\\]-~]*") {
            let asked = format!(r#"{{"token":"{text}"}}"#);
            prop_assert!(page(&asked, &["q"]).is_err());
        }
    }
}
