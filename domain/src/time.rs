//! Instants: microseconds since 1970, written as RFC 3339 in UTC.

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{fmt, str::FromStr};

/// An instant in microseconds since 1970-01-01T00:00:00Z (UTC, without leap seconds).
///
/// Written as RFC 3339 with exactly six fraction digits, so that equal instants have equal text and
/// text order is time order.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    SerializeDisplay,
    DeserializeFromStr,
)]
pub struct Time(i64);

/// A text or number that is not an instant between the years 1 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid instant: RFC 3339 is expected, e.g. 2027-01-01T00:00:00Z")]
pub struct TimeError(String);

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since 1970; refuses what no RFC 3339 text can say.
    pub fn from_micros(micros: i64) -> Result<Self, TimeError> {
        let year = Timestamp::from_microsecond(micros)
            .map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).year())
            .map_err(|_| TimeError(micros.to_string()))?;
        if (1..=9999).contains(&year) {
            Ok(Self(micros))
        } else {
            Err(TimeError(micros.to_string()))
        }
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This instant moved by so many microseconds; stops at the ends of what an `i64` holds.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This instant moved by so many seconds.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The day in plain words, e.g. `1 January 2027`.
    pub fn day_in_words(self) -> String {
        self.timestamp().strftime("%-d %B %Y").to_string()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        PRINTER
            .print_timestamp(&self.timestamp(), jiff::fmt::StdFmtWrite(f))
            .map_err(|_| fmt::Error)
    }
}

impl FromStr for Time {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError(text.chars().take(64).collect());
        let parsed: Timestamp = text.parse().map_err(|_| error())?;
        Self::from_micros(parsed.as_microsecond()).map_err(|_| error())
    }
}

/// From when until when something holds; `None` = unbounded. The start belongs to it, the end does
/// not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First instant.
    pub starts_at: Option<Time>,
    /// First instant after it.
    pub ends_at: Option<Time>,
}

impl Window {
    /// Does the window hold at this instant?
    pub fn holds(&self, at: Time) -> bool {
        self.starts_at.is_none_or(|start| start <= at) && !self.ended(at)
    }

    /// Has the window's end passed at this instant?
    pub fn ended(&self, at: Time) -> bool {
        self.ends_at.is_some_and(|end| end <= at)
    }
}
