//! A request in words, as a change of a valid one: `a request without Host`.

use std::fmt::{self, Display, Formatter};

use super::{Change, Letters, Request};
use crate::escape::Untrusted;

/// How many characters of a text are shown.
const SHOWN_MAX: usize = 80;

/// In words, with names in braces for what depends on the server.
impl Display for Request {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.changes[..] {
            [] => return f.write_str("a valid request"),
            [Change::Raw(..), ..] => {}
            _ => f.write_str("a request ")?,
        }
        for (index, change) in self.changes.iter().enumerate() {
            match index {
                0 => {}
                _ if index + 1 == self.changes.len() => f.write_str(" and ")?,
                _ => f.write_str(", ")?,
            }
            change.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| format!("\"{}\"", Untrusted::new(text, SHOWN_MAX));
        match self {
            Self::Method(method) => write!(f, "with the method {}", quoted(method)),
            Self::Target(target) => write!(f, "for {}", quoted(target)),
            Self::Version(version) => write!(f, "with the version {}", quoted(version)),
            Self::RequestLine(line) => write!(f, "with the first line {}", quoted(line)),
            Self::Before(text) => write!(f, "with {} in front of it", quoted(text)),
            Self::Without(name) => write!(f, "without {name}"),
            Self::Set(name, value) => write!(f, "with {}", quoted(&format!("{name}: {value}"))),
            Self::Line(line) => write!(f, "with the further line {}", quoted(line)),
            Self::FirstLine(line) => {
                write!(f, "with {} before its first header", quoted(line))
            }
            Self::Replaced(name, line) => {
                write!(f, "whose line {name} is {}", quoted(line))
            }
            Self::Many(count) => write!(f, "with {count} further headers"),
            Self::Names(Letters::Lower) => f.write_str("with header names in small letters"),
            Self::Names(Letters::Upper) => f.write_str("with header names in capitals"),
            Self::Names(Letters::Mixed) => f.write_str("with header names in mixed letters"),
            Self::Reversed => f.write_str("with its headers in the opposite order"),
            Self::LineEnds(end) => write!(f, "with lines that end in {}", quoted(end)),
            Self::Unfinished => f.write_str("without the empty line at its end"),
            Self::Behind(what, _) => write!(f, "with {what} behind it"),
            Self::Raw(what, _) => f.write_str(what),
        }
    }
}
