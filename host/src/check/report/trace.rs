//! Every byte of a case that was played, with words and times.

use std::fmt::Write as _;

use super::CaseResult;
use super::rating::Rating;
use super::record::{direction_word, milliseconds};
use super::style::{Color, Style};
use super::table;
use super::terminal::quoted;
use crate::check::transcript::Entry;
use crate::escape::OneLine;

/// How many bytes are on a line.
const LINE_LEN: usize = 16;

/// The trace.
pub(crate) fn text(result: &CaseResult, rating: &Rating, style: Style) -> String {
    let case = &result.case;
    let mut text = style.paint(Color::Strong, &case.id) + "\n";
    text += &style.paragraph("  ", &case.claim);
    text += &style.paragraph("  ", &quoted(case.rule));
    text += "\n";
    for entry in &result.transcript.record.entries {
        let first = format!(
            "{:>8} ms {} ",
            milliseconds(entry.at),
            direction_word(entry.direction)
        );
        let len = match entry.len {
            0 => String::new(),
            len => format!(" ({len} B)"),
        };
        text += &style.paragraph(&first, &format!("{}{len}", OneLine(&entry.words)));
        text += &dump(entry, style);
    }
    text += "\n";
    if !result.verdict.expected.is_empty() {
        text += &style.paragraph("expected  ", &OneLine(&result.verdict.expected).to_string());
    }
    if !result.verdict.seen.is_empty() {
        text += &style.paragraph("seen      ", &OneLine(&result.verdict.seen).to_string());
    }
    let class = rating.class(result);
    text + &style.paint(table::color(class), class.name()) + "\n"
}

/// The bytes in hexadecimal digits, with the ASCII characters beside them.
fn dump(entry: &Entry, style: Style) -> String {
    let mut text = String::new();
    for (index, line) in entry.bytes.chunks(LINE_LEN).enumerate() {
        let mut digits = String::new();
        for byte in line {
            let _ = write!(digits, "{byte:02x} ");
        }
        let shown = |&byte: &u8| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '.',
        };
        let characters: String = line.iter().map(shown).collect();
        let offset = style.paint(Color::Dim, &format!("{:04x}", index * LINE_LEN));
        let _ = writeln!(
            text,
            "       {offset}  {digits:width$} {characters}",
            width = 3 * LINE_LEN
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::transcript::Direction;

    #[test]
    fn a_dump_has_digits_and_characters_and_nothing_that_a_terminal_obeys() {
        let bytes = b"\x89\x05\x1b[2J\x9b0123456789".to_vec();
        let entry = Entry {
            at: Duration::ZERO,
            direction: Direction::Received,
            words: String::new(),
            len: bytes.len(),
            bytes,
        };
        assert_eq!(
            dump(&entry, Style::PLAIN),
            "       0000  89 05 1b 5b 32 4a 9b 30 31 32 33 34 35 36 37 38  ...[2J.012345678\n\
             \x20      0010  39                                               9\n"
        );
    }
}
