//! The message that `--once` or `--expect` waits for: which one it is, and by when it must come.

use std::time::{Duration, Instant};

use super::whole_message::WholeMessage;
use crate::options::chat::Expectation;
use crate::time::Time;

/// What is known of the message.
#[derive(Debug)]
pub(super) struct Expecting<'a> {
    expectation: &'a Expectation,
    timeout: Duration,
    /// When the message must have come.
    pub(super) deadline: Instant,
    /// Whether everything was sent that the message must follow.
    is_sent: bool,
    /// How many messages have begun.
    begun_count: u64,
    /// How many messages did not match.
    mismatch_count: u64,
    is_found: bool,
}

impl<'a> Expecting<'a> {
    /// Nothing was sent or received yet.
    pub(super) fn new(expectation: &'a Expectation, start: Instant, timeout: Duration) -> Self {
        Self {
            expectation,
            timeout,
            deadline: start + timeout,
            is_sent: expectation.once.is_none(),
            begun_count: 0,
            mismatch_count: 0,
            is_found: false,
        }
    }

    /// Whether what has already arrived must be received before anything is sent, because it is not
    /// the reply.
    pub(super) fn listens_first(&self) -> bool {
        self.expectation.once.is_some()
    }

    /// Notes that a message was sent to its end.
    pub(super) fn sent(&mut self) {
        self.is_sent = true;
    }

    /// Notes that a message begins. Returns whether it may be the one.
    pub(super) fn begins(&mut self) -> bool {
        self.begun_count += 1;
        let is_greeting = self.begun_count == 1 && self.expectation.ignore_greeting;
        self.is_sent && !self.is_found && !is_greeting
    }

    /// Whether a message, which may be the one, is it.
    pub(super) fn is_match(&mut self, message: &WholeMessage) -> bool {
        let pattern = self.expectation.pattern.as_ref();
        self.is_found = pattern.is_none_or(|pattern| pattern.0.is_match(&message.text()));
        self.mismatch_count += u64::from(!self.is_found);
        self.is_found
    }

    pub(super) fn is_found(&self) -> bool {
        self.is_found
    }

    /// That the message did not come in time.
    pub(super) fn too_late(&self) -> String {
        let time = Time::from(self.timeout);
        format!("{} within {time} (--timeout)", self.missing())
    }

    /// That the connection ended before the message came.
    pub(super) fn ended_before(&self) -> String {
        format!("{} before the connection ended", self.missing())
    }

    fn missing(&self) -> String {
        match (self.mismatch_count, &self.expectation.pattern) {
            (_, None) => "no reply came".into(),
            (0, Some(_)) => "no message came that could match".into(),
            (1, Some(_)) => "the only message did not match".into(),
            (count, Some(_)) => format!("none of {count} messages matched"),
        }
    }
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;
    use ws_echo_core::Kind;

    use super::*;
    use crate::options::chat::Pattern;

    fn expectation(once: Option<&str>, pattern: Option<&str>) -> Expectation {
        Expectation {
            once: once.map(str::to_owned),
            pattern: pattern.map(|pattern| Pattern(Regex::new(pattern).expect(pattern))),
            ignore_greeting: false,
        }
    }

    fn expecting(expectation: &Expectation) -> Expecting<'_> {
        Expecting::new(expectation, Instant::now(), Duration::from_secs(5))
    }

    /// Whether a text is the message that is expected.
    fn receive(expecting: &mut Expecting<'_>, text: &str) -> bool {
        let mut message = WholeMessage::new(Kind::Text);
        message.push(text.as_bytes());
        expecting.begins() && expecting.is_match(&message)
    }

    #[test]
    fn a_reply_is_the_first_message_that_begins_after_the_text_was_sent() {
        let expectation = expectation(Some("a"), None);
        let mut expecting = expecting(&expectation);
        assert!(!receive(&mut expecting, "greeting"));
        assert!(!expecting.begins());
        expecting.sent();
        assert!(receive(&mut expecting, "reply") && expecting.is_found());
        assert!(!receive(&mut expecting, "another"));
    }

    #[test]
    fn a_greeting_is_ignored_whenever_it_comes() {
        for is_early in [true, false] {
            let mut expectation = expectation(Some("a"), None);
            expectation.ignore_greeting = true;
            let mut expecting = expecting(&expectation);
            if !is_early {
                expecting.sent();
            }
            assert!(!receive(&mut expecting, "greeting"));
            expecting.sent();
            assert!(receive(&mut expecting, "reply"));
        }
    }

    #[test]
    fn a_message_that_matches_may_be_the_greeting_if_nothing_must_be_sent() {
        let expectation = expectation(None, Some("^[a-c]+$"));
        let mut expecting = expecting(&expectation);
        assert!(!receive(&mut expecting, "abcd"));
        assert!(receive(&mut expecting, "abc"));
    }

    #[test]
    fn what_is_missing_says_what_was_expected_and_how_much_came() {
        let (reply, pattern) = (expectation(Some("a"), None), expectation(None, Some("^b$")));
        let mut reply = expecting(&reply);
        reply.sent();
        assert_eq!(reply.too_late(), "no reply came within 5 s (--timeout)");
        let mut matching = expecting(&pattern);
        for expected in [
            "no message came that could match before the connection ended",
            "the only message did not match before the connection ended",
            "none of 2 messages matched before the connection ended",
        ] {
            assert_eq!(matching.ended_before(), expected);
            receive(&mut matching, "a");
        }
    }
}
