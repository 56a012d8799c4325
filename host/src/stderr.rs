//! Messages to the user that are not part of the log.

use std::io::{Write, stderr};

/// Writes a line to stderr, which may be gone.
pub(crate) fn print(text: &str) {
    let _ = writeln!(stderr(), "ws-echo: {text}");
}
