//! Compares what a server sends with what was recorded, in order.
//!
//! The next message that is received is compared with the next one that was recorded. When they
//! differ, the ones around them tell whether one was changed, is missing or was added: otherwise,
//! all messages behind a missing one would differ.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::seen::{Likeness, Seen, Shown};

/// How many messages may wait, on each side.
const WAITING_MAX: usize = 4096;
/// How many bytes may wait, on each side, before a further message.
const WAITING_BYTES_MAX: usize = 16 << 20;
/// How many recorded messages are looked at for one that is received.
const LOOK_AHEAD: usize = 64;
/// How many differences are kept. More are only counted.
const DIFFERENCES_MAX: usize = 100;

/// What was recorded of a server.
#[derive(Debug)]
pub(super) struct Expected {
    /// The number of its line in the recording.
    pub(super) line: u64,
    pub(super) what: Seen,
    /// The wait for it does not begin before.
    pub(super) from: Instant,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// The number of the line in the recording: of what was expected, or of what came before.
    pub(super) line: u64,
    pub(super) kind: DifferenceKind,
    /// What was recorded, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<Shown>,
    /// What was received, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) got: Option<Shown>,
    /// The first byte that differs, if both are messages of one kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<usize>,
}

/// What kind of difference it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DifferenceKind {
    /// Something else was received.
    Changed,
    /// It was not received.
    Missing,
    /// It was received after the time for it.
    Late,
    /// Nothing like it was recorded here.
    Unexpected,
}

/// How many things were the same, and how many were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) same: u64,
    pub(super) changed: u64,
    pub(super) missing: u64,
    pub(super) late: u64,
    pub(super) unexpected: u64,
    /// What is not known of the recording.
    pub(super) not_compared: u64,
}

impl Counts {
    pub(super) fn differences(&self) -> u64 {
        self.changed + self.missing + self.late + self.unexpected
    }

    /// How many answers the recording has, as far as it was played.
    pub(super) fn answers(&self) -> u64 {
        self.same + self.changed + self.missing + self.late + self.not_compared
    }

    fn of(&mut self, kind: DifferenceKind) -> &mut u64 {
        match kind {
            DifferenceKind::Changed => &mut self.changed,
            DifferenceKind::Missing => &mut self.missing,
            DifferenceKind::Late => &mut self.late,
            DifferenceKind::Unexpected => &mut self.unexpected,
        }
    }
}

/// Compares.
#[derive(Debug)]
pub(super) struct Comparison {
    /// The time for each answer.
    timeout: Duration,
    expected: VecDeque<Expected>,
    expected_bytes: usize,
    received: VecDeque<Seen>,
    received_bytes: usize,
    /// When something was last compared or missed, or a message went on.
    compared_at: Instant,
    /// The last difference, if it can be corrected: what was expected and did not come, with what
    /// came instead.
    last: Option<(Expected, Option<Seen>)>,
    /// The line of what was last compared.
    line: u64,
    /// How many answers in a row did not come in time.
    pub(super) missed_in_a_row: u32,
    pub(super) counts: Counts,
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    /// Begins, with the time for each answer.
    pub(super) fn new(timeout: Duration, now: Instant) -> Self {
        Self {
            timeout,
            expected: VecDeque::new(),
            expected_bytes: 0,
            received: VecDeque::new(),
            received_bytes: 0,
            compared_at: now,
            last: None,
            line: 2,
            missed_in_a_row: 0,
            counts: Counts::default(),
            differences: Vec::new(),
        }
    }

    /// Whether more can be expected before something is received.
    pub(super) fn can_expect(&self) -> bool {
        self.expected.len() < WAITING_MAX && self.expected_bytes < WAITING_BYTES_MAX
    }

    /// Whether more can be received before it is expected.
    pub(super) fn can_receive(&self) -> bool {
        self.received.len() < WAITING_MAX && self.received_bytes < WAITING_BYTES_MAX
    }

    /// Whether all that is expected was received, or did not come in time.
    pub(super) fn is_caught_up(&self) -> bool {
        self.expected.is_empty()
    }

    /// Expects something.
    pub(super) fn expect(&mut self, expected: Expected, now: Instant) {
        self.expected_bytes += expected.what.len();
        self.expected.push_back(expected);
        self.compare(now);
    }

    /// Expects something of a connection that is over. What was received is compared with it;
    /// nothing more will be.
    pub(super) fn expect_rest(&mut self, expected: Expected, now: Instant) {
        if self.received.is_empty() && !self.expected.is_empty() {
            self.miss_unlisted(&expected.what);
        } else {
            self.expect(expected, now);
        }
    }

    /// Forgets what was received behind the end of a recording that is cut off.
    pub(super) fn forget_received(&mut self) {
        while let Some(received) = self.take_received() {
            self.settle_last(&received);
        }
    }

    /// Notes what was received.
    pub(super) fn receive(&mut self, received: Seen, now: Instant) {
        self.missed_in_a_row = 0;
        self.received_bytes += received.len();
        self.received.push_back(received);
        self.compare(now);
    }

