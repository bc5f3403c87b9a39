//! The schedule of retries, as Standard Webhooks recommends: over some days.

use std::{str::FromStr, time::Duration};

/// An event that the receiver refuses (4xx) is given up after so many tries: it would hold up those
/// behind it for nothing.
const MAX_REFUSALS: u32 = 3;
/// The longest `Retry-After` that is honoured.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The pauses between the attempts to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

impl Default for RetrySchedule {
    fn default() -> Self {
        let seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        Self(seconds.map(Duration::from_secs).to_vec())
    }
}

impl FromStr for RetrySchedule {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "1 to 50 numbers of seconds, separated by commas, at most 604800 each";
        let pauses: Option<Vec<Duration>> = text
            .split(',')
            .map(|part| part.trim().parse().ok().filter(|seconds| *seconds <= 604_800))
            .map(|seconds| seconds.map(Duration::from_secs))
            .collect();
        pauses.filter(|all| (1..=50).contains(&all.len())).map(Self).ok_or(RULE)
    }
}

impl RetrySchedule {
    /// The pause after so many attempts; `None` = that was the last one. `part` (0 to 1) is how
    /// much of the jitter, a fifth of the pause, is added.
    pub(crate) fn pause(
        &self,
        attempts: u32,
        refused: bool,
        asked: Option<Duration>,
        part: f64,
    ) -> Option<Duration> {
        if refused && attempts >= MAX_REFUSALS {
            return None;
        }
        let place = usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1);
        let pause = *self.0.get(place)?;
        let pause = pause.max(asked.unwrap_or_default().min(MAX_RETRY_AFTER));
        Some(pause + pause.mul_f64(part.clamp(0.0, 1.0) / 5.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_is_down_is_tried_for_three_days() {
        let schedule = RetrySchedule::default();
        let pauses: Vec<_> =
            (1..).map_while(|attempts| schedule.pause(attempts, false, None, 0.0)).collect();
        assert_eq!(pauses.len(), 9);
        assert_eq!(pauses.first(), Some(&Duration::from_secs(5)));
        let all: Duration = pauses.iter().sum();
        assert!(all > Duration::from_hours(72), "{all:?}");
    }

    #[test]
    fn a_refused_event_is_given_up_early() {
        let schedule = RetrySchedule::default();
        assert!(schedule.pause(2, true, None, 0.0).is_some());
        assert_eq!(schedule.pause(3, true, None, 0.0), None);
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_pause_and_jitter_only_adds() {
        let schedule = RetrySchedule::default();
        let minute = Duration::from_mins(1);
        assert_eq!(schedule.pause(1, false, Some(minute), 0.0), Some(minute));
        assert_eq!(schedule.pause(1, false, None, 1.0), Some(Duration::from_secs(6)));
    }

    #[test]
    fn a_schedule_is_a_list_of_seconds() {
        assert_eq!("1, 2".parse(), Ok(RetrySchedule([1, 2].map(Duration::from_secs).to_vec())));
        for wrong in ["", "x", "1,,2", "-1", "604801"] {
            assert!(wrong.parse::<RetrySchedule>().is_err(), "{wrong}");
        }
    }
}
