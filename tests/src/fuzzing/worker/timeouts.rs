//! How long the server waits for a client: neither shorter nor longer than it must.

use std::time::Duration;

use super::fuzzed_client::{ACCEPTED, Context, FuzzedClient, LATENESS, Stop, head_len};
use super::settings::{CLOSE_TIMEOUT, PING_TIMEOUT, REQUEST_TIMEOUT};
use super::transport::{Link, State};
use super::unsolicited_frames::{Reason, UnsolicitedFrames};

/// How late a deadline may be that is further away than the server's timer wheel reaches.
const FAR_LATENESS: Duration = Duration::from_secs(4);
const FAR: Duration = Duration::from_secs(100);

impl FuzzedClient {
    /// Whether a client that sends nothing more may stay as long as it likes.
    pub(super) fn may_stay(&self, context: Context<'_>) -> bool {
        let link = self.link();
        if context.stop != Stop::No {
            return self.may_be_open(&link, context);
        }
        let has_time = context.settings.stall_timeout.is_none();
        if link.is_blocked || self.is_inside_frame(&link, context) {
            return has_time && self.may_be_open(&link, context);
        }
        context.settings.ping_interval.is_none() && self.is_open(&link, context)
    }

    /// Whether the connection may be open, as far as the client can tell, which may have taken
    /// nothing.
    fn may_be_open(&self, link: &Link, context: Context<'_>) -> bool {
        let taken = link.output.len().min(ACCEPTED.len());
        let is_accepted = ACCEPTED.starts_with(&link.output[..taken]) && !link.is_shut;
        // Input that does not fit after pending output is not looked at.
        is_accepted && (link.is_blocked || self.is_open(link, context))
    }

    /// Whether the connection is open, and the client has sent nothing that ends it.
    pub(super) fn is_open(&self, link: &Link, context: Context<'_>) -> bool {
        let taken = link.output.len().min(ACCEPTED.len());
        // A valid request is answered as soon as all of it is read. Too late, it is thrown away.
        let is_late = self.answered.unwrap_or(context.now) - self.connected >= REQUEST_TIMEOUT;
        let is_answered = self.request_len.is_some() && link.is_blocked && !is_late;
        let is_accepted =
            ACCEPTED.starts_with(&link.output[..taken]) && (taken == ACCEPTED.len() || is_answered);
        let Some(session) = self.session(link) else {
            return false;
        };
        let expected = self.expected(link, session, context);
        // A client that is refused takes a Close, and then the connection is shut.
        let may_be_refused = expected.may_be_too_long || expected.may_be_invalid;
        let may_be_refused = may_be_refused && link.is_blocked;
        let has_end = expected.end.is_some() || may_be_refused;
        is_accepted && !self.is_turned_away && !link.is_shut && !has_end
    }

    /// Whether the connection is open, and the client has begun a frame that is incomplete.
    pub(super) fn is_inside_frame(&self, link: &Link, context: Context<'_>) -> bool {
        let session = self.session(link).filter(|_| self.is_open(link, context));
        session.is_some_and(|it| self.expected(link, it, context).is_inside_frame)
    }

    /// Asserts that the server does not wait too long for a client, once all that can be done was
    /// done.
    pub(super) fn check_time(&self, link: &Link, context: Context<'_>) {
        let waited = |since| context.now - since;
        let drained = self.shut.map(waited);
        let is_late = drained.is_some_and(|time| time > CLOSE_TIMEOUT + LATENESS);
        assert!(!is_late, "it is waited for too long: {drained:?}");
        let (Some(stuck), Some(stall)) = (self.stuck, context.settings.stall_timeout) else {
            return;
        };
        // A server that stops has other deadlines.
        if context.stop != Stop::No || link.is_waiting() {
            return;
        }
        // The last output has a deadline of its own. When there was no memory for a backlog before,
        // it may follow the other.
        let may_be_kept_late = context.settings.may_be_short && context.settings.has_backlogs;
        let limit = match link.is_blocked {
            true if may_be_kept_late && self.stall_ended.is_some() => CLOSE_TIMEOUT,
            true if may_be_kept_late => stall + LATENESS + CLOSE_TIMEOUT,
            true => stall.max(CLOSE_TIMEOUT),
            false => stall,
        };
        let lateness = if limit < FAR { LATENESS } else { FAR_LATENESS };
        // If the check of a client is interrupted, its time starts again, and so it does when its
        // answers are kept from then on.
        let since = stuck.max(self.interrupted);
        let since = since.max(self.patience_ended.unwrap_or_default());
        let stall_ended = self.stall_ended.filter(|_| may_be_kept_late);
        let time = waited(since.max(stall_ended.unwrap_or_default()));
        assert!(time <= limit + lateness, "no progress for {time:?}");
    }

    /// Asserts that a client that the server dropped of its own accord had its time, and was told
    /// why if possible.
    pub(super) fn check_patience(&self, link: &Link, context: Context<'_>) {
        let may_be_short = context.settings.may_be_short;
        if may_be_short && (link.is_blocked || self.has_compressed(link, context)) {
            return;
        }
        let is_heard = link.is_blocked || !link.output.is_empty();
        assert!(
            is_heard || link.state != State::Open,
            "dropped without a word"
        );
        if !self.is_open(link, context) {
            let time = context.now - self.connected;
            assert!(time >= CLOSE_TIMEOUT, "dropped after {time:?}");
            let is_received = !link.is_waiting() || context.settings.may_be_short;
            assert!(is_received || !link.fits_last_turns(), "its end is there");
            return;
        }
        let settings = context.settings;
        let session = &link.output[head_len(&link.output).unwrap_or_default()..];
        let own = UnsolicitedFrames::find(session, context);
        let time = context.now - self.last_moved;
        let is_silent = settings.ping_interval.is_some() && time >= PING_TIMEOUT;
        let is_silent = is_silent && self.stuck.is_none();
        let stuck = self.stuck.map(|stuck| context.now - stuck);
        let is_stalled = settings.stall_timeout.is_some_and(|it| stuck >= Some(it));
        let has_reason = match own.close {
            Some((_, Reason::NoAnswer)) => is_silent,
            Some((_, Reason::NoProgress)) => is_stalled,
            _ => is_silent || is_stalled,
        };
        assert!(has_reason, "dropped after {time:?}, stuck for {stuck:?}");
        let is_told = own.close.is_some() || link.is_blocked;
        assert!(is_told, "dropped without a Close");
        let is_heard = link.is_blocked || link.read == link.arrived;
        assert!(is_heard, "its answer is there");
    }
}
