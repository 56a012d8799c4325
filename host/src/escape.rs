//! Text of unknown origin, made safe for one line of a terminal.
//!
//! A peer must not be able to move the cursor, change a terminal's colours, forge a line of a log,
//! or reverse its reading order. The result is for people to read: it is neither HTML escaping nor
//! shell quoting, and it does not look for letters that resemble others.

use std::fmt::{self, Display, Formatter, Write};

/// How many characters of a peer's text are shown in an error or a line of the log.
pub(crate) const PEER_TEXT_LEN_MAX: usize = 200;
/// How many characters of the user's own text are shown in an error.
const EXCERPT_LEN_MAX: usize = 200;

/// Shows text that a peer sent: escaped, and cut to a length in characters.
///
/// A backslash is escaped too, so an escape cannot be forged. A text that was cut ends in
/// `… (+N B)`, where `N` is the number of bytes that were left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Untrusted<'a> {
    text: &'a str,
    len_max: usize,
    /// How many bytes are left out already.
    left_out: u64,
}

impl<'a> Untrusted<'a> {
    /// Shows at most `len_max` characters of `text`.
    pub(crate) fn new(text: &'a str, len_max: usize) -> Self {
        Self {
            text,
            len_max,
            left_out: 0,
        }
    }

    /// Shows the beginning of a text that is this many bytes longer.
    pub(crate) fn beginning(text: &'a str, left_out: u64) -> Self {
        Self {
            left_out,
            ..Self::excerpt(text)
        }
    }

    /// The same of a text that is this many bytes longer.
    pub(crate) fn and_more(self, left_out: u64) -> Self {
        Self { left_out, ..self }
    }

    /// Shows the beginning of a text that is usually short, such as a reason or a name.
    pub(crate) fn excerpt(text: &'a str) -> Self {
        Self::new(text, PEER_TEXT_LEN_MAX)
    }
}

impl Display for Untrusted<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let must_escape = |character| character == '\\' || is_unsafe(character);
        let left_out = escape_beginning(self.text, self.len_max, formatter, must_escape)?;
        write_left_out(left_out + self.left_out, formatter)
    }
}

/// Shows the beginning of a text of the user's own on one line, cut as an [`Untrusted`] one is.
/// Text that is already safe, also with backslashes, is unchanged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excerpt<'a> {
    text: &'a str,
    len_max: usize,
}

impl<'a> Excerpt<'a> {
    /// Shows the beginning of a text that is usually short.
    pub(crate) fn new(text: &'a str) -> Self {
        Self::of_len(text, EXCERPT_LEN_MAX)
    }

    /// Shows at most `len_max` characters of `text`.
    pub(crate) fn of_len(text: &'a str, len_max: usize) -> Self {
        Self { text, len_max }
    }
}

impl Display for Excerpt<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let left_out = escape_beginning(self.text, self.len_max, formatter, is_unsafe)?;
        write_left_out(left_out, formatter)
    }
}

/// Shows text on one line. Text that is already safe is unchanged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneLine<'a>(pub(crate) &'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        escape(self.0, formatter, is_unsafe)
    }
}

/// Shows at most `len_max` characters. Returns how many bytes are left out.
fn escape_beginning(
    text: &str,
    len_max: usize,
    formatter: &mut Formatter<'_>,
    must_escape: impl Fn(char) -> bool,
) -> Result<u64, fmt::Error> {
    let cut = text.char_indices().nth(len_max);
    let shown_len = cut.map_or(text.len(), |(index, _)| index);
    let (shown, left_out) = text.split_at(shown_len);
    escape(shown, formatter, must_escape)?;
    Ok(left_out.len() as u64)
}

fn write_left_out(len: u64, formatter: &mut Formatter<'_>) -> fmt::Result {
    match len {
        0 => Ok(()),
        len => write!(formatter, "… (+{len} B)"),
    }
}

fn escape(
    text: &str,
    formatter: &mut Formatter<'_>,
    must_escape: impl Fn(char) -> bool,
) -> fmt::Result {
    for character in text.chars() {
        if must_escape(character) {
            write!(formatter, "{}", character.escape_default())?;
        } else {
            formatter.write_char(character)?;
        }
    }
    Ok(())
}

/// Whether a terminal interprets the character instead of showing it, or starts a new line.
pub(crate) fn is_unsafe(character: char) -> bool {
    let is_line_break = matches!(character, '\u{2028}' | '\u{2029}');
    let is_bidirectional_control = matches!(
        character,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || is_line_break || is_bidirectional_control
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Untrusted::new(text, usize::MAX).to_string()
    }

    #[test]
    fn plain_text_is_unchanged() {
        assert_eq!(
            shown("Grüße, 世界! 👩‍👩‍👧 'quoted'"),
            "Grüße, 世界! 👩‍👩‍👧 'quoted'"
        );
        assert_eq!(shown(""), "");
    }

    #[test]
    fn control_characters_and_line_breaks_are_escaped() {
        assert_eq!(shown("a\r\n\tb\0"), r"a\r\n\tb\u{0}");
        assert_eq!(shown("\u{1b}[31m\u{7f}\u{9b}"), r"\u{1b}[31m\u{7f}\u{9b}");
        assert_eq!(shown("\u{2028}\u{2029}"), r"\u{2028}\u{2029}");
    }

    #[test]
    fn bidirectional_controls_are_escaped() {
        assert_eq!(shown("\u{202e}txt.exe\u{2069}"), r"\u{202e}txt.exe\u{2069}");
        assert_eq!(shown("\u{061c}\u{200f}"), r"\u{61c}\u{200f}");
    }

    #[test]
    fn a_backslash_is_escaped_so_that_no_escape_can_be_forged() {
        assert_eq!(shown(r"\n"), r"\\n");
        assert_ne!(shown(r"\n"), shown("\n"));
    }

    #[test]
    fn no_character_of_unicode_is_output_as_a_control_character() {
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            for output in [shown(&text), OneLine(&text).to_string()] {
                assert!(
                    !output.contains(char::is_control),
                    "{character:?} came through"
                );
                assert_eq!(output.lines().count(), 1, "{character:?} broke the line");
            }
        }
    }

    #[test]
    fn a_long_text_is_cut_at_characters_and_says_how_many_bytes_are_missing() {
        assert_eq!(Untrusted::new("äöü", 3).to_string(), "äöü");
        assert_eq!(Untrusted::new("äöü", 2).to_string(), "äö… (+2 B)");
        assert_eq!(Untrusted::new("\n\n\n", 1).to_string(), r"\n… (+2 B)");
        assert_eq!(Untrusted::new("abc", 0).to_string(), "… (+3 B)");
    }

    #[test]
    fn an_excerpt_keeps_backslashes_and_is_safe_and_short() {
        assert_eq!(Excerpt::new(r"C:\echo.pem").to_string(), r"C:\echo.pem");
        assert_eq!(Excerpt::new("a\x1b[2J\n").to_string(), r"a\u{1b}[2J\n");
        let long = "ä".repeat(203);
        assert_eq!(
            Excerpt::new(&long).to_string(),
            "ä".repeat(200) + "… (+6 B)"
        );
    }

    #[test]
    fn one_line_does_not_escape_text_twice() {
        let escaped = shown("a\n\\");
        assert_eq!(OneLine(&escaped).to_string(), escaped);
        assert_eq!(OneLine("a\nb").to_string(), r"a\nb");
    }
}
