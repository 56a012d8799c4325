//! How many bytes are written at once, and when the next ones: the rate, and segments, which are
//! written one by one so that the system does not join them.

use std::time::{Duration, Instant};

/// The least time between two segments.
const SEGMENT_GAP: Duration = Duration::from_millis(1);
/// How much is written at once at a rate: what leaves in a hundredth of a second.
const WRITES_PER_SECOND: u64 = 100;
/// The most bytes of a write.
pub(super) const WRITE_LEN_MAX: usize = 64 * 1024;

/// When the next write may be.
#[derive(Debug, Default)]
pub(super) struct Pace {
    next: Option<Instant>,
    /// Whether something was ready before that.
    has_waited: bool,
}

/// How bytes are cut into writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// How many bytes a segment has; 0 for any number.
    pub(super) segment_len: usize,
    /// In bytes for each second; `None` for any.
    pub(super) rate: Option<u64>,
}

impl Cut {
    /// How many bytes are written at once, at most: at least 1.
    pub(super) fn write_len(self) -> usize {
        match (self.segment_len, self.rate) {
            (0, None) => WRITE_LEN_MAX,
            (0, Some(rate)) => (rate / WRITES_PER_SECOND).clamp(1, WRITE_LEN_MAX as u64) as usize,
            (len, _) => len.min(WRITE_LEN_MAX),
        }
    }

    /// How long nothing more may be written after so many bytes.
    fn gap(self, len: usize) -> Duration {
        let by_rate = self.rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs(len as u64) / u32::try_from(rate.max(1)).unwrap_or(u32::MAX)
        });
        match self.segment_len {
            0 => by_rate,
            _ => by_rate.max(SEGMENT_GAP),
        }
    }
}

impl Pace {
    /// Whether something may be written now.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let is_early = self.next.is_some_and(|next| now < next);
        self.has_waited |= is_early;
        !is_early
    }

    /// When something may be written.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// So many bytes were written. Time that is lost because the server was late is made up for,
    /// except between segments.
    pub(super) fn spend(&mut self, len: usize, cut: Cut, now: Instant) {
        let gap = cut.gap(len);
        if gap.is_zero() {
            return;
        }
        let planned = self.next.filter(|_| self.has_waited);
        let next = planned.unwrap_or(now) + gap;
        self.next = Some(match cut.segment_len {
            0 => next,
            _ => next.max(now + SEGMENT_GAP),
        });
        self.has_waited = false;
    }
}
