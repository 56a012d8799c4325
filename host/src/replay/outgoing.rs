//! What a client has sent, as frames that are sent again (RFC 6455 section 5).

use std::vec::IntoIter;

use ws_echo_core::Kind;

use crate::frame_header::{
    BINARY, CLOSE, CONTINUATION, FIN, MASKED, PING, PONG, RSV1, TEXT, header,
};

/// The frames of one message, or one other frame.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) what: Sent,
    /// The first byte of the next frame, without FIN.
    opcode: u8,
    payload: Vec<u8>,
    /// How much of the payload is in the frames that were taken.
    taken: usize,
    lens: IntoIter<usize>,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Message,
    /// A Ping, or a Pong that nobody has asked for.
    Control,
    Close,
}

impl Outgoing {
    /// A message in frames of these lengths, which a recording has. The last frame takes what they
    /// leave.
    pub(super) fn message(kind: Kind, payload: Vec<u8>, frames: &[u64], compressed: bool) -> Self {
        let opcode = match kind {
            Kind::Text => TEXT,
            Kind::Binary => BINARY,
        };
        let rsv1 = if compressed { RSV1 } else { 0 };
        let lens = frame_lens(frames, payload.len());
        Self::new(Sent::Message, opcode | rsv1, payload, lens)
    }

    pub(super) fn ping(payload: Vec<u8>) -> Self {
        Self::control(Sent::Control, PING, payload)
    }

    pub(super) fn pong(payload: Vec<u8>) -> Self {
        Self::control(Sent::Control, PONG, payload)
    }

    pub(super) fn close(code: Option<u16>, reason: &[u8]) -> Self {
        let payload = match code {
            Some(code) => [&code.to_be_bytes()[..], reason].concat(),
            None => Vec::new(),
        };
        Self::control(Sent::Close, CLOSE, payload)
    }

    fn control(what: Sent, opcode: u8, payload: Vec<u8>) -> Self {
        let lens = vec![payload.len()];
        Self::new(what, opcode, payload, lens)
    }

    fn new(what: Sent, opcode: u8, payload: Vec<u8>, lens: Vec<usize>) -> Self {
        Self {
            what,
            opcode,
            payload,
            taken: 0,
            lens: lens.into_iter(),
        }
    }

    /// The bytes of the next frame, masked with this key.
    pub(super) fn next_frame(&mut self, key: [u8; 4]) -> Option<Vec<u8>> {
        let len = self.lens.next()?;
        let payload = self.payload.get(self.taken..)?.get(..len)?;
        self.taken += len;
        let fin = if self.lens.len() == 0 { FIN } else { 0 };
        let mut frame = header(fin | self.opcode, MASKED, len);
        frame.reserve(key.len() + len);
        frame.extend(key);
        let masked = payload.iter().zip(key.iter().cycle());
        frame.extend(masked.map(|(byte, key)| byte ^ key));
        self.opcode = CONTINUATION;
        Some(frame)
    }

    /// Whether all frames were taken.
    pub(super) fn is_sent(&self) -> bool {
        self.lens.len() == 0
    }
}

/// The lengths of the frames of a message that has `len` bytes. Those in a recording that someone
/// has changed may be wrong.
fn frame_lens(frames: &[u64], len: usize) -> Vec<usize> {
    let mut rest = len;
    let mut lens = Vec::with_capacity(frames.len().max(1));
    for frame in frames {
        if rest == 0 && *frame > 0 {
            break;
        }
        let len = usize::try_from(*frame).map_or(rest, |len| len.min(rest));
        lens.push(len);
        rest -= len;
    }
    match lens.last_mut() {
        Some(last) => *last += rest,
        None => lens.push(rest),
    }
    lens
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

    fn frames(mut outgoing: Outgoing) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while !outgoing.is_sent() {
            frames.extend(outgoing.next_frame(KEY));
        }
        assert_eq!(outgoing.next_frame(KEY), None);
        frames
    }

    /// A masked frame, from its first byte and its payload, which is short.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first, 0x80 | payload.len() as u8];
        frame.extend(KEY);
        frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(a, b)| a ^ b));
        frame
    }

    #[test]
    fn a_message_has_the_frames_of_the_recording() {
        let text = Outgoing::message(Kind::Text, b"Hello".to_vec(), &[5], false);
        assert_eq!(
            frames(text),
            [b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"]
        );
        // A frame may be empty, or end inside a character.
        let text = Outgoing::message(Kind::Text, "aß".into(), &[0, 2, 1], false);
        let expected = [
            frame(0x01, b""),
            frame(0x00, b"a\xc3"),
            frame(0x80, b"\x9f"),
        ];
        assert_eq!(frames(text), expected);
        let compressed = Outgoing::message(Kind::Binary, b"abc".to_vec(), &[1, 2], true);
        let expected = [frame(0x42, b"a"), frame(0x80, b"bc")];
        assert_eq!(frames(compressed), expected);
    }

    #[test]
    fn control_frames_have_their_payload() {
        assert_eq!(frames(Outgoing::ping(b"a".into())), [frame(0x89, b"a")]);
        assert_eq!(frames(Outgoing::pong(b"".into())), [frame(0x8A, b"")]);
        let close = Outgoing::close(Some(1000), b"bye");
        assert_eq!(frames(close), [frame(0x88, b"\x03\xe8bye")]);
        assert_eq!(frames(Outgoing::close(None, b"")), [frame(0x88, b"")]);
    }

    #[test]
    fn wrong_lengths_lose_and_add_nothing() {
        for (recorded, len, expected) in [
            (&[][..], 3, &[3][..]),
            (&[2], 3, &[3]),
            (&[5], 3, &[3]),
            (&[2, 5, 1], 3, &[2, 1]),
            (&[1, 1], 3, &[1, 2]),
            (&[u64::MAX, 1], 3, &[3]),
            (&[0, 0], 0, &[0, 0]),
            (&[1], 0, &[0]),
        ] {
            assert_eq!(frame_lens(recorded, len), expected, "{recorded:?}");
        }
    }
}
