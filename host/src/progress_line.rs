//! The progress of a run, for a waiting user: one line on stderr, rewritten each second. Nothing is
//! written if stderr is not a terminal.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};

const SECOND: u64 = 1_000_000_000;
const CLEAR_LINE: &str = "\r\x1b[K";

/// The line.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    what: &'static str,
    /// When it is next written, in nanoseconds since the start of the phase; `None` for never.
    next_at: Option<u64>,
    /// The count when it was last written.
    shown: u64,
}

impl ProgressLine {
    /// A line about the phase `what`.
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            what,
            next_at: stderr().is_terminal().then_some(SECOND),
            shown: 0,
        }
    }

    /// Rewrites the line if a second has passed at `now`, in nanoseconds since the start: with what
    /// `text` makes of how much the count has grown since it was last written.
    pub(crate) fn show<T: Display>(&mut self, now: u64, count: u64, text: impl FnOnce(u64) -> T) {
        let Some(next_at) = self.next_at.filter(|next_at| now >= *next_at) else {
            return;
        };
        let (what, seconds) = (self.what, now / SECOND);
        let text = text(count - self.shown);
        // The run continues if the terminal is gone.
        let _ = write!(stderr(), "{CLEAR_LINE}{what}: {seconds} s, {text}");
        self.next_at = Some(next_at + SECOND);
        self.shown = count;
    }

    /// Whether the line is written at all.
    pub(crate) fn is_shown(&self) -> bool {
        self.next_at.is_some()
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.next_at.is_some() {
            let _ = write!(stderr(), "{CLEAR_LINE}");
        }
    }
}
