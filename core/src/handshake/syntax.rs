//! The errors that the head of any HTTP/1.1 message can have (RFC 9112), whatever it says.

use core::fmt;

/// What is wrong with the form of a head, of a request or of a response (RFC 9112 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SyntaxError {
    /// A line feed without a carriage return before it.
    BareLineFeed,
    /// A carriage return without a line feed after it.
    BareCarriageReturn,
    /// A control character in the head, such as NUL: the start of a TLS handshake is one.
    ControlCharacter,
    /// A header line without a colon, or with a name that is not a token.
    MalformedHeader,
    /// A header line that begins with white space.
    FoldedHeader,
}

impl SyntaxError {
    /// The error in a few words.
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
