//! What a frame or a message contains: bytes, a unit that is repeated, or a part of some content.
//! So a table can name messages of megabytes.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;

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
    pub fn repeated(unit: &'static (impl AsRef<[u8]> + ?Sized), len: usize) -> Self {
        Self::Repeated {
            unit: unit.as_ref(),
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

    /// Some of the bytes. A unit is not copied if the part begins with a whole one.
    ///
    /// # Panics
    ///
    /// If there are not so many bytes.
    pub fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::Bytes(Cow::Borrowed(bytes)) => Self::Bytes(Cow::Borrowed(&bytes[range])),
            Self::Repeated { unit, len }
                if range.start.is_multiple_of(unit.len()) && range.end <= *len =>
            {
                Self::Repeated {
                    unit,
                    len: range.len(),
                }
            }
            _ => Self::Bytes(Cow::Owned(self.bytes()[range].to_vec())),
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
        if self.len() != other.len() {
            return false;
        }
        match (self, other) {
            (Self::Repeated { unit, .. }, Self::Bytes(bytes))
            | (Self::Bytes(bytes), Self::Repeated { unit, .. }) => is_repeated(unit, bytes),
            _ => self.bytes() == other.bytes(),
        }
    }
}

/// Whether the bytes are a unit, again and again. Long ones are compared often, so none is made.
fn is_repeated(unit: &[u8], bytes: &[u8]) -> bool {
    let len = unit.len().min(bytes.len());
    // Then each byte is the one that is a unit before it.
    bytes[..len] == unit[..len] && bytes[len..] == bytes[..bytes.len() - len]
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

impl Display for Payload {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_shown(&self.beginning(SHOWN_MAX), self.len(), f)
    }
}

/// Bytes to show, without a copy of them all.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a [u8]);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown_len = self.0.len().min(SHOWN_MAX);
        write_shown(&self.0[..shown_len], self.0.len(), f)
    }
}

/// As a text in quotes if it is one, or in hexadecimal digits; the beginning of a long one. Safe
/// for a terminal.
fn write_shown(beginning: &[u8], len: usize, f: &mut Formatter<'_>) -> fmt::Result {
    if len == 0 {
        return f.write_str("nothing");
    }
    let is_part = len > SHOWN_MAX;
    let more = if is_part { "…" } else { "" };
    match shown_text(beginning, is_part) {
        Some(text) => write!(f, "\"{}{more}\"", text.escape_debug())?,
        None => write!(f, "0x{}{more}", crate::hex::digits(beginning))?,
    }
    match is_part {
        false => Ok(()),
        true => write!(f, " ({len} bytes)"),
    }
}

/// The bytes as text, without a character that is cut at the end of a part: `None` if they are no
/// text, or most of them are control characters, whose escapes nobody can read.
fn shown_text(bytes: &[u8], is_part: bool) -> Option<&str> {
    let is_control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let controls = bytes.iter().filter(is_control);
    if 2 * controls.count() > bytes.len() {
        return None;
    }
    match str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if is_part && error.error_len().is_none() => {
            str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_repeated_and_cut() {
        let payload = Payload::repeated("abc", 7);
        assert_eq!(&*payload.bytes(), b"abcabca");
        assert_eq!(payload.beginning(4), b"abca");
        assert_eq!(&*payload.part(3..6).bytes(), b"abc");
        assert_eq!(&*payload.part(1..5).bytes(), b"bcab");
        assert!(Payload::repeated("abc", 0).is_empty());
    }

    #[test]
    fn a_repeated_unit_is_equal_to_its_bytes_and_to_no_others() {
        for len in [0, 1, 2, 3, 4, 7, 100] {
            let repeated = Payload::repeated("abc", len);
            let mut bytes = repeated.bytes().into_owned();
            assert_eq!(repeated, Payload::from(bytes.clone()));
            assert_eq!(Payload::from(bytes.clone()), repeated);
            for index in 0..len {
                bytes[index] ^= 1;
                assert_ne!(repeated, Payload::from(bytes.clone()), "{index} of {len}");
                bytes[index] ^= 1;
            }
            bytes.push(b'a');
            assert_ne!(repeated, Payload::from(bytes));
        }
        assert_eq!(Payload::repeated("ab", 4), Payload::repeated("abab", 4));
    }

    #[test]
    fn a_payload_is_shown_as_text_or_as_digits_and_its_beginning_only() {
        for (payload, shown) in [
            (Payload::from(""), "nothing"),
            (Payload::from("a\n\u{1B}"), "\"a\\n\\u{1b}\""),
            (Payload::from(b"\xFF\x00"), "0xff00"),
            (Payload::from(b"\x00\x01\x02a"), "0x00010261"),
            (
                Payload::repeated("0123456789", 50),
                "\"0123456789012345678901234567890123456789…\" (50 bytes)",
            ),
        ] {
            assert_eq!(payload.to_string(), shown);
            let bytes = payload.bytes();
            assert_eq!(Shown(&bytes).to_string(), shown);
        }
    }

    #[test]
    fn a_character_that_is_cut_where_the_beginning_ends_does_not_make_digits_of_a_text() {
        let payload = Payload::from(format!("{}κόσμε", "x".repeat(39)));
        assert!(payload.to_string().starts_with("\"xxx"));
        let cut = Payload::from(b"x\xCE");
        assert_eq!(cut.to_string(), "0x78ce");
    }
}
