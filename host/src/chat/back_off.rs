//! How long to wait before reconnecting: twice as long each time, with jitter, so that clients that
//! were disconnected together do not reconnect together; and as long as the server asks for.

use std::time::Duration;

use crate::random;

const LEAST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);
/// The longest pause that a server can ask for.
const ASKED_MAX: Duration = Duration::from_secs(60 * 60);

/// The pauses between attempts.
#[derive(Debug)]
pub(super) struct BackOff {
    /// The upper bound of the next pause.
    next: Duration,
}

impl BackOff {
    pub(super) const fn new() -> Self {
        Self { next: LEAST }
    }

    /// The next pause, after a connection that was open for `was_open`. If that was longer than the
    /// pause would be, the pauses start again from the shortest. `asked` is the least that the
    /// server asks for.
    pub(super) fn pause(&mut self, was_open: Duration, asked: Duration) -> Duration {
        if was_open > self.next {
            self.next = LEAST;
        }
        let [byte] = random::bytes();
        let pause = jittered(self.next, byte);
        self.next = MOST.min(self.next * 2);
        pause.max(asked.min(ASKED_MAX))
    }
}

/// Between half of a pause and all of it ("equal jitter").
fn jittered(pause: Duration, random: u8) -> Duration {
    pause / 2 + pause / 2 * u32::from(random) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_ASKED: Duration = Duration::ZERO;

    #[test]
    fn pauses_double_from_half_a_second_to_thirty() {
        let mut back_off = BackOff::new();
        for most in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            let pause = back_off.pause(Duration::ZERO, NOT_ASKED).as_secs_f64();
            assert!((most / 2.0..=most).contains(&pause), "{pause} of {most}");
        }
    }

    #[test]
    fn a_connection_that_outlasts_the_pause_resets_it() {
        let mut back_off = BackOff::new();
        for _ in 0..4 {
            back_off.pause(Duration::ZERO, NOT_ASKED);
        }
        assert!(
            back_off.pause(Duration::from_secs(7), NOT_ASKED) > LEAST,
            "the next was up to 8 s"
        );
        assert!(back_off.pause(Duration::from_secs(17), NOT_ASKED) <= LEAST);
    }

    #[test]
    fn a_server_may_ask_for_a_longer_pause_of_up_to_an_hour() {
        let hour = Duration::from_secs(3600);
        for (asked, expected) in [(2, 2), (3600, 3600), (3601, 3600), (u64::MAX, 3600)] {
            let pause = BackOff::new().pause(Duration::ZERO, Duration::from_secs(asked));
            assert_eq!(pause, Duration::from_secs(expected));
        }
        let mut back_off = BackOff::new();
        back_off.pause(Duration::ZERO, hour);
        let pause = back_off.pause(Duration::ZERO, NOT_ASKED);
        assert!((LEAST..=2 * LEAST).contains(&pause), "{pause:?}");
    }

    #[test]
    fn jitter_is_between_half_of_the_pause_and_all_of_it() {
        assert_eq!(jittered(MOST, 0), MOST / 2);
        assert_eq!(jittered(MOST, u8::MAX), MOST);
    }
}
