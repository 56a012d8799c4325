//! Finds the frames in the bytes of one side, however they are cut (RFC 6455 section 5.2). It
//! judges nothing: see `messages`.

use crate::frame_header::{FIN, FrameHeader, read_header};

/// The longest header: two bytes, eight of the length, four of the masking key.
const HEADER_LEN_MAX: usize = 14;
const KEY_LEN: usize = 4;
const RSV: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const CONTROL: u8 = 0x08;

/// What the header of a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The byte with FIN, the reserved bits and the opcode.
    first: u8,
    pub(super) is_masked: bool,
    /// The length of the payload in bytes, below 2^63.
    pub(super) len: u64,
    /// Whether the length is in the shortest form.
    pub(super) is_shortest: bool,
}

impl From<FrameHeader> for Header {
    fn from(header: FrameHeader) -> Self {
        Self {
            first: header.first,
            is_masked: header.key.is_some(),
            len: header.len,
            is_shortest: header.is_shortest,
        }
    }
}

impl Header {
    /// Whether it is the last frame of a message.
    pub(super) fn is_last(self) -> bool {
        self.first & FIN != 0
    }

    /// The reserved bits, where they are in the byte: RSV1 is 0x40.
    pub(super) fn reserved_bits(self) -> u8 {
        self.first & RSV
    }

    pub(super) fn opcode(self) -> u8 {
        self.first & OPCODE
    }

    pub(super) fn is_control(self) -> bool {
        self.first & CONTROL != 0
    }
}

/// What was found in the bytes of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A frame begins.
    Header(Header),
    /// Some of its payload, at least one byte.
    Payload(Masked<'a>),
    /// All of its payload was found.
    End,
    /// What begins here is no frame: its length is 2^63 or more. Nothing is found after it.
    NoFrame,
}

/// A part of a payload as it travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Masked<'a> {
    bytes: &'a [u8],
    /// The masking key from the first of these bytes on.
    key: [u8; KEY_LEN],
}

impl Masked<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The first bytes, up to `len`, as they were before they were masked (section 5.3).
    pub(super) fn unmasked(&self, len: usize) -> impl Iterator<Item = u8> {
        let key = self.key.iter().cycle();
        self.bytes
            .iter()
            .zip(key)
            .map(|(byte, key)| byte ^ key)
            .take(len)
    }
}

/// Finds frames.
#[derive(Debug)]
pub(super) struct FrameReader {
    state: State,
}

#[derive(Debug)]
enum State {
    /// This much of a header was read.
    Header {
        bytes: [u8; HEADER_LEN_MAX],
        filled: usize,
    },
    /// This much of a payload is left.
    Payload { remaining: u64, key: [u8; KEY_LEN] },
    /// There was no frame.
    Lost,
}

impl State {
    const BETWEEN_FRAMES: Self = Self::Header {
        bytes: [0; HEADER_LEN_MAX],
        filled: 0,
    };
}

impl FrameReader {
    pub(super) fn new() -> Self {
        Self {
            state: State::BETWEEN_FRAMES,
        }
    }

    /// Whether a header is begun.
    pub(super) fn is_inside_header(&self) -> bool {
        matches!(self.state, State::Header { filled: 1.., .. })
    }

    /// What is found next, and takes it off `bytes`. `None` if there is nothing more.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Piece<'a>> {
        match &mut self.state {
            State::Header { .. } => self.read_header(bytes),
            State::Payload { remaining: 0, .. } => {
                self.state = State::BETWEEN_FRAMES;
                Some(Piece::End)
            }
            State::Payload { remaining, key } => {
                let len = usize::try_from(*remaining).unwrap_or(usize::MAX);
                let payload = bytes.split_off(..len.min(bytes.len()))?;
                if payload.is_empty() {
                    return None;
                }
                *remaining -= payload.len() as u64;
                let masked = Masked {
                    bytes: payload,
                    key: *key,
                };
                key.rotate_left(payload.len() % KEY_LEN);
                Some(Piece::Payload(masked))
            }
            State::Lost => None,
        }
    }

    fn read_header<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Piece<'a>> {
        let State::Header {
            bytes: header,
            filled,
        } = &mut self.state
        else {
            return None;
        };
        loop {
            if let Some(found) = read_header(header.get(..*filled).unwrap_or_default()) {
                if found.len >> 63 != 0 {
                    self.state = State::Lost;
                    return Some(Piece::NoFrame);
                }
                let (remaining, key) = (found.len, found.key.unwrap_or_default());
                self.state = State::Payload { remaining, key };
                return Some(Piece::Header(found.into()));
            }
            let place = header.get_mut(*filled)?;
            *place = *bytes.split_off_first()?;
            *filled += 1;
        }
    }
}
