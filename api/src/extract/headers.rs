//! Request headers: conditions, consistency, reason, idempotency key; all strict.

use super::{PositionToken, query::canonical};
use crate::{
    problem::{Problem, ProblemType},
    routing::{Contract, Takes},
    state::AppState,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use commands::Caller;
use domain::{aggregate::Condition, position::Position};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// Longest reason, in characters.
pub(super) const MAX_REASON_CHARS: usize = 1_000;
/// Longest ticket, in characters.
pub(super) const MAX_TICKET_CHARS: usize = 200;

/// What a request says beside its body.
#[derive(Debug, Clone)]
pub struct RequestMeta {
    /// Who calls, as the gate established it.
    pub caller: Caller,
    /// `Idempotency-Key`.
    pub key: Option<String>,
    /// `Sharelog-Reason`, decoded.
    pub reason: Option<String>,
    /// `Sharelog-Ticket`.
    pub ticket: Option<String>,
    /// `If-Match` and `If-None-Match`.
    pub preconditions: Preconditions,
    /// `Sharelog-At-Least`.
    pub at_least: Option<Position>,
    /// `Prefer: wait=N`.
    pub wait: Option<Duration>,
    /// The trace id of `traceparent`.
    pub trace: Option<String>,
    /// Method, path and query, without what does not change the meaning.
    pub line: String,
}

/// The conditional headers as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// `If-Match`.
    pub matches: Option<Tag>,
    /// `If-None-Match`.
    pub none_match: Option<Tag>,
}

/// An entity tag or `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// `*`
    Any,
    /// A version. Tags that were never ours have the last version that can be, which nothing has.
    Version(Position),
}

impl Preconditions {
    /// The condition of a command.
    pub fn command(&self) -> Result<Condition, Problem> {
        match (self.matches, self.none_match) {
            (None, None) => Ok(Condition::None),
            (Some(Tag::Any), None) => Ok(Condition::Exists),
            (Some(Tag::Version(version)), None) => Ok(Condition::Version(version)),
            (None, Some(Tag::Any)) => Ok(Condition::Absent),
            (None, Some(Tag::Version(_))) => {
                Err(Problem::field("header:If-None-Match", "commands take `*` only"))
            }
            (Some(_), Some(_)) => {
                let detail = "send If-Match or If-None-Match, not both";
                Err(Problem::field("header:If-None-Match", detail))
            }
        }
    }

    /// Does the caller of a query hold this version already?
    pub fn holds(&self, version: Position) -> bool {
        match self.none_match {
            Some(Tag::Any) => true,
            Some(Tag::Version(known)) => known == version,
            None => false,
        }
    }
}

/// Is a header there? Requests have few headers and rarely one of ours: comparing lengths is
/// cheaper than looking a name up.
pub(crate) fn is_sent(headers: &HeaderMap, name: &str) -> bool {
    headers.keys().any(|known| known.as_str().eq_ignore_ascii_case(name))
}

/// The one value of a header as text; several are refused.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    if !is_sent(headers, name) {
        return Ok(None);
    }
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::field(format!("header:{name}"), "is sent more than once"));
    }
    let text = value.to_str().map_err(|_| {
        Problem::field(format!("header:{name}"), "has characters other than printable ASCII")
    })?;
    Ok(Some(text.trim()))
}

fn tag(headers: &HeaderMap, name: &str) -> Result<Option<Tag>, Problem> {
    let Some(text) = single(headers, name)? else { return Ok(None) };
    if text == "*" {
        return Ok(Some(Tag::Any));
    }
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inner| !inner.contains('"'))
        .ok_or_else(|| {
            let detail = "one quoted version is expected, as the ETag was answered, or *";
            Problem::field(format!("header:{name}"), detail)
        })?;
    Ok(Some(Tag::Version(inner.parse().map_or(Position(u64::MAX), Position))))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const NAME: &str = "Idempotency-Key";
    let Some(text) = single(headers, NAME)? else { return Ok(None) };
    let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if printable && (1..=255).contains(&text.len()) {
        Ok(Some(text.to_owned()))
    } else {
        Err(Problem::field("header:Idempotency-Key", "1 to 255 printable ASCII characters"))
    }
}

/// Do two hexadecimal digits stand behind every `%`?
fn is_percent_encoded(text: &str) -> bool {
    let digits = |part: &str| {
        part.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    text.split('%').skip(1).all(digits)
}

fn text(headers: &HeaderMap, name: &str, longest: usize) -> Result<Option<String>, Problem> {
    let Some(raw) = single(headers, name)? else { return Ok(None) };
    let pointer = format!("header:{name}");
    if !is_percent_encoded(raw) {
        let detail = "is no percent-encoded text: two hexadecimal digits belong behind each %, \
                      and a % itself is written %25";
        return Err(Problem::field(pointer, detail));
    }
    let decoded = percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| Problem::field(&pointer, "is no percent-encoded UTF-8 text"))?;
    if decoded.trim().is_empty() {
        return Err(Problem::field(pointer, "is empty; leave it out instead"));
    }
    if decoded.chars().count() > longest {
        return Err(Problem::field(pointer, format!("has more than {longest} characters")));
    }
    Ok(Some(decoded.into_owned()))
}

