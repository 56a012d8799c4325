//! Whether the server is still there, when nothing has come from it in many cases in a row.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::probe;
use super::report::CaseResult;
use super::target::Target;
use super::transcript::Direction;
use super::verdict::Outcome;
use crate::client::waiter::SocketPoll;
use crate::lock::lock;

/// What is known of the server while cases are played.
#[derive(Debug)]
pub(crate) struct Presence {
    /// How many cases in a row have received nothing but the response that opens the connection.
    silent: AtomicUsize,
    /// After how many of those it is looked whether the server is there.
    silent_max: usize,
    /// Why it is gone, if it is.
    lost: Mutex<Option<String>>,
}

impl Presence {
    /// So many cases are played at the same time. Each may wait long for a server that hangs, and
    /// some receive nothing from a right one.
    pub(crate) fn new(jobs: usize) -> Self {
        Self {
            silent: AtomicUsize::new(0),
            silent_max: jobs.clamp(4, 16),
            lost: Mutex::new(None),
        }
    }

    /// Notes what has happened in a case that was played.
    pub(crate) fn note(&self, poll: &mut SocketPoll, target: &Target<'_>, result: &CaseResult) {
        if !is_silent(result, target.timing.patience()) {
            self.silent.store(0, Ordering::Relaxed);
            return;
        }
        let silent = self.silent.fetch_add(1, Ordering::Relaxed) + 1;
        if silent.is_multiple_of(self.silent_max)
            && let Err(why) = probe::look_again(poll, target)
        {
            *lock(&self.lost) = Some(why);
        }
    }

    /// Whether it is gone.
    pub(crate) fn is_lost(&self) -> bool {
        lock(&self.lost).is_some()
    }

    /// Why it is gone, if it is.
    pub(crate) fn why(self) -> Option<String> {
        self.lost
            .into_inner()
            .unwrap_or_else(|error| error.into_inner())
    }
}

/// Whether the server has done nothing but open a connection, or refuse one late.
fn is_silent(result: &CaseResult, patience: Duration) -> bool {
    let entries = result.transcript.record.entries.iter();
    let received = entries
        .filter(|entry| entry.direction == Direction::Received && entry.len > 0)
        .count();
    let has_waited = result.time >= patience || result.verdict.outcome == Outcome::Failed;
    received == 0 || received == 1 && has_waited
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::tests as sample;
    use crate::check::transcript::Transcript;

    #[test]
    fn a_case_in_which_the_server_has_only_opened_a_connection_is_no_sign_of_life() {
        let mut result = sample::report().results.remove(0);
        result.verdict.outcome = Outcome::Failed;
        result.transcript = Transcript::default();
        let record = &mut result.transcript.record;
        record.add(Direction::Sent, "GET /", b"GET /");
        record.add(Direction::Received, "101", b"HTTP/1.1 101\r\n\r\n");
        record.add(Direction::Sent, "Ping", b"\x89\0");
        record.event("the TCP connection ended");
        assert!(is_silent(&result, Duration::MAX));
        let record = &mut result.transcript.record;
        record.add(Direction::Received, "Pong", b"\x8A\0");
        assert!(!is_silent(&result, Duration::MAX));
    }

    #[test]
    fn a_refusal_that_is_right_is_a_sign_of_life_and_an_empty_answer_is_none() {
        let mut result = sample::report().results.remove(0);
        result.verdict.outcome = Outcome::Passed;
        result.transcript = Transcript::default();
        let record = &mut result.transcript.record;
        record.add(Direction::Received, "no response", b"");
        assert!(is_silent(&result, Duration::MAX));
        let record = &mut result.transcript.record;
        record.add(Direction::Received, "400", b"HTTP/1.1 400\r\n\r\n");
        assert!(!is_silent(&result, Duration::MAX));
        assert!(is_silent(&result, Duration::ZERO));
    }
}
