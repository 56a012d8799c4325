//! The frame header (RFC 6455 section 5.2), from bytes and to bytes. It knows nothing of the frames
//! before and after.

use crate::error::ProtocolError;
use crate::mask::MaskingKey;

/// The longest header: two bytes, eight of extended payload length, four of masking key.
pub(crate) const MAX_HEADER_LEN: usize = 14;

/// The longest header that a server writes: there is no masking key in it.
pub(crate) const MAX_ENCODED_LEN: usize = 10;

/// The longest payload of a control frame (section 5.5).
pub(crate) const MAX_CONTROL_LEN: usize = 125;

const FIN: u8 = 0x80;
const RSV: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const MASK: u8 = 0x80;
const LEN: u8 = 0x7F;
const LEN_IS_16_BITS: u8 = 126;
const LEN_IS_64_BITS: u8 = 127;

/// What a frame is (section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    /// > If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket
    /// > Connection_. (section 5.2)
    fn decode(nibble: u8) -> Result<Self, ProtocolError> {
        match nibble {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xA => Ok(Self::Pong),
            _ => Err(ProtocolError::ReservedOpcode(nibble)),
        }
    }

    fn encode(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Whether a frame is the last of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fin {
    Last,
    More,
}

/// The first byte of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct First {
    pub(crate) opcode: Opcode,
    pub(crate) fin: Fin,
}

impl First {
    pub(crate) fn decode(byte: u8) -> Result<Self, ProtocolError> {
        // > MUST be 0 unless an extension is negotiated that defines meanings for non-zero
        // > values. (section 5.2)
        if byte & RSV != 0 {
            return Err(ProtocolError::ReservedBits(byte & RSV));
        }
        let opcode = Opcode::decode(byte & OPCODE)?;
        let fin = if byte & FIN != 0 {
            Fin::Last
        } else {
            Fin::More
        };
        // > All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
        // > fragmented. (section 5.5)
        if opcode.is_control() && fin == Fin::More {
            return Err(ProtocolError::FragmentedControlFrame);
        }
        Ok(Self { opcode, fin })
    }
}

/// The header of a masked frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) first: First,
    /// Length of the payload in bytes, below 2^63.
    pub(crate) len: u64,
    pub(crate) key: MaskingKey,
}

impl Header {
    /// The header whose first byte stands before `bytes`, and what follows it; `None` while it is
    /// cut. What the bytes that are there break is told without waiting for others.
    pub(crate) fn decode(
        first: First,
        bytes: &[u8],
    ) -> Result<Option<(Self, &[u8])>, ProtocolError> {
        let Some((&second, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        // > The server MUST close the connection upon receiving a frame that is not masked.
        // > (section 5.1)
        if second & MASK == 0 {
            return Err(ProtocolError::Unmasked);
        }
        let len = second & LEN;
        if first.opcode.is_control() && usize::from(len) > MAX_CONTROL_LEN {
            return Err(ProtocolError::ControlFrameTooLong);
        }
        let Some((len, rest)) = decode_len(len, rest)? else {
            return Ok(None);
        };
        let Some((key, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let key = MaskingKey::new(*key);
        Ok(Some((Self { first, len, key }, rest)))
    }
}

/// The payload length that begins with the seven bits `len`, and the bytes behind it.
///
/// > [...] (the most significant bit MUST be 0) [...] Note that in all cases, the minimal number of
/// > bytes MUST be used to encode the length, [...] (section 5.2)
fn decode_len(len: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    match len {
        LEN_IS_16_BITS => {
            let Some((extended, rest)) = rest.split_first_chunk::<2>() else {
                return Ok(None);
            };
            let len = u64::from(u16::from_be_bytes(*extended));
            if len < u64::from(LEN_IS_16_BITS) {
                return Err(ProtocolError::LengthNotMinimal(len));
            }
            Ok(Some((len, rest)))
        }
        LEN_IS_64_BITS => {
            let Some((extended, rest)) = rest.split_first_chunk::<8>() else {
                return Ok(None);
            };
            let len = u64::from_be_bytes(*extended);
            if len <= u64::from(u16::MAX) {
                return Err(ProtocolError::LengthNotMinimal(len));
            }
            if len > i64::MAX as u64 {
                return Err(ProtocolError::LengthTooLarge(len));
            }
            Ok(Some((len, rest)))
        }
        _ => Ok(Some((u64::from(len), rest))),
    }
}

/// The header of an unmasked frame, as bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncodedHeader {
    bytes: [u8; MAX_ENCODED_LEN],
    len: usize,
}

impl EncodedHeader {
    /// A frame with a payload of `len` bytes.
    pub(crate) fn new(opcode: Opcode, fin: Fin, len: usize) -> Self {
        let fin = if fin == Fin::Last { FIN } else { 0 };
        let first = fin | opcode.encode();
        let mut bytes = [0; MAX_ENCODED_LEN];
        if len < usize::from(LEN_IS_16_BITS) {
            [bytes[0], bytes[1]] = [first, len as u8];
        } else if let Ok(len) = u16::try_from(len) {
            let [high, low] = len.to_be_bytes();
            [bytes[0], bytes[1], bytes[2], bytes[3]] = [first, LEN_IS_16_BITS, high, low];
        } else {
            let [a, b, c, d, e, f, g, h] = (len as u64).to_be_bytes();
            bytes = [first, LEN_IS_64_BITS, a, b, c, d, e, f, g, h];
        }
        let len = encoded_len(len);
        Self { bytes, len }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The length of the header of an unmasked frame with a payload of `len` bytes.
pub(crate) fn encoded_len(len: usize) -> usize {
    if len < usize::from(LEN_IS_16_BITS) {
        2
    } else if len <= usize::from(u16::MAX) {
        4
    } else {
        MAX_ENCODED_LEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_written_with_the_least_bytes() {
        for (len, expected) in [
            (0, &[0x82, 0][..]),
            (125, &[0x82, 125]),
            (126, &[0x82, 126, 0, 126]),
            (0xFFFF, &[0x82, 126, 0xFF, 0xFF]),
            (0x1_0000, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let header = EncodedHeader::new(Opcode::Binary, Fin::Last, len);
            assert_eq!(header.as_bytes(), expected, "{len} bytes");
            assert_eq!(encoded_len(len), expected.len());
        }
        let header = EncodedHeader::new(Opcode::Continuation, Fin::More, 1);
        assert_eq!(header.as_bytes(), [0x00, 1]);
    }

    #[test]
    fn a_cut_header_is_none_and_a_whole_one_leaves_what_follows() {
        let first = First::decode(0x81).unwrap();
        for (bytes, len) in [
            (&[0x85, 1, 2, 3, 4, b'x'][..], 5),
            (&[0xFE, 0, 126, 1, 2, 3, 4, b'x'], 126),
            (&[0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4, b'x'], 0x1_0000),
        ] {
            for cut in 0..bytes.len() - 1 {
                assert_eq!(Header::decode(first, &bytes[..cut]), Ok(None), "at {cut}");
            }
            let (header, rest) = Header::decode(first, bytes).unwrap().unwrap();
            assert_eq!((header.len, rest), (len, &b"x"[..]));
            assert_eq!(header.key, MaskingKey::new([1, 2, 3, 4]));
        }
    }
}
