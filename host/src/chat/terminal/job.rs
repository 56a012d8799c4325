//! Ctrl-Z, and a terminal that is resized: what the line editor takes to be on the screen is not
//! where it was.

use std::env;
use std::io::{self, Write};

use super::rows::Rows;
use crate::platform::{self, TerminalMode};

const PASTE_BRACKETS_ON: &str = "\x1b[?2004h";
const PASTE_BRACKETS_OFF: &str = "\x1b[?2004l";

/// Stops the process until the shell continues it. Then the cursor is where the editor expects it
/// to be to draw the line anew, on rows of its own.
pub(super) fn suspend(shell: &TerminalMode, line: &str, cursor: usize) {
    let rows = Rows::of(line, cursor, columns());
    let below = rows.last - rows.cursor;
    print(&format!("{}{PASTE_BRACKETS_OFF}", moved(below, 'B')));
    shell.restore();
    // If the system refuses, the line is drawn again, as after a stop.
    let _ = platform::suspend();
    shell.read_keys();
    print(&format!("{PASTE_BRACKETS_ON}{}", room(rows)));
}

/// Erases a line that was drawn with `before` columns, and that the terminal has wrapped anew
/// because it was resized. The editor would look for it in the rows that it had.
pub(super) fn erase_resized(line: &str, cursor: usize, before: u16, columns: u16) {
    let now = Rows::rewrapped(line, cursor, before, columns);
    let before = Rows::of(line, cursor, before);
    if before == now || !reflows() {
        return;
    }
    let up = up(now.cursor);
    print(&format!("{up}\r\x1b[J{}", room(before)));
}

/// How many columns the terminal has.
pub(super) fn columns() -> u16 {
    platform::terminal_columns().unwrap_or(u16::MAX)
}

/// Makes room for this many rows below the cursor, and leaves it in that of the line's cursor. The
/// editor erases these rows before it draws.
fn room(rows: Rows) -> String {
    let below = rows.last - rows.cursor;
    format!("\r{}{}", "\n".repeat(rows.last as usize), up(below))
}

/// Moves the cursor up by this many rows.
fn up(rows: u32) -> String {
    moved(rows, 'A')
}

/// Moves the cursor in the direction that this letter means. (A 0 would mean 1.)
fn moved(rows: u32, direction: char) -> String {
    if rows == 0 {
        String::new()
    } else {
        format!("\x1b[{rows}{direction}")
    }
}

fn print(text: &str) {
    let mut stdout = io::stdout();
    // The editor notices that the terminal is gone.
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Whether the terminal wraps lines anew when it is resized. Most do; xterm, rxvt, the console of
/// Linux and GNU screen do not.
fn reflows() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let terminal = env::var("TERM").unwrap_or_default();
    let is_old = ["linux", "rxvt"]
        .iter()
        .any(|name| terminal.starts_with(name));
    is_set("TMUX") || is_set("VTE_VERSION") || !(is_old || is_set("XTERM_VERSION") || is_set("STY"))
}
