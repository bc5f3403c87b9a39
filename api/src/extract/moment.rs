//! The past moment of a question: `?at=` an instant or a date, `?at_position=` a position.

use crate::problem::{Problem, ProblemType};
use domain::{
    position::Position,
    time::{Time, TimeError},
};
use jiff::{civil::Date, tz::TimeZone};
use projections::AsOf;

/// A whole date.
fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == "2026-11-21".len())
}

/// Reads an instant of a query.
fn instant(name: &str, text: &str) -> Result<Time, Problem> {
    text.parse().map_err(|_: TimeError| {
        let mut detail = format!(
            "`{}` is no instant and no date: one like 2027-01-01T00:00:00Z (RFC 3339) or \
             2027-01-01 is expected",
            text.chars().take(64).collect::<String>()
        );
        // In a query a + that is not encoded stands for a space.
        let with_plus = text.rsplit_once(' ').map(|(time, zone)| format!("{time}+{zone}"));
        if with_plus.is_some_and(|text| text.parse::<Time>().is_ok()) {
            detail.push_str("; write the + before an offset as %2B, or give the time in UTC");
        }
        Problem::field(format!("query:{name}"), detail)
    })
}

/// The last microsecond of a date, or the instant itself.
pub fn instant_or_end_of_date(name: &str, text: &str) -> Result<Time, Problem> {
    let Some(date) = date(text) else { return instant(name, text) };
    let out_of_range = || Problem::field(format!("query:{name}"), "the date is out of range");
    let next = date.tomorrow().map_err(|_| out_of_range())?;
    let start = next.to_zoned(TimeZone::UTC).map_err(|_| out_of_range())?.timestamp();
    Time::from_micros(start.as_microsecond() - 1).map_err(|_| out_of_range())
}

/// A bound of a range: a date stands for its beginning, or as `end` for the first instant after it.
pub fn bound(name: &str, text: Option<&str>, end: bool) -> Result<Option<Time>, Problem> {
    let Some(text) = text else { return Ok(None) };
    if date(text).is_none() {
        return instant(name, text).map(Some);
    }
    let next_day = instant_or_end_of_date(name, text)?.plus_micros(1);
    Ok(Some(if end { next_day } else { next_day.plus_seconds(-86_400) }))
}

/// The moment of a question, which must not lie in the future.
pub fn parse_moment(
    at: Option<&str>,
    at_position: Option<u64>,
    now: Time,
) -> Result<AsOf, Problem> {
    match (at, at_position) {
        (None, None) => Ok(AsOf::Now),
        (Some(_), Some(_)) => {
            Err(Problem::field("query:at_position", "send `at` or `at_position`, not both"))
        }
        (None, Some(0)) => Err(Problem::field("query:at_position", "positions begin with 1")),
        (None, Some(position)) => Ok(AsOf::Position(Position(position))),
        (Some(text), None) => {
            let time = instant_or_end_of_date("at", text)?;
            if time > now {
                let detail = if date(text).is_some() {
                    format!(
                        "a date stands for its end, and {time} lies after now, {now}: name an \
                         instant of this day, or leave `at` out to ask about now"
                    )
                } else {
                    format!("{time} lies after now, {now}; leave `at` out to ask about now")
                };
                return Err(Problem::new(ProblemType::TimeInFuture, detail));
            }
            Ok(AsOf::Time(time))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn a_date_stands_for_its_end() {
        let now = time("2026-11-22T12:00:00Z");
        let as_of = parse_moment(Some("2026-11-21"), None, now).unwrap();
        assert_eq!(as_of, AsOf::Time(time("2026-11-21T23:59:59.999999Z")));
    }

    #[test]
    fn the_future_is_refused() {
        let now = time("2026-11-21T12:00:00Z");
        for text in ["2026-11-21T12:00:00.000001Z", "2026-11-21", "2027-01-01"] {
            let problem = parse_moment(Some(text), None, now).unwrap_err();
            assert_eq!(problem.kind(), ProblemType::TimeInFuture, "{text}");
        }
    }

    #[test]
    fn a_bound_that_is_a_date_takes_the_whole_day_in() {
        let read = |text, end| bound("from", Some(text), end).unwrap();
        assert_eq!(read("2026-11-21", false), Some(time("2026-11-21T00:00:00Z")));
        assert_eq!(read("2026-11-21", true), Some(time("2026-11-22T00:00:00Z")));
        for end in [false, true] {
            assert_eq!(read("2026-11-21T12:00:00Z", end), Some(time("2026-11-21T12:00:00Z")));
        }
    }

    #[test]
    fn a_lost_plus_is_told() {
        let now = time("2026-11-21T12:00:00Z");
        let problem = parse_moment(Some("2026-11-20T12:00:00 01:00"), None, now).unwrap_err();
        assert!(problem.detail().contains("%2B"), "{}", problem.detail());
        let problem = parse_moment(Some("long ago"), None, now).unwrap_err();
        assert!(!problem.detail().contains("%2B"), "{}", problem.detail());
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        let now = time("2026-11-21T12:00:00Z");
        for text in ["yesterday", "", "2026-13-01", "20261121", "2026-11-21T12:00"] {
            let problem = parse_moment(Some(text), None, now).unwrap_err();
            assert_eq!(problem.kind(), ProblemType::InvalidField, "{text}");
        }
    }
}
