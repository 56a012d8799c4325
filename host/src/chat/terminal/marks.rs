//! The mark at the start of each line, and its colour: `< ` for a message that was received, `# `
//! for a notice. A line that was typed has the prompt's `> `.

use std::fmt::Display;

const CYAN: &str = "\x1b[36m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// Marks lines, in colour or without.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    pub(super) has_color: bool,
}

impl Marks {
    pub(super) fn message(self, text: &str) -> String {
        if self.has_color {
            format!("{CYAN}<{PLAIN} {text}")
        } else {
            format!("< {text}")
        }
    }

    pub(super) fn note(self, note: &dyn Display) -> String {
        if self.has_color {
            format!("{DIM}# {note}{PLAIN}")
        } else {
            format!("# {note}")
        }
    }

    /// A line about what travels, which begins with its time.
    pub(super) fn wire(self, line: &str) -> String {
        if self.has_color {
            format!("{DIM}{line}{PLAIN}")
        } else {
            line.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_only_where_they_are_wanted() {
        let marks = |has_color| Marks { has_color };
        assert_eq!(marks(false).message("a"), "< a");
        assert_eq!(marks(false).note(&"a"), "# a");
        assert_eq!(marks(false).wire("+1 ms"), "+1 ms");
        assert_eq!(marks(true).wire("+1 ms"), "\x1b[2m+1 ms\x1b[0m");
        assert_eq!(marks(true).message("a"), "\x1b[36m<\x1b[0m a");
        assert_eq!(marks(true).note(&"a"), "\x1b[2m# a\x1b[0m");
    }
}