    /// When the next answer is missing.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let next = self.expected.front()?;
        Some(next.from.max(self.compared_at) + self.timeout)
    }

    /// Gives the next answer all of its time again: a part of a message was sent or received.
    pub(super) fn prolong(&mut self, now: Instant) {
        self.compared_at = now;
    }

    /// Misses the next answer if its time is over.
    pub(super) fn check_deadline(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            self.missed_in_a_row += 1;
            self.miss_next(now);
        }
    }

    /// Ends the comparison of a connection that is over: nothing more is received or expected. Only
    /// the first thing that is missing is listed.
    pub(super) fn finish(&mut self, now: Instant) {
        while let Some(received) = self.take_received() {
            if !self.settle_last(&received) {
                self.note(DifferenceKind::Unexpected, None, Some(&received));
            }
        }
        if !self.expected.is_empty() {
            self.miss_next(now);
        }
        while let Some(expected) = self.take_expected() {
            self.miss_unlisted(&expected.what);
        }
    }

    /// Counts something that was expected on a connection that is over.
    pub(super) fn miss_unlisted(&mut self, expected: &Seen) {
        if expected.is_unknown() {
            self.counts.not_compared += 1;
        } else {
            self.counts.missing += 1;
        }
    }

    fn compare(&mut self, now: Instant) {
        while let (Some(expected), Some(received)) = (self.expected.front(), self.received.front())
        {
            let likeness = expected.what.compared_with(received);
            let is_unknown = likeness == Likeness::NotCompared;
            if likeness == Likeness::Different || is_unknown {
                match self.position(is_unknown) {
                    Position::Here => {}
                    Position::Before => {
                        self.settle_next();
                        continue;
                    }
                    Position::Later => {
                        self.miss_next(now);
                        continue;
                    }
                }
            }
            self.compare_next(likeness, now);
        }
    }

    /// Where what was received belongs to, if it is not what was expected.
    fn position(&self, is_unknown: bool) -> Position {
        let Some(received) = self.received.front() else {
            return Position::Here;
        };
        let is_same = |expected: &Expected| expected.what.compared_with(received) == Likeness::Same;
        if self.last.as_ref().is_some_and(|(last, _)| is_same(last)) {
            return Position::Before;
        }
        // Any message may be the one that is not known.
        if is_unknown && !received.is_last() {
            return Position::Here;
        }
        let others = self.expected.iter().skip(1).take(LOOK_AHEAD);
        match others.into_iter().any(is_same) {
            true => Position::Later,
            false => Position::Here,
        }
    }

    /// Compares the next two things, whatever they are.
    fn compare_next(&mut self, likeness: Likeness, now: Instant) {
        let (Some(expected), Some(received)) = (self.take_expected(), self.take_received()) else {
            return;
        };
        self.compared_at = now;
        self.line = expected.line;
        // What is missing may still come; what was changed is settled by what follows.
        self.last.take_if(|(_, instead)| instead.is_some());
        match likeness {
            Likeness::Same => self.counts.same += 1,
            Likeness::NotCompared => self.counts.not_compared += 1,
            Likeness::Different => {
                self.note(DifferenceKind::Changed, Some(&expected), Some(&received));
                self.last = Some((expected, Some(received)));
            }
        }
    }

    /// Says that the next thing that was expected has not come.
    fn miss_next(&mut self, now: Instant) {
        let Some(expected) = self.take_expected() else {
            return;
        };
        self.compared_at = now;
        self.line = expected.line;
        if expected.what.is_unknown() {
            self.counts.not_compared += 1;
            return;
        }
        self.note(DifferenceKind::Missing, Some(&expected), None);
        self.last = Some((expected, None));
    }

    /// What was received next is the last thing that was missed.
    fn settle_next(&mut self) {
        if let Some(received) = self.take_received() {
            self.settle_last(&received);
        }
    }

    /// Corrects the last difference if what was expected there is received now: then it was late,
    /// or what came instead of it was added.
    fn settle_last(&mut self, received: &Seen) -> bool {
        let Some((expected, instead)) = self.last.take() else {
            return false;
        };
        if expected.what.compared_with(received) != Likeness::Same {
            self.last = Some((expected, instead));
            return false;
        }
        let (wrong, right) = match instead {
            Some(_) => (DifferenceKind::Changed, DifferenceKind::Unexpected),
            None => (DifferenceKind::Missing, DifferenceKind::Late),
        };
        *self.counts.of(wrong) -= 1;
        // The last one is listed, unless there are too many.
        if self.counts.differences() < DIFFERENCES_MAX as u64 {
            self.differences.pop();
        }
        match instead {
            Some(added) => {
                self.counts.same += 1;
                self.note(right, None, Some(&added));
            }
            None => self.note(right, Some(&expected), None),
        }
        true
    }

    /// Counts a difference, and keeps it if there are not too many.
    fn note(&mut self, kind: DifferenceKind, expected: Option<&Expected>, got: Option<&Seen>) {
        *self.counts.of(kind) += 1;
        self.last = None;
        if self.differences.len() == DIFFERENCES_MAX {
            return;
        }
        let at = expected
            .zip(got)
            .and_then(|(expected, got)| expected.what.first_difference(got));
        let place = at.unwrap_or(0);
        self.differences.push(Difference {
            line: self.line,
            kind,
            expected: expected.map(|expected| expected.what.shown(place)),
            got: got.map(|got| got.shown(place)),
            at,
        });
    }

    fn take_expected(&mut self) -> Option<Expected> {
        let expected = self.expected.pop_front()?;
        self.expected_bytes -= expected.what.len();
        Some(expected)
    }

    fn take_received(&mut self) -> Option<Seen> {
        let received = self.received.pop_front()?;
        self.received_bytes -= received.len();
        Some(received)
    }
}

/// Where something that was received belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Before what is expected: it is the last thing that was missed.
    Before,
    /// It is what is expected, or replaces it.
    Here,
    /// Behind what is expected, which is missing.
    Later,
}

#[cfg(test)]
mod tests;
