//! Which rows of the terminal a line takes: a terminal wraps what is longer than a row.

use rustyline::GraphemeClusterMode;

use super::line_reader::PROMPT;

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
        let columns = u32::from(columns.max(1));
        let widths = GraphemeClusterMode::from_env();
        let mut place = Place { row: 0, column: 0 };
        place.advance(PROMPT, columns, widths);
        place.advance(before, columns, widths);
        let cursor = place.wrapped(columns).row;
        place.advance(after, columns, widths);
        let last = place.wrapped(columns).row;
        Self { cursor, last }
    }
}

/// Where the next character is shown.
#[derive(Clone, Copy, Debug)]
struct Place {
    row: u32,
    column: u32,
}

impl Place {
    fn advance(&mut self, text: &str, columns: u32, widths: GraphemeClusterMode) {
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
            if self.column > columns {
                self.row += 1;
                self.column = width;
            }
        }
    }

    /// The same place, or the start of the next row when this one is full.
    fn wrapped(self, columns: u32) -> Self {
        if self.column < columns {
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
    fn a_wide_character_is_not_cut_and_a_line_feed_ends_a_row() {
        // A column is left at the end of the first row of 5.
        assert_eq!(rows("世世", 3, 5), (0, 1));
        assert_eq!(rows("a\nb", 3, 5), (1, 1));
        assert_eq!(rows("a\tb", 3, 20), (0, 0));
        assert_eq!(rows("a\tb", 3, 8), (1, 1));
    }
}
