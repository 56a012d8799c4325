//! What can be wrong with the head of any HTTP/1.1 message (RFC 9112), whatever the head says.

use core::fmt;

/// What can be wrong with the head of any HTTP/1.1 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SyntaxError {
    /// A line feed without a carriage return before it.
    BareLineFeed,
    /// A carriage return without a line feed behind it.
    BareCarriageReturn,
    /// A control character in the head: NUL, the start of a TLS handshake.
    ControlCharacter,
    /// A header line without a colon, or with a name that is no token.
    MalformedHeader,
    /// A header line that begins with white space.
    FoldedHeader,
}

impl SyntaxError {
    /// What was wrong, in a few words.
    pub fn text(self) -> &'static str {
        match self {
            Self::BareLineFeed => "line feed without carriage return",
            Self::BareCarriageReturn => "carriage return without line feed",
            Self::ControlCharacter => "control character in the head",
            Self::MalformedHeader => "header is malformed",
            Self::FoldedHeader => "header begins with white space",
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for SyntaxError {}
