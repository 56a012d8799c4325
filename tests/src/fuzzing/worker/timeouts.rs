//! How long the server waits for a client: neither shorter nor longer than it must.

use std::time::Duration;

use super::fuzzed_client::{ACCEPTED, Circumstances, LATENESS, Stop, Visit, head_len};
use super::settings::{CLOSE_TIMEOUT, PING_TIMEOUT};
use super::transport::{Line, State};
use super::unsolicited_frames::{OwnFrames, Reason};

/// How late a deadline may be that is further away than the server's timer wheel reaches.
const FAR_LATENESS: Duration = Duration::from_secs(4);
const FAR: Duration = Duration::from_secs(100);

impl Visit {
    /// Whether a client that sends nothing more may stay as long as it likes.
    pub(super) fn may_stay(&self, there: Circumstances<'_>) -> bool {
        let line = self.line();
        if there.stop != Stop::No {
            return self.may_be_open(&line, there);
        }
        let has_time = there.settings.stall_timeout.is_none();
        if line.is_blocked || self.is_inside_frame(&line, there) {
            return has_time && self.may_be_open(&line, there);
        }
        there.settings.ping_interval.is_none() && self.is_open(&line, there)
    }

    /// Whether the connection may be open, as far as the client can tell, which may have taken
    /// nothing.
    fn may_be_open(&self, line: &Line, there: Circumstances<'_>) -> bool {
        let taken = line.output.len().min(ACCEPTED.len());
        let is_accepted = ACCEPTED.starts_with(&line.output[..taken]) && !line.is_shut;
        // Input that does not fit after pending output is not looked at.
        is_accepted && (line.is_blocked || self.is_open(line, there))
    }

    /// Whether the connection is open, and the client has sent nothing that ends it.
    fn is_open(&self, line: &Line, there: Circumstances<'_>) -> bool {
        let taken = line.output.len().min(ACCEPTED.len());
        // A valid request is answered as soon as all of it is read.
        let is_answered = self.request_len.is_some() && line.is_blocked;
        let is_accepted =
            ACCEPTED.starts_with(&line.output[..taken]) && (taken == ACCEPTED.len() || is_answered);
        let Some(session) = self.session(line) else {
            return false;
        };
        let expected = self.expected(&line.input[session], there);
        // A client that is refused takes a Close, and then the connection is shut.
        let may_be_refused = expected.may_be_too_long && line.is_blocked;
        let has_end = expected.end.is_some() || may_be_refused;
        is_accepted && !self.is_turned_away && !line.is_shut && !has_end
    }

    /// Whether the connection is open, and the client has begun a frame that is incomplete.
    pub(super) fn is_inside_frame(&self, line: &Line, there: Circumstances<'_>) -> bool {
        let session = self.session(line).filter(|_| self.is_open(line, there));
        session.is_some_and(|it| self.expected(&line.input[it], there).is_inside_frame)
    }

    /// Asserts that the server does not wait too long for a client, once all that can be done was
    /// done.
    pub(super) fn check_time(&self, line: &Line, there: Circumstances<'_>) {
        let waited = |since| there.now - since;
        let drained = self.shut.map(waited);
        let is_late = drained.is_some_and(|time| time > CLOSE_TIMEOUT + LATENESS);
        assert!(!is_late, "it is waited for too long: {drained:?}");
        let (Some(stuck), Some(stall)) = (self.stuck, there.settings.stall_timeout) else {
            return;
        };
        // A server that stops has other deadlines.
        if there.stop != Stop::No || line.is_waiting() {
            return;
        }
        // The last output has a deadline of its own.
        let limit = match line.is_blocked {
            true => stall.max(CLOSE_TIMEOUT),
            false => stall,
        };
        let lateness = if limit < FAR { LATENESS } else { FAR_LATENESS };
        // If the check of a client is interrupted, its time starts again.
        let time = waited(stuck.max(self.interrupted));
        assert!(time <= limit + lateness, "no progress for {time:?}");
    }

    /// Asserts that a client that the server dropped of its own accord had its time, and was told
    /// why if possible.
    pub(super) fn check_patience(&self, line: &Line, there: Circumstances<'_>) {
        if line.is_blocked && there.settings.may_be_short {
            return;
        }
        let is_heard = line.is_blocked || !line.output.is_empty();
        assert!(
            is_heard || line.state != State::Open,
            "dropped without a word"
        );
        if !self.is_open(line, there) {
            let time = there.now - self.connected;
            assert!(time >= CLOSE_TIMEOUT, "dropped after {time:?}");
            return;
        }
        let settings = there.settings;
        let session = &line.output[head_len(&line.output).unwrap_or_default()..];
        let own = OwnFrames::find(session, there);
        let time = there.now - self.last_moved;
        let is_silent = settings.ping_interval.is_some() && time >= PING_TIMEOUT;
        let is_silent = is_silent && self.stuck.is_none();
        let stuck = self.stuck.map(|stuck| there.now - stuck);
        let is_stalled = settings.stall_timeout.is_some_and(|it| stuck >= Some(it));
        let has_reason = match own.close {
            Some((_, Reason::NoAnswer)) => is_silent,
            Some((_, Reason::NoProgress)) => is_stalled,
            _ => is_silent || is_stalled,
        };
        assert!(has_reason, "dropped after {time:?}, stuck for {stuck:?}");
        let is_told = own.close.is_some() || line.is_blocked;
        assert!(is_told, "dropped without a Close");
        let is_heard = line.is_blocked || line.read == line.arrived;
        assert!(is_heard, "its answer is there");
    }
}