/// `Sharelog-At-Least`.
pub(crate) fn at_least(headers: &HeaderMap, app: &AppState) -> Result<Option<Position>, Problem> {
    const NAME: &str = "Sharelog-At-Least";
    let Some(text) = single(headers, NAME)? else { return Ok(None) };
    let token = PositionToken::decode(text).ok_or_else(|| {
        Problem::field("header:Sharelog-At-Least", "is no value of Sharelog-Position")
    })?;
    if token.log != app.commands.log_id() {
        let detail = "Sharelog-At-Least names a position of another deployment's log";
        return Err(Problem::new(ProblemType::ForeignPosition, detail));
    }
    Ok(Some(token.position))
}

/// `Prefer: wait=N` (RFC 7240); other preferences are ignored, as the standard wants.
pub(crate) fn wait(headers: &HeaderMap, longest: Duration) -> Result<Option<Duration>, Problem> {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut found = None;
    for preference in preferences.flat_map(|value| value.split([',', ';'])) {
        let Some((name, value)) = preference.split_once('=') else { continue };
        if !name.trim().eq_ignore_ascii_case("wait") {
            continue;
        }
        let seconds: u64 = value.trim().trim_matches('"').parse().map_err(|_| {
            Problem::field("header:Prefer", "wait is a number of seconds, e.g. wait=5")
        })?;
        found = found.or(Some(Duration::from_secs(seconds).min(longest)));
    }
    Ok(found)
}

/// The trace id of a valid `traceparent`; others are ignored, as W3C Trace Context wants.
fn trace(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = text.split('-');
    let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
    let flags = parts.next()?;
    let zero = |part: &str| part.bytes().all(|b| b == b'0');
    let valid = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16);
    (valid && hex(flags, 2) && !zero(trace) && !zero(parent)).then(|| trace.to_owned())
}

impl RequestMeta {
    /// Reads the head of a request.
    pub fn read(parts: &Parts, app: &AppState) -> Result<Self, Problem> {
        let headers = &parts.headers;
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
            Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
                .because("a handler was reached without passing the gate")
        })?;
        let query = canonical(parts.uri.query().unwrap_or_default());
        Ok(Self {
            caller,
            key: key(headers)?,
            reason: text(headers, "Sharelog-Reason", MAX_REASON_CHARS)?,
            ticket: text(headers, "Sharelog-Ticket", MAX_TICKET_CHARS)?,
            preconditions: Preconditions {
                matches: tag(headers, "If-Match")?,
                none_match: tag(headers, "If-None-Match")?,
            },
            at_least: at_least(headers, app)?,
            wait: wait(headers, app.limits.longest_wait)?,
            trace: trace(headers),
            line: format!("{} {}?{query}", parts.method, parts.uri.path()),
        })
    }
}

impl RequestMeta {
    /// The position of an answer from what the write side knows, read at a position after the one
    /// that the caller named was waited for. An entity that changed last before that was read at it
    /// all the same: a caller who keeps the last position that it was told never falls behind what
    /// it has seen.
    pub fn position_of(&self, read: Position) -> Position {
        read.max(self.at_least.unwrap_or_default())
    }
}

impl Takes for RequestMeta {
    fn describe(_: &mut Contract) {}
}

impl FromRequestParts<AppState> for RequestMeta {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        Self::read(parts, app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))])
    }

    #[test]
    fn a_tag_is_one_quoted_version_or_a_star() {
        let read = |value| tag(&headers("if-match", value), "if-match");
        assert_eq!(read("\"42\"").unwrap(), Some(Tag::Version(Position(42))));
        assert_eq!(read("*").unwrap(), Some(Tag::Any));
        assert_eq!(read("\"of-another\"").unwrap(), Some(Tag::Version(Position(u64::MAX))));
        for wrong in ["42", "W/\"42\"", "\"41\", \"42\"", ""] {
            assert_eq!(read(wrong).unwrap_err().kind(), ProblemType::InvalidField, "{wrong}");
        }
    }

    #[test]
    fn a_wait_is_bounded() {
        let longest = Duration::from_secs(30);
        let read = |value| wait(&headers("prefer", value), longest);
        assert_eq!(read("wait=5").unwrap(), Some(Duration::from_secs(5)));
        assert_eq!(read("respond-async, wait=600").unwrap(), Some(longest));
        assert_eq!(read("return=minimal").unwrap(), None);
        assert_eq!(read("wait=soon").unwrap_err().kind(), ProblemType::InvalidField);
    }

    #[test]
    fn only_a_valid_traceparent_names_a_trace() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let read = |value| trace(&headers("traceparent", value));
        assert_eq!(read(valid).as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(read("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
        assert_eq!(read("nonsense"), None);
    }

    #[test]
    fn a_reason_is_percent_encoded() {
        let read = |value| text(&headers("sharelog-reason", value), "sharelog-reason", 10);
        assert_eq!(read("f%C3%BCr%20uns").unwrap().as_deref(), Some("für uns"));
        assert!(read("%FF").is_err());
        for wrong in ["100%", "100% so", "%zz", "%2", "%%20"] {
            assert!(read(wrong).unwrap_err().detail().contains("%25"), "{wrong}");
        }
        assert!(read("far%20too%20long").is_err());
    }
}
