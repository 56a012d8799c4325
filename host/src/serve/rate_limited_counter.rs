//! Counts events that are too frequent to log each of them: they are reported together.

use std::time::{Duration, Instant};

/// The least time between two reports.
const INTERVAL: Duration = Duration::from_secs(1);

/// The events since the last report.
#[derive(Debug, Default)]
pub(crate) struct RateLimitedCounter {
    count: u64,
    reported: Option<Instant>,
}

impl RateLimitedCounter {
    /// No events yet.
    pub(crate) const NONE: Self = Self {
        count: 0,
        reported: None,
    };

    /// Counts an event. Returns how many there were since the last report, if a report is due.
    pub(crate) fn add(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        let is_due = |reported| now.saturating_duration_since(reported) >= INTERVAL;
        if !self.reported.is_none_or(is_due) {
            return None;
        }
        self.reported = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_is_reported_at_once_and_the_others_once_a_second() {
        let start = Instant::now();
        let mut counter = RateLimitedCounter::default();
        assert_eq!(counter.add(start), Some(1));
        for milliseconds in [0, 1, 999] {
            assert_eq!(
                counter.add(start + Duration::from_millis(milliseconds)),
                None
            );
        }
        assert_eq!(counter.add(start + INTERVAL), Some(4));
        assert_eq!(counter.add(start + INTERVAL), None);
    }
}
