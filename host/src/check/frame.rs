//! Frames as they are sent (RFC 6455 section 5.2), right or wrong, with an encoder that is not the
//! core's.

use std::fmt::{self, Display, Formatter};

use super::payload::Payload;
use crate::frame_header::{
    BINARY, CLOSE, CONTINUATION, FIN, LEN_16, LEN_64, MASKED, PING, PONG, TEXT,
};

/// The three bits that are reserved for extensions.
pub const RESERVED_BITS: u8 = 0x70;
/// The bits of the opcode.
pub const OPCODE: u8 = 0x0F;

/// Which end of a connection is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Server,
    Client,
}

/// A frame to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub first: u8,
    pub payload: Payload,
    pub len: Length,
    pub mask: Mask,
}

/// How a frame says its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// In as few bytes as possible.
    Shortest,
    /// In two bytes, also if one would do.
    In16Bits,
    /// In eight bytes, also if fewer would do.
    In64Bits,
    /// In as few bytes as possible, but that of a longer payload, whose rest comes later.
    OfWhole(usize),
    /// In eight bytes, and not that of the payload that follows.
    Claimed(u64),
}

/// Whether and how a frame is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// Masked with a key of its own if it goes to a server, and not if it goes to a client.
    AsRequired,
    /// Not masked, although it goes to a server.
    Missing,
    /// Masked, although it goes to a client.
    Unasked,
    /// With this key if it goes to a server.
    Key([u8; 4]),
}

impl Frame {
    fn new(opcode: u8, payload: impl Into<Payload>) -> Self {
        Self {
            first: FIN | opcode,
            payload: payload.into(),
            len: Length::Shortest,
            mask: Mask::AsRequired,
        }
    }

    /// The frame without FIN: more of the message follows.
    pub fn not_final(mut self) -> Self {
        self.first &= !FIN;
        self
    }

    /// The frame with these reserved bits, from 0 (none) to 7 (all); RSV1 is 4.
    pub fn reserved_bits(mut self, bits: u8) -> Self {
        self.first = self.first & !RESERVED_BITS | bits << 4;
        self
    }

    /// The frame with another opcode.
    pub fn opcode(mut self, opcode: u8) -> Self {
        self.first = self.first & !OPCODE | opcode;
        self
    }

    /// The frame with its length said in this way.
    pub fn length(mut self, len: Length) -> Self {
        self.len = len;
        self
    }

