//! Frames as bytes (RFC 6455 section 5.2), with an encoder and a decoder that share nothing with
//! the core.

use std::{array, fmt};

/// The first byte of a frame: FIN and an opcode.
pub const TEXT: u8 = 0x81;
/// FIN and the opcode of a binary frame.
pub const BINARY: u8 = 0x82;
/// FIN and the opcode of a continuation.
pub const CONTINUATION: u8 = 0x80;
/// FIN and the opcode of a Close frame.
pub const CLOSE: u8 = 0x88;
/// FIN and the opcode of a Ping frame.
pub const PING: u8 = 0x89;
/// FIN and the opcode of a Pong frame.
pub const PONG: u8 = 0x8A;
/// The bit that makes a frame the last of its message.
pub const FIN: u8 = 0x80;
/// The bit of a compressed message, in its first frame (RFC 7692 section 6).
pub const RSV1: u8 = 0x40;
/// The bits that are reserved for extensions.
const RSV: u8 = 0x70;
/// The bit of the second byte that marks a frame as masked.
const MASK: u8 = 0x80;
/// A masking key.
const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A frame as it was received from a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// FIN, RSV and opcode.
    pub first: u8,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Frame {
    /// A frame with this first byte.
    pub fn new(first: u8, payload: impl AsRef<[u8]>) -> Self {
        let payload = payload.as_ref().to_vec();
        Self { first, payload }
    }

    /// A Close frame.
    pub fn close(code: u16) -> Self {
        Self::new(CLOSE, code.to_be_bytes())
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, payload } = self;
        let start = payload[..payload.len().min(40)].escape_ascii();
        write!(f, "{first:#04x} {} bytes \"{start}\"", payload.len())
    }
}

/// A masked frame, as a client sends it. The key depends on the payload's length.
pub fn masked(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let seed = payload.len() as u32;
    let key = (seed.wrapping_mul(0x9E37_79B9) ^ 0x37FA_213D).to_be_bytes();
    masked_with(key, first, payload)
}

/// A frame masked with a key.
pub fn masked_with(key: [u8; 4], first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(0x80 | len as u8),
        len @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(with_key(key, payload));
    frame
}

/// The same frames as the other role would send them, however wrong they are: masked frames become
/// unmasked, and unmasked ones masked. The last frame may be cut.
pub fn mirrored(mut bytes: &[u8]) -> Vec<u8> {
    let mut mirrored = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        mirrored.extend([*first, second ^ MASK]);
        let len_len = match second & !MASK {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let (len, rest) = rest.split_at(len_len.min(rest.len()));
        mirrored.extend(len);
        if len.len() < len_len {
            return mirrored;
        }
        let len = match len {
            [] => u64::from(second & !MASK),
            len => len.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        };
        let is_masked = second & MASK != 0;
        let (key, rest) = match rest.split_first_chunk() {
            Some((&key, rest)) if is_masked => (key, rest),
            None if is_masked => {
                // Without a payload the mirrored frame would be whole.
                if second & !MASK == 0 {
                    mirrored.pop();
                }
                return mirrored;
            }
            _ => (KEY, rest),
        };
        if !is_masked {
            mirrored.extend(key);
        }
        let (payload, rest) =
            rest.split_at(rest.len().min(usize::try_from(len).unwrap_or(usize::MAX)));
        mirrored.extend(with_key(key, payload));
        bytes = rest;
    }
    mirrored.extend(bytes);
    mirrored
}

/// A payload with the key applied to it: masked, or unmasked. Sixteen bytes at a time, because the
/// tests mask hundreds of megabytes without optimization.
pub(crate) fn with_key(key: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut payload = payload.to_vec();
    let wide_key = u128::from_ne_bytes(array::from_fn(|i| key[i % 4]));
    let (chunks, rest) = payload.as_chunks_mut();
    for chunk in chunks {
        *chunk = (u128::from_ne_bytes(*chunk) ^ wide_key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
    payload
}

/// A masked Close frame with a code and a reason.
pub fn masked_close(code: u16, reason: &str) -> Vec<u8> {
    masked(CLOSE, [&code.to_be_bytes()[..], reason.as_bytes()].concat())
}

/// The frames of a server, and the bytes after the last complete one.
///
/// # Panics
///
/// If a frame is one that no server may send: masked, or with a length that is not minimal.
pub fn unmasked(mut bytes: &[u8]) -> (Vec<Frame>, &[u8]) {
    let mut frames = Vec::new();
    while let Some((frame, rest)) = split_frame(bytes) {
        frames.push(frame);
        bytes = rest;
    }
    (frames, bytes)
}

/// The first frame of a server, and the bytes after it. Returns `None` while the frame is cut.
///
/// # Panics
///
/// If the frame is one that no server may send.
pub fn split_frame(bytes: &[u8]) -> Option<(Frame, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    assert_eq!(second & 0x80, 0, "a server's frame is masked");
    let (len, rest) = match second {
        126 => {
            let (len, rest) = rest.split_first_chunk()?;
            let len = u16::from_be_bytes(*len);
            assert!(len >= 126, "length {len} is not minimal");
            (usize::from(len), rest)
        }
        127 => {
            let (len, rest) = rest.split_first_chunk()?;
            let len = u64::from_be_bytes(*len);
            assert!(len > 0xFFFF, "length {len} is not minimal");
            (usize::try_from(len).ok()?, rest)
        }
        len => (usize::from(len), rest),
    };
    let (payload, rest) = rest.split_at_checked(len)?;
    Some((Frame::new(first, payload), rest))
}

/// Joins the frames of a server: each message becomes one frame of its kind, [`TEXT`] or
/// [`BINARY`], with the payloads of all its fragments, and with [`RSV1`] if the first has it.
/// Control frames stay as they are.
///
/// # Panics
///
/// If fragments are out of order, a bit is set that they cannot have, or a text fragment is not
/// UTF-8 by itself.
pub fn joined(frames: &[Frame]) -> Vec<Frame> {
    let mut messages = Vec::new();
    let mut open: Option<Frame> = None;
    for frame in frames {
        let is_first = open.is_none() && frame.first & 0x0F < 8;
        let allowed = if is_first { RSV1 } else { 0 };
        assert_eq!(frame.first & RSV & !allowed, 0, "reserved bits: {frame:?}");
        match (frame.first & 0x0F, &mut open) {
            (8.., _) => {
                messages.push(frame.clone());
                continue;
            }
            (0, Some(message)) => message.payload.extend(&frame.payload),
            (1 | 2, None) => open = Some(Frame::new(frame.first | FIN, &frame.payload)),
            _ => panic!("{frame:?} is out of order"),
        }
        if open.as_ref().is_some_and(|message| message.first == TEXT) {
            assert!(str::from_utf8(&frame.payload).is_ok(), "{frame:?} is cut");
        }
        if frame.first & FIN != 0 {
            messages.extend(open.take());
        }
    }
    messages
}
