//! Pauses between attempts, which double up to a limit.

use std::time::Duration;

/// The pause before the next attempt.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    pause: Duration,
    min: Duration,
    max: Duration,
}

impl Backoff {
    /// Begins with the shortest pause.
    pub const fn new(min: Duration, max: Duration) -> Self {
        Self { pause: min, min, max }
    }

    /// The pause that is due; the next one is twice as long.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(self.max);
        pause
    }

    /// Sleeps for the pause that is due.
    pub async fn sleep(&mut self) {
        tokio::time::sleep(self.next_pause()).await;
    }

    /// Begins again with the shortest pause, after a success.
    pub const fn reset(&mut self) {
        self.pause = self.min;
    }
}
