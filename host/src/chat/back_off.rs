//! How long to wait before connecting again: twice as long each time, and at random, so that clients
//! that were cut off together do not come back together.

use std::time::Duration;

use crate::random;

const LEAST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);

/// The pauses between attempts.
#[derive(Debug)]
pub(super) struct BackOff {
    /// The longest that the next pause may be.
    next: Duration,
}

impl BackOff {
    pub(super) const fn new() -> Self {
        Self { next: LEAST }
    }

    /// The next pause, after a connection that was open for so long. One that has lasted longer than the
    /// pause would be was a good one, and pauses begin anew.
    pub(super) fn pause(&mut self, was_open: Duration) -> Duration {
        if was_open > self.next {
            self.next = LEAST;
        }
        let [byte] = random::bytes();
        let pause = jittered(self.next, byte);
        self.next = MOST.min(self.next * 2);
        pause
    }
}

/// Between a half and all of a pause ("equal jitter").
fn jittered(pause: Duration, random: u8) -> Duration {
    pause / 2 + pause / 2 * u32::from(random) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_half_a_second_to_thirty() {
        let mut back_off = BackOff::new();
        for most in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            let pause = back_off.pause(Duration::ZERO).as_secs_f64();
            assert!((most / 2.0..=most).contains(&pause), "{pause} of {most}");
        }
    }

    #[test]
    fn a_connection_that_lasted_longer_than_the_pause_would_be_begins_anew() {
        let mut back_off = BackOff::new();
        for _ in 0..4 {
            back_off.pause(Duration::ZERO);
        }
        assert!(
            back_off.pause(Duration::from_secs(7)) > LEAST,
            "8 s were next"
        );
        assert!(back_off.pause(Duration::from_secs(17)) <= LEAST);
    }

    #[test]
    fn jitter_reaches_from_a_half_to_all() {
        assert_eq!(jittered(MOST, 0), MOST / 2);
        assert_eq!(jittered(MOST, u8::MAX), MOST);
    }
}
