//! When echoes are due: after their delay, never before an earlier one, and together if they are
//! coalesced.

use std::time::{Duration, Instant};

use super::random::Random;
use crate::serve::behaviour::MessageBehaviour;

/// When the last echoes are due.
#[derive(Debug)]
pub(super) struct Schedule {
    random: Random,
    /// The latest due time without coalescing.
    last: Option<Instant>,
    /// When the last echoes that are coalesced leave.
    window_end: Option<Instant>,
}

impl Schedule {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            last: None,
            window_end: None,
        }
    }

    /// When the echo of a message is due that was received now.
    pub(super) fn due(&mut self, messages: &MessageBehaviour, now: Instant) -> Instant {
        let delayed = now + self.delay(messages);
        let due = self.last.map_or(delayed, |last| last.max(delayed));
        self.last = Some(due);
        if messages.coalesce.is_zero() {
            return due;
        }
        match self.window_end {
            Some(end) if due < end => end,
            _ => {
                let end = due + messages.coalesce;
                self.window_end = Some(end);
                end
            }
        }
    }

    /// A delay within the jitter.
    fn delay(&mut self, messages: &MessageBehaviour) -> Duration {
        let MessageBehaviour { delay, jitter, .. } = *messages;
        if jitter.is_zero() {
            return delay;
        }
        let chosen = self.random.up_to(2 * jitter);
        (delay + chosen).saturating_sub(jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// When echoes of messages are due that are received at these times, in milliseconds.
    fn due(messages: &MessageBehaviour, seed: u64, received: &[u32]) -> Vec<u128> {
        let start = Instant::now();
        let mut schedule = Schedule::new(seed);
        let due = received
            .iter()
            .map(|after| schedule.due(messages, start + *after * MILLISECOND) - start);
        due.map(|time| time.as_millis()).collect()
    }

    #[test]
    fn an_echo_waits_and_does_not_pass_an_earlier_one() {
        let mut messages = MessageBehaviour {
            delay: 100 * MILLISECOND,
            ..MessageBehaviour::default()
        };
        assert_eq!(due(&messages, 1, &[0, 3, 3, 50]), [100, 103, 103, 150]);
        messages.jitter = 200 * MILLISECOND;
        let received: Vec<u32> = (0..500).collect();
        let jittered = due(&messages, 1, &received);
        assert!(jittered.is_sorted());
        for (received, due) in received.iter().zip(&jittered) {
            // Not earlier than it is received, though the jitter is longer than the delay.
            assert!(*due >= u128::from(*received) && *due <= u128::from(*received) + 800);
        }
        assert_eq!(jittered, due(&messages, 1, &received), "the same seed");
        assert_ne!(jittered, due(&messages, 2, &received));
    }

    #[test]
    fn echoes_within_the_time_after_the_first_leave_together_at_its_end() {
        let messages = MessageBehaviour {
            coalesce: 100 * MILLISECOND,
            ..MessageBehaviour::default()
        };
        assert_eq!(
            due(&messages, 1, &[0, 1, 99, 100, 150, 200]),
            [100, 100, 100, 200, 200, 300]
        );
    }

    #[test]
    fn a_delay_moves_the_time_of_coalesced_echoes() {
        let messages = MessageBehaviour {
            delay: 30 * MILLISECOND,
            coalesce: 100 * MILLISECOND,
            ..MessageBehaviour::default()
        };
        assert_eq!(due(&messages, 1, &[0, 50, 99, 100]), [130, 130, 130, 230]);
    }
}
