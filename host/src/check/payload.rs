//! What a frame or a message contains: bytes, a unit that is repeated, or a part of some content, so
//! that a table can name messages of megabytes.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use super::content::Content;

/// How many bytes or characters are shown.
const SHOWN_MAX: usize = 40;

/// The content of a frame or a message.
#[derive(Clone, Debug)]
pub enum Payload {
    Bytes(Cow<'static, [u8]>),
    /// A unit, again and again, cut at a length in bytes.
    Repeated {
        unit: &'static [u8],
        len: usize,
    },
    /// So many bytes of a content, from a place on; behind its end follows its beginning.
    Part {
        content: Content,
        start: usize,
        len: usize,
    },
}

impl Payload {
    /// No bytes.
    pub const EMPTY: Self = Self::Bytes(Cow::Borrowed(&[]));

    /// A payload of `len` bytes, made of a unit that is repeated.
    pub fn repeated(unit: &'static str, len: usize) -> Self {
        Self::Repeated {
            unit: unit.as_bytes(),
            len,
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Repeated { len, .. } | Self::Part { len, .. } => *len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
            Self::Repeated { unit, len } => {
                let mut bytes = unit.repeat(len.div_ceil(unit.len()));
                bytes.truncate(*len);
                Cow::Owned(bytes)
            }
            Self::Part {
                content,
                start,
                len,
            } => Cow::Owned(content.part(*start, *len)),
        }
    }

    /// The first bytes, at most `max`.
    pub fn beginning(&self, max: usize) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes[..bytes.len().min(max)].to_vec(),
            Self::Repeated { unit, len } => Self::Repeated {
                unit,
                len: (*len).min(max),
            }
            .bytes()
            .into_owned(),
            Self::Part {
                content,
                start,
                len,
            } => content.part(*start, (*len).min(max)),
        }
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.bytes() == other.bytes()
    }
}

impl Eq for Payload {}

impl From<&'static str> for Payload {
    fn from(text: &'static str) -> Self {
        Self::Bytes(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl<const N: usize> From<&'static [u8; N]> for Payload {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self::Bytes(Cow::Owned(text.into_bytes()))
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

/// As a text in quotes if it is one, or in hexadecimal digits; the beginning of a long one. Safe
/// for a terminal.
impl Display for Payload {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing");
        }
        let beginning = self.beginning(SHOWN_MAX);
        let more = if self.len() > SHOWN_MAX { "…" } else { "" };
        match shown_text(&beginning, self.len() > SHOWN_MAX) {
            Some(text) => write!(f, "\"{}{more}\"", text.escape_debug())?,
            None => write!(f, "0x{}{more}", crate::hex::digits(&beginning))?,
        }
        match self.len() {
            ..=SHOWN_MAX => Ok(()),
            len => write!(f, " ({len} bytes)"),
        }
    }
}

/// The bytes as text, without a character that is cut at the end of a part.
fn shown_text(bytes: &[u8], is_part: bool) -> Option<&str> {
    match str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if is_part && error.error_len().is_none() => {
            str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}
