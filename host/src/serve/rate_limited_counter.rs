//! What happens too often to be told each time: it is counted, and told once in a while.

use std::time::{Duration, Instant};

/// How often it is told.
const INTERVAL: Duration = Duration::from_secs(1);

/// How often something has happened that was not told yet.
#[derive(Debug, Default)]
pub(crate) struct RateLimitedCounter {
    count: u64,
    told: Option<Instant>,
}

impl RateLimitedCounter {
    /// Counts once more. Returns how often it has happened since this was returned last, if that is to be
    /// told now.
    pub(crate) fn add(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        let is_late = |told| now.saturating_duration_since(told) >= INTERVAL;
        if !self.told.is_none_or(is_late) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_are_once_a_second() {
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
