//! Which rows of the terminal a line takes: a terminal wraps what is longer than a row.

use rustyline::GraphemeClusterMode;

pub(super) const PROMPT: &str = "> ";
/// How far a tab stop is from the next one.
const TAB_LEN: u32 = 8;

/// The rows of the prompt and the line after it, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// The row of the cursor.
    pub(super) cursor: u32,
    /// The last row.
    pub(super) last: u32,
}

impl Rows {
    /// The rows of a line with the cursor at this byte, on a terminal with this many columns.
    pub(super) fn of(line: &str, cursor: usize, columns: u16) -> Self {
        let (before, after) = line.split_at_checked(cursor).unwrap_or((line, ""));
        let at_cursor = Place::after_prompt(columns).after(before, columns);
        let at_end = at_cursor.after(after, columns);
        let cursor = at_cursor.wrapped(columns).row;
        let last = at_end.wrapped(columns).row;
        Self { cursor, last }
    }

    /// The rows of a line that was drawn with `drawn` columns, after the terminal has wrapped it
    /// anew to `columns`.
    pub(super) fn rewrapped(line: &str, cursor: usize, drawn: u16, columns: u16) -> Self {
        let end = |columns| Place::after_prompt(columns).after(line, columns);
        // The editor has ended a full last row with a line feed, and that one stays. Without it the
        // cursor stays behind a row that is full now.
        let last = end(columns).row + u32::from(end(drawn).is_full(drawn));
        let cursor = if cursor == line.len() {
            last
        } else {
            Self::of(line, cursor, columns).cursor
        };
        Self { cursor, last }
    }
}

/// Where the next character is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    row: u32,
    column: u32,
}

impl Place {
    /// Where a line begins.
    pub(super) fn after_prompt(columns: u16) -> Self {
        Self { row: 0, column: 0 }.after(PROMPT, columns)
    }

    /// The place after a text that begins here.
    pub(super) fn after(mut self, text: &str, columns: u16) -> Self {
        let widths = GraphemeClusterMode::from_env();
        for character in text.chars() {
            let width = match character {
                '\n' => {
                    self.row += 1;
                    self.column = 0;
                    continue;
                }
                '\t' => TAB_LEN - self.column % TAB_LEN,
                _ => u32::from(widths.width(character.encode_utf8(&mut [0; 4]))),
            };
            self.column += width;
            if self.column > columns.into() {
                self.row += 1;
                self.column = width;
            }
        }
        self
    }

    /// Whether it is behind the last column.
    pub(super) fn is_full(self, columns: u16) -> bool {
        self.column >= columns.into()
    }

    /// The same place, or the start of the next row when this one is full.
    fn wrapped(self, columns: u16) -> Self {
        if !self.is_full(columns) {
            return self;
        }
        Self {
            row: self.row + 1,
            column: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(line: &str, cursor: usize, columns: u16) -> (u32, u32) {
        let Rows { cursor, last } = Rows::of(line, cursor, columns);
        (cursor, last)
    }

    #[test]
    fn a_line_wraps_where_the_terminal_ends() {
        assert_eq!(rows("", 0, 20), (0, 0));
        let line = "x".repeat(37);
        assert_eq!(rows(&line, 17, 20), (0, 1));
        assert_eq!(rows(&line, 18, 20), (1, 1));
        assert_eq!(rows(&line, 37, 20), (1, 1));
        assert_eq!(rows(&format!("{line}x"), 38, 20), (2, 2));
        assert_eq!(rows(&line, 37, 100), (0, 0));
    }

    #[test]
    fn only_a_row_that_was_drawn_full_has_a_line_feed() {
        let line = "x".repeat(38);
        let rewrapped = |line: &str, cursor, columns| {
            let Rows { cursor, last } = Rows::rewrapped(line, cursor, 20, columns);
            (cursor, last)
        };
        assert_eq!(rewrapped(&line, 38, 30), (2, 2));
        assert_eq!(rewrapped(&line, 37, 30), (1, 2));
        assert_eq!(rewrapped(&line, 38, 10), (4, 4));
        assert_eq!(rewrapped(&line[..37], 37, 30), (1, 1));
        assert_eq!(rewrapped(&line[..28], 28, 30), (0, 0));
        assert_eq!(rewrapped(&line[..28], 28, 10), (2, 2));
    }

    #[test]
    fn a_wide_character_is_not_cut_and_a_line_feed_ends_a_row() {
        // A column is left at the end of the first row of 5.
        assert_eq!(rows("世世", 3, 5), (0, 1));
        assert_eq!(rows("a\nb", 3, 5), (1, 1));
        assert_eq!(rows("a\tb", 3, 20), (0, 0));
        assert_eq!(rows("a\tb", 3, 8), (1, 1));
    }
}
