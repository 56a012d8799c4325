//! Text for a terminal or a pipe: colours, and lines of a width.

use std::fmt::Write as _;

const PLAIN: &str = "\x1b[0m";

/// The width of lines where no terminal says another.
const WIDTH: usize = 100;
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;

/// How text is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    has_color: bool,
    width: usize,
}

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    Bad,
    Good,
    Doubtful,
    Dim,
    Strong,
}

impl Color {
    fn code(self) -> &'static str {
        match self {
            Self::Bad => "\x1b[31m",
            Self::Good => "\x1b[32m",
            Self::Doubtful => "\x1b[33m",
            Self::Dim => "\x1b[2m",
            Self::Strong => "\x1b[1m",
        }
    }
}

impl Style {
    /// Without colours, and of the usual width.
    pub(crate) const PLAIN: Self = Self {
        has_color: false,
        width: WIDTH,
    };

    /// As the terminal can show it that has so many columns.
    pub(crate) fn terminal(columns: Option<u16>, has_color: bool) -> Self {
        let width = columns.map_or(WIDTH, usize::from);
        Self {
            has_color,
            width: width.clamp(*WIDTHS.start(), *WIDTHS.end()),
        }
    }

    /// The text in a colour. It must not hold another one.
    pub(crate) fn paint(self, color: Color, text: &str) -> String {
        match self.has_color && !text.trim().is_empty() {
            true => format!("{}{text}{PLAIN}", color.code()),
            false => text.to_owned(),
        }
    }

    /// Whether these parts fit a line.
    pub(crate) fn fits(self, parts: &[&str]) -> bool {
        let len: usize = parts.iter().map(|part| part.chars().count()).sum();
        len <= self.width
    }

    /// Writes a paragraph behind `first`, with lines of the width that begin with as many blanks as
    /// `first` is long. Neither has colours.
    pub(crate) fn paragraph(self, first: &str, text: &str) -> String {
        let indent = first.chars().count();
        let width = self.width.saturating_sub(indent).max(20);
        let mut lines = wrapped(text, width).into_iter();
        let mut paragraph = format!("{first}{}\n", lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(paragraph, "{:indent$}{line}", "");
        }
        paragraph
    }
}

/// The text in lines of at most so many characters, cut at blanks where that can be.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut len = 0;
    for word in text.split(' ') {
        let word: Vec<char> = word.chars().collect();
        if len > 0 && len + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
            len = 0;
        } else if len > 0 {
            line.push(' ');
            len += 1;
        }
        for character in word {
            if len == width {
                lines.push(std::mem::take(&mut line));
                len = 0;
            }
            line.push(character);
            len += 1;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_has_lines_of_the_width_and_is_indented() {
        let style = Style::terminal(Some(40), true);
        assert_eq!(
            style.paragraph(
                "    ",
                "a line that is a little longer than the terminal is wide"
            ),
            "    a line that is a little longer than\n    the terminal is wide\n"
        );
    }

    #[test]
    fn a_word_that_is_longer_than_a_line_is_cut() {
        assert_eq!(wrapped("a bcdef g", 3), ["a", "bcd", "ef", "g"]);
        assert_eq!(wrapped("", 3), [""]);
    }

    #[test]
    fn there_is_a_colour_only_where_it_is_wanted() {
        assert_eq!(Style::PLAIN.paint(Color::Bad, "a"), "a");
        let style = Style::terminal(None, true);
        assert_eq!(style.paint(Color::Bad, "a"), "\x1b[31ma\x1b[0m");
    }
}
