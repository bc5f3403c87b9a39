//! Which past moment is asked about? `?at=` an instant or a date, `?at_position=` a position.

use crate::problem::{Problem, ProblemType};
use domain::{position::Position, time::Time};
use jiff::{civil::Date, tz::TimeZone};
use projections::AsOf;

/// Reads an instant of a query.
pub fn instant(name: &str, text: &str) -> Result<Time, Problem> {
    text.parse().map_err(|error: domain::time::TimeError| {
        Problem::field(format!("query:{name}"), error.to_string())
    })
}

/// The last microsecond of a date, or the instant itself.
pub fn instant_or_end_of_date(name: &str, text: &str) -> Result<Time, Problem> {
    let Ok(date) = text.parse::<Date>() else { return instant(name, text) };
    if text.len() != "2026-11-21".len() {
        return instant(name, text);
    }
    let out_of_range = || Problem::field(format!("query:{name}"), "the date is out of range");
    let next = date.tomorrow().map_err(|_| out_of_range())?;
    let start = next.to_zoned(TimeZone::UTC).map_err(|_| out_of_range())?.timestamp();
    Time::from_micros(start.as_microsecond() - 1).map_err(|_| out_of_range())
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
                let detail = format!("{time} lies after now, {now}");
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
    fn what_is_no_moment_is_refused() {
        let now = time("2026-11-21T12:00:00Z");
        for text in ["yesterday", "", "2026-13-01", "20261121", "2026-11-21T12:00"] {
            let problem = parse_moment(Some(text), None, now).unwrap_err();
            assert_eq!(problem.kind(), ProblemType::InvalidField, "{text}");
        }
    }
}