    /// The frame masked in this way.
    pub fn masked(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    /// The key that masks the frame on its way to this role.
    fn key(&self, to: Role) -> Option<[u8; 4]> {
        let usual = (self.payload.len() as u32 ^ 0x37FA_213D).to_be_bytes();
        match (self.mask, to) {
            (Mask::AsRequired, Role::Server) | (Mask::Unasked, _) => Some(usual),
            (Mask::Key(key), Role::Server) => Some(key),
            _ => None,
        }
    }

    /// The bytes on their way to this role.
    pub fn bytes(&self, to: Role) -> Vec<u8> {
        let key = self.key(to);
        let mut bytes = self.header(key);
        let start = bytes.len();
        bytes.extend_from_slice(&self.payload.bytes());
        if let Some(key) = key {
            mask(&mut bytes[start..], key);
        }
        bytes
    }

    fn header(&self, key: Option<[u8; 4]>) -> Vec<u8> {
        let mask = if key.is_some() { MASKED } else { 0 };
        let mut bytes = vec![self.first];
        let len = match self.len {
            Length::OfWhole(len) => len as u64,
            _ => self.payload.len() as u64,
        };
        match (self.len, len) {
            (Length::Shortest | Length::OfWhole(_), 0..126) => bytes.push(mask | len as u8),
            (Length::Shortest | Length::OfWhole(_), 126..=0xFFFF) | (Length::In16Bits, _) => {
                bytes.push(mask | LEN_16);
                bytes.extend((len as u16).to_be_bytes());
            }
            (Length::Shortest | Length::OfWhole(_) | Length::In64Bits, len)
            | (Length::Claimed(len), _) => {
                bytes.push(mask | LEN_64);
                bytes.extend(len.to_be_bytes());
            }
        }
        bytes.extend(key.iter().flatten());
        bytes
    }
}

/// Masks, or unmasks.
pub fn mask(bytes: &mut [u8], key: [u8; 4]) {
    for (byte, key) in bytes.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

/// A text message in one frame.
pub fn text(payload: impl Into<Payload>) -> Frame {
    Frame::new(TEXT, payload)
}

/// A binary message in one frame.
pub fn binary(payload: impl Into<Payload>) -> Frame {
    Frame::new(BINARY, payload)
}

/// The last fragment of a message.
pub fn continuation(payload: impl Into<Payload>) -> Frame {
    Frame::new(CONTINUATION, payload)
}

/// A Ping.
pub fn ping(payload: impl Into<Payload>) -> Frame {
    Frame::new(PING, payload)
}

/// A Pong.
pub fn pong(payload: impl Into<Payload>) -> Frame {
    Frame::new(PONG, payload)
}

/// A Close with a code and a reason.
pub fn close(code: u16, reason: &str) -> Frame {
    close_with([&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// A Close with any payload.
pub fn close_with(payload: impl Into<Payload>) -> Frame {
    Frame::new(CLOSE, payload)
}

/// The message of a frame in fragments, each of which has `len` bytes of payload, or fewer.
pub fn fragments(message: &Frame, len: usize) -> Vec<Frame> {
    let whole = message.payload.len();
    let count = whole.div_ceil(len).max(1);
    let fragment = |index: usize| {
        let start = index * len;
        let payload = message.payload.part(start..whole.min(start + len));
        let (is_first, is_last) = (index == 0, index + 1 == count);
        let mut fragment = message.clone();
        fragment.payload = payload;
        if !is_first {
            fragment = fragment.opcode(CONTINUATION).reserved_bits(0);
        }
        match is_last {
            true => fragment,
            false => fragment.not_final(),
        }
    };
    (0..count).map(fragment).collect()
}

/// The name of an opcode.
pub fn opcode_name(opcode: u8) -> String {
    match opcode & OPCODE {
        CONTINUATION => "continuation".into(),
        TEXT => "text".into(),
        BINARY => "binary".into(),
        CLOSE => "Close".into(),
        PING => "Ping".into(),
        PONG => "Pong".into(),
        other => format!("opcode {other:#x}"),
    }
}

/// FIN, reserved bits and opcode in words.
pub fn first_in_words(first: u8) -> String {
    let mut words = opcode_name(first);
    if first & FIN == 0 {
        words += ", not final";
    }
    for (bit, name) in [(0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3")] {
        if first & bit != 0 {
            words += ", ";
            words += name;
        }
    }
    words
}

/// In words, such as `text, not final: "abc"`.
impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&first_in_words(self.first))?;
        match self.len {
            Length::Shortest => {}
            Length::In16Bits => f.write_str(", length in 16 bits")?,
            Length::In64Bits => f.write_str(", length in 64 bits")?,
            Length::OfWhole(len) => write!(f, ", the beginning of {len} bytes")?,
            Length::Claimed(len) => write!(f, ", length said to be {len}")?,
        }
        match self.mask {
            Mask::AsRequired => {}
            Mask::Missing => f.write_str(", not masked")?,
            Mask::Unasked => f.write_str(", masked")?,
            Mask::Key(key) => write!(f, ", key 0x{}", crate::hex::digits(&key))?,
        }
        if self.first & OPCODE == CLOSE
            && let Some((code, reason)) = self.payload.bytes().split_first_chunk()
        {
            let code = u16::from_be_bytes(*code);
            write!(f, ": {code}")?;
            return match reason {
                [] => Ok(()),
                reason => write!(f, " {}", Payload::from(reason.to_vec())),
            };
        }
        write!(f, ": {}", self.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // > 0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58 (contains "Hello")
    // > (RFC 6455 section 5.7)
    #[test]
    fn a_frame_is_masked_on_its_way_to_a_server_only() {
        let frame = text("Hello").masked(Mask::Key([0x37, 0xFA, 0x21, 0x3D]));
        let masked = b"\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58";
        assert_eq!(frame.bytes(Role::Server), masked);
        assert_eq!(frame.bytes(Role::Client), b"\x81\x05Hello");
        let missing = text("Hello").masked(Mask::Missing);
        assert_eq!(missing.bytes(Role::Server), b"\x81\x05Hello");
        let unasked = text("Hello").masked(Mask::Unasked);
        assert_eq!(unasked.bytes(Role::Client)[1], 0x85);
    }

    #[test]
    fn a_length_has_the_form_that_is_asked_for() {
        for (len, form, expected) in [
            (125, Length::Shortest, &b"\x82\x7D"[..]),
            (126, Length::Shortest, b"\x82\x7E\x00\x7E"),
            (65_535, Length::Shortest, b"\x82\x7E\xFF\xFF"),
            (65_536, Length::Shortest, b"\x82\x7F\0\0\0\0\0\x01\0\0"),
            (5, Length::In16Bits, b"\x82\x7E\0\x05"),
            (5, Length::In64Bits, b"\x82\x7F\0\0\0\0\0\0\0\x05"),
            (
                5,
                Length::Claimed(u64::MAX),
                b"\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            ),
            (5, Length::OfWhole(300), b"\x82\x7E\x01\x2C"),
        ] {
            let frame = binary(vec![7; len]).length(form);
            let bytes = frame.bytes(Role::Client);
            assert_eq!(bytes[..expected.len()], *expected, "{len} {form:?}");
            assert_eq!(bytes.len(), expected.len() + len, "{len} {form:?}");
        }
    }

    #[test]
    fn the_first_byte_has_what_is_asked_for() {
        assert_eq!(text("").not_final().reserved_bits(4).first, 0x41);
        assert_eq!(ping("").reserved_bits(7).first, 0xF9);
        assert_eq!(ping("").reserved_bits(7).reserved_bits(0).first, 0x89);
        assert_eq!(text("").opcode(0xF).first, 0x8F);
        assert_eq!(close(1001, "bye").payload, b"\x03\xE9bye".into());
    }

    #[test]
    fn fragments_are_the_message_in_parts() {
        let message = text("abcde").reserved_bits(4);
        let firsts_and_payloads = |len| {
            let fragments = fragments(&message, len).into_iter();
            fragments
                .map(|it| (it.first, it.payload.bytes().into_owned()))
                .collect::<Vec<_>>()
        };
        let expected = [
            (0x41, b"ab".to_vec()),
            (0x00, b"cd".to_vec()),
            (0x80, b"e".to_vec()),
        ];
        assert_eq!(firsts_and_payloads(2), expected);
        assert_eq!(firsts_and_payloads(5), [(0xC1, b"abcde".to_vec())]);
        assert_eq!(fragments(&text(""), 5), [text("")]);
    }

    #[test]
    fn a_frame_is_told_in_words() {
        for (frame, words) in [
            (text("abc").not_final(), "text, not final: \"abc\""),
            (ping(b"\xFF").reserved_bits(5), "Ping, RSV1, RSV3: 0xff"),
            (close(1000, "bye"), "Close: 1000 \"bye\""),
            (close_with(""), "Close: nothing"),
            (
                text("a").opcode(3).masked(Mask::Missing),
                "opcode 0x3, not masked: \"a\"",
            ),
        ] {
            assert_eq!(frame.to_string(), words);
        }
    }
}
