//! A received message that is kept whole, up to a length.

use std::borrow::Cow;

use ws_echo_core::Kind;

use crate::hex;

/// How many bytes of a message are kept.
const KEPT_LEN_MAX: usize = 16 << 20;

/// A message, or as much of it as is kept.
#[derive(Debug)]
pub(super) struct WholeMessage {
    pub(super) kind: Kind,
    /// The first bytes, up to 16 MiB. Text is not cut inside a character.
    pub(super) bytes: Vec<u8>,
    /// The length of the message, in bytes.
    pub(super) len: u64,
}

impl WholeMessage {
    pub(super) fn new(kind: Kind) -> Self {
        let (bytes, len) = (Vec::new(), 0);
        Self { kind, bytes, len }
    }

    /// Adds the next piece of the message. Text is not cut inside a character.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.push_up_to(KEPT_LEN_MAX, piece);
    }

    fn push_up_to(&mut self, kept_len_max: usize, piece: &[u8]) {
        if !self.is_truncated() {
            let room = kept_len_max - self.bytes.len();
            let len = match (self.kind, str::from_utf8(piece)) {
                (Kind::Text, Ok(text)) => text.floor_char_boundary(room),
                _ => room.min(piece.len()),
            };
            self.bytes.extend(piece.iter().take(len));
        }
        self.len += piece.len() as u64;
    }

    /// Whether not all of the message is kept.
    pub(super) fn is_truncated(&self) -> bool {
        self.bytes.len() as u64 != self.len
    }

    /// What is kept as text: a binary message as `0x` and hexadecimal digits.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match (self.kind, str::from_utf8(&self.bytes)) {
            (Kind::Text, Ok(text)) => text.into(),
            _ => format!("0x{}", hex::digits(&self.bytes)).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_up_to_a_length_and_counted_to_its_end() {
        let mut message = WholeMessage::new(Kind::Text);
        message.push_up_to(5, "aß".as_bytes());
        assert!(!message.is_truncated());
        message.push_up_to(5, "bßc".as_bytes());
        message.push_up_to(5, b"d");
        assert_eq!((&*message.text(), message.len), ("aßb", 8));
        assert!(message.is_truncated());
    }

    #[test]
    fn a_binary_message_is_hexadecimal_digits_as_text() {
        let mut message = WholeMessage::new(Kind::Binary);
        assert_eq!(message.text(), "0x");
        message.push_up_to(2, b"a\xff\0");
        assert_eq!((&*message.text(), message.len), ("0x61ff", 3));
    }
}
