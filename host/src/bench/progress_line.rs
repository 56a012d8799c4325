//! The progress of a run, for a waiting user: one line on stderr, rewritten each second. Nothing is
//! written if stderr is not a terminal.

use std::io::{IsTerminal, Write, stderr};

use super::summary::messages_per_second;

const SECOND: u64 = 1_000_000_000;
const CLEAR_LINE: &str = "\r\x1b[K";

/// The line.
#[derive(Debug)]
pub(super) struct ProgressLine {
    what: &'static str,
    /// When it is next written, in nanoseconds since the start of the phase; `None` for never.
    next_at: Option<u64>,
    /// The number of messages when it was last written.
    shown: u64,
}

impl ProgressLine {
    /// A line about the phase `what`.
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            next_at: stderr().is_terminal().then_some(SECOND),
            shown: 0,
        }
    }

    /// Rewrites the line if a second has passed.
    pub(super) fn show(&mut self, now: u64, echoed: u64) {
        let Some(next_at) = self.next_at.filter(|next_at| now >= *next_at) else {
            return;
        };
        let seconds = now / SECOND;
        let rate = messages_per_second((echoed - self.shown) as f64);
        let what = self.what;
        // The measurement continues if the terminal is gone.
        let _ = write!(stderr(), "{CLEAR_LINE}{what}: {seconds} s, {rate}");
        self.next_at = Some(next_at + SECOND);
        self.shown = echoed;
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.next_at.is_some() {
            let _ = write!(stderr(), "{CLEAR_LINE}");
        }
    }
}
