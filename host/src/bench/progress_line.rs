//! The progress of a run, for a waiting user: one line on stderr, rewritten each second. Nothing is
//! written if stderr is not a terminal.

use std::io::{IsTerminal, Write, stderr};

const SECOND: u64 = 1_000_000_000;
const CLEAR_LINE: &str = "\r\x1b[K";

/// The line.
#[derive(Debug)]
pub(super) struct ProgressLine {
    is_shown: bool,
    what: &'static str,
    /// When it is next written, in nanoseconds since the start of the phase.
    next_at: u64,
    /// The number of messages when it was last written.
    shown: u64,
}

impl ProgressLine {
    /// A line about the phase `what`.
    pub(super) fn new(what: &'static str) -> Self {
        let is_shown = stderr().is_terminal();
        let next_at = if is_shown { SECOND } else { u64::MAX };
        Self {
            is_shown,
            what,
            next_at,
            shown: 0,
        }
    }

    /// Rewrites the line if a second has passed.
    pub(super) fn show(&mut self, now: u64, answered: u64) {
        if now < self.next_at {
            return;
        }
        let seconds = now / SECOND;
        let rate = answered - self.shown;
        let what = self.what;
        // The measurement continues if the terminal is gone.
        let _ = write!(
            stderr(),
            "{CLEAR_LINE}{what}: {seconds} s, {rate} messages/s"
        );
        self.next_at += SECOND;
        self.shown = answered;
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(stderr(), "{CLEAR_LINE}");
        }
    }
}
