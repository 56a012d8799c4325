//! What a server sends before the client's first message, left out on both sides if the user wants
//! that.

use std::time::{Duration, Instant};

use super::seen::Seen;
use crate::options::replay::Greeting;

/// How long a server must be silent before its greeting is over.
const SILENCE: Duration = Duration::from_millis(300);

/// Leaves out the greeting.
#[derive(Debug)]
pub(super) struct GreetingFilter {
    greeting: Greeting,
    /// Whether the client's first message is sent.
    is_ended: bool,
    /// How many messages were left out.
    recorded: u64,
    received: u64,
    /// When something was last received.
    received_at: Instant,
    /// Until when a greeting is waited for.
    until: Instant,
}

impl GreetingFilter {
    /// Begins when the connection is open, with the time for each answer.
    pub(super) fn new(greeting: Greeting, timeout: Duration, now: Instant) -> Self {
        Self {
            greeting,
            is_ended: greeting == Greeting::Compared,
            recorded: 0,
            received: 0,
            received_at: now,
            until: now + timeout,
        }
    }

    /// Whether something that was received is a part of the greeting. If so, it is counted.
    pub(super) fn leaves_out_received(&mut self, seen: &Seen, now: Instant) -> bool {
        let is_left_out = !self.is_ended && !seen.is_last();
        if is_left_out {
            self.received += 1;
            self.received_at = now;
        }
        is_left_out
    }

    /// Whether something that was recorded is a part of the greeting. If so, it is counted.
    pub(super) fn leaves_out_recorded(&mut self, seen: &Seen) -> bool {
        let is_left_out = !self.is_ended && !seen.is_last();
        self.recorded += u64::from(is_left_out);
        is_left_out
    }

    /// Whether the client's first message can be sent: as much as was recorded has come, or does
    /// not come in time, and nothing more comes.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        let has_come = self.received >= self.recorded || now >= self.until;
        self.is_ended || has_come && now >= self.received_at + SILENCE
    }

    /// When to ask again.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        if self.is_ended {
            return None;
        }
        let deadlines = [self.received_at + SILENCE, self.until];
        deadlines.into_iter().filter(|time| *time > now).min()
    }

    /// Ends the greeting: the client's first message is sent.
    pub(super) fn end(&mut self) {
        self.is_ended = true;
    }

    /// How many messages were left out, if the user wants that: of the recording, and of what was
    /// received.
    pub(super) fn left_out(&self) -> Option<(u64, u64)> {
        (self.greeting == Greeting::Ignored).then_some((self.recorded, self.received))
    }
}

#[cfg(test)]
mod tests {
    use ws_echo_core::Kind;

    use super::*;
    use crate::replay::seen::Content;

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn message() -> Seen {
        Seen::Message(Kind::Text, Content::Known(b"a".to_vec()))
    }

    #[test]
    fn a_greeting_that_is_compared_is_not_waited_for() {
        let now = Instant::now();
        let mut filter = GreetingFilter::new(Greeting::Compared, TIMEOUT, now);
        assert!(filter.is_over(now) && filter.deadline(now).is_none());
        assert!(!filter.leaves_out_received(&message(), now));
        assert!(!filter.leaves_out_recorded(&message()));
        assert_eq!(filter.left_out(), None);
    }

    #[test]
    fn a_greeting_is_over_when_as_much_has_come_and_nothing_follows() {
        let start = Instant::now();
        let mut filter = GreetingFilter::new(Greeting::Ignored, TIMEOUT, start);
        assert!(!filter.is_over(start));
        assert!(filter.is_over(start + SILENCE));
        assert!(filter.leaves_out_recorded(&message()));
        assert!(!filter.is_over(start + SILENCE));
        let come = start + Duration::from_secs(1);
        assert!(filter.leaves_out_received(&message(), come));
        assert!(!filter.is_over(come));
        assert_eq!(filter.deadline(come), Some(come + SILENCE));
        assert!(filter.is_over(come + SILENCE));
        filter.end();
        assert!(!filter.leaves_out_received(&message(), come));
        assert_eq!(filter.left_out(), Some((1, 1)));
    }

    #[test]
    fn a_greeting_that_does_not_come_is_over_after_the_timeout() {
        let start = Instant::now();
        let mut filter = GreetingFilter::new(Greeting::Ignored, TIMEOUT, start);
        filter.leaves_out_recorded(&message());
        let late = start + TIMEOUT;
        assert!(!filter.is_over(late - SILENCE) && filter.is_over(late));
        assert_eq!(filter.deadline(start + SILENCE), Some(late));
    }

    #[test]
    fn a_close_is_no_greeting() {
        let now = Instant::now();
        let mut filter = GreetingFilter::new(Greeting::Ignored, TIMEOUT, now);
        assert!(!filter.leaves_out_received(&Seen::Close(None, String::new()), now));
    }
}
