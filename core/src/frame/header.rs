//! Decodes and encodes the frame header (RFC 6455 section 5.2). Of the frames before, it knows only
//! whether a message has begun.

use heapless::Vec;

use crate::frame::error::ProtocolError;
use crate::frame::layout::{
    CONTROL_HEADER_LEN, FIN, Fin, LEN, LEN_IS_16_BITS, LEN_IS_64_BITS, MASK, MAX_CONTROL_LEN,
    MAX_HEADER_LEN, MAX_UNMASKED_LEN, OPCODE, Opcode, RSV, RSV1,
};
use crate::frame::mask::MaskingKey;
use crate::frame::role::Role;

/// A header with room for a masking key.
pub(crate) type Header = Vec<u8, MAX_HEADER_LEN, u8>;

/// A frame that is being received: the part of its header that was received, and how much of its
/// payload is missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    next: Field,
    /// How many bytes of that field are missing.
    missing: u8,
    pub(crate) fin: Fin,
    pub(crate) opcode: Opcode,
    key: MaskingKey,
    /// Payload bytes that are missing, below 2^63. While the header is being received: the payload
    /// length as far as it is decoded. (A field of its own would cost 8 bytes.)
    pub(crate) remaining: u64,
}

/// Which data frame may come next (section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The next fragment of the begun message.
    Continuation,
    /// The first frame of a message that is not compressed.
    Message,
    /// The first frame of a message, compressed or not (RFC 7692 section 6).
    AnyMessage,
}

/// What the next byte of a header belongs to (section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// FIN, the reserved bits and the opcode.
    First,
    /// MASK and the payload length.
    Len,
    /// The extended payload length of 16 bits.
    Len16,
    /// The extended payload length of 64 bits.
    Len64,
    MaskingKey,
}

impl Field {
    /// The length in bytes.
    const fn len(self) -> u8 {
        match self {
            Self::First | Self::Len => 1,
            Self::Len16 => 2,
            Self::Len64 => 8,
            Self::MaskingKey => 4,
        }
    }

    /// The field after the length: the next frame's first byte, if this frame is not masked.
    fn after_len<R: Role>() -> Self {
        match R::RECEIVED_MASK {
            0 => Self::First,
            _ => Self::MaskingKey,
        }
    }
}

impl Frame {
    /// A frame of which nothing was received.
    pub(crate) const fn new() -> Self {
        Self {
            next: Field::First,
            missing: Field::First.len(),
            fin: Fin::Last,
            opcode: Opcode::Continuation,
            key: MaskingKey::new(0),
            remaining: 0,
        }
    }

    /// Whether a part of the header was received.
    pub(crate) fn is_partial(&self) -> bool {
        self.next != Field::First
    }

    /// Adds the next byte of the header, and returns whether it was the last. An error is returned
    /// at the first byte that breaks a rule.
    // Inlined into the loop over a header's bytes it would cost 124 bytes more on a Cortex-M3.
    #[inline(never)]
    pub(crate) fn push<R: Role>(
        &mut self,
        byte: u8,
        expected: Expected,
    ) -> Result<bool, ProtocolError> {
        let next = match self.next {
            Field::First => self.decode_first(byte, expected)?,
            Field::Len => self.decode_len::<R>(byte)?,
            Field::Len16 | Field::Len64 => {
                self.remaining = self.remaining << 8 | u64::from(byte);
                if self.missing > 1 {
                    self.missing -= 1;
                    return Ok(false);
                }
                self.check_len::<R>()?
            }
            Field::MaskingKey => {
                self.key.push(byte);
                if self.missing > 1 {
                    self.missing -= 1;
                    return Ok(false);
                }
                Field::First
            }
        };
        self.next = next;
        self.missing = next.len();
        Ok(next == Field::First)
    }

    fn decode_first(&mut self, byte: u8, expected: Expected) -> Result<Field, ProtocolError> {
        // > MUST be 0 unless an extension is negotiated that defines meanings for non-zero
        // > values. (section 5.2)
        let defined = match expected {
            Expected::AnyMessage => RSV1,
            Expected::Message | Expected::Continuation => 0,
        };
        let reserved = byte & RSV & !defined;
        if reserved != 0 {
            return Err(ProtocolError::ReservedBits(reserved));
        }
        let Some(opcode) = Opcode::decode(byte & !FIN) else {
            return Err(match byte & RSV1 {
                // > If an unknown opcode is received, the receiving endpoint MUST _Fail the
                // > WebSocket Connection_. (section 5.2)
                0 => ProtocolError::ReservedOpcode(byte & OPCODE),
                // > An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames
                // > and non-first fragments of a data message. (RFC 7692 section 6)
                reserved => ProtocolError::ReservedBits(reserved),
            });
        };
        self.opcode = opcode;
        self.fin = if byte & FIN != 0 {
            Fin::Last
        } else {
            Fin::More
        };
        // > All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
        // > fragmented. (section 5.5)
        if self.opcode.is_control() && self.fin == Fin::More {
            return Err(ProtocolError::FragmentedControlFrame);
        }
        // > The fragments of one message MUST NOT be interleaved between the fragments of another
        // > message unless an extension has been negotiated [...] (section 5.4)
        match self.opcode {
            Opcode::Continuation if expected != Expected::Continuation => {
                Err(ProtocolError::UnexpectedContinuation)
            }
            Opcode::Text | Opcode::Binary if expected == Expected::Continuation => {
                Err(ProtocolError::UnexpectedMessage)
            }
            _ => Ok(Field::Len),
        }
    }

    fn decode_len<R: Role>(&mut self, byte: u8) -> Result<Field, ProtocolError> {
        if byte & MASK != R::RECEIVED_MASK {
            return Err(R::WRONG_MASK);
        }
        let len = byte & LEN;
        if self.opcode.is_control() && usize::from(len) > MAX_CONTROL_LEN {
            return Err(ProtocolError::ControlFrameTooLong);
        }
        let (next, len) = match len {
            LEN_IS_16_BITS => (Field::Len16, 0),
            LEN_IS_64_BITS => (Field::Len64, 0),
            _ => (Field::after_len::<R>(), len),
        };
        self.remaining = len.into();
        Ok(next)
    }

    /// > [...] (the most significant bit MUST be 0) [...] Note that in all cases, the minimal
    /// > number of bytes MUST be used to encode the length, [...] (section 5.2)
    fn check_len<R: Role>(&self) -> Result<Field, ProtocolError> {
        let minimum = match self.next {
            Field::Len16 => u64::from(LEN_IS_16_BITS),
            _ => 0x1_0000,
        };
        // This one bit, not a comparison of 64 bits: most machines for this code have 32.
        if self.remaining >> 63 != 0 {
            return Err(ProtocolError::LengthTooLarge);
        }
        if self.remaining < minimum {
            return Err(ProtocolError::LengthNotMinimal(self.remaining as u16));
        }
        Ok(Field::after_len::<R>())
    }

    /// How many of `len` received bytes are this frame's payload.
    pub(crate) fn available(&self, len: usize) -> usize {
        self.remaining.min(len as u64) as usize
    }

    /// Unmasks, if the frame is masked, the part of the payload at the start of `received`, and
    /// returns it.
    pub(crate) fn unmask<'b, R: Role>(&mut self, received: &'b mut [u8]) -> &'b mut [u8] {
        let len = self.available(received.len());
        self.remaining -= len as u64;
        let payload = received.get_mut(..len).unwrap_or_default();
        if R::RECEIVED_MASK != 0 {
            self.key.apply(payload);
        }
        payload
    }
}

/// Encodes the header of an unmasked control frame.
pub(crate) fn encode_control(opcode: Opcode, len: u8) -> [u8; CONTROL_HEADER_LEN] {
    [FIN | opcode as u8, len]
}

/// Encodes the header of an unmasked frame with a payload of `len` bytes.
pub(crate) fn encode(opcode: Opcode, fin: Fin, len: usize) -> Header {
    let first = fin as u8 | opcode as u8;
    let [a, b, c, d, e, f, g, h] = (len as u64).to_be_bytes();
    match encoded_len(len) {
        2 => Vec::from_array([first, h]),
        4 => Vec::from_array([first, LEN_IS_16_BITS, g, h]),
        _ => Vec::from_array([first, LEN_IS_64_BITS, a, b, c, d, e, f, g, h]),
    }
}

/// The length of the header of an unmasked frame with a payload of `len` bytes.
pub(crate) fn encoded_len(len: usize) -> usize {
    if len < usize::from(LEN_IS_16_BITS) {
        2
    } else if len <= usize::from(u16::MAX) {
        4
    } else {
        MAX_UNMASKED_LEN
    }
}

/// The longest payload of an unmasked frame of up to `frame_len` bytes.
pub(crate) fn max_payload_len(frame_len: usize) -> usize {
    let after = |header_len| frame_len.saturating_sub(header_len);
    let short = after(2).min(usize::from(LEN_IS_16_BITS) - 1);
    let medium = after(4).min(usize::from(u16::MAX));
    short.max(medium).max(after(MAX_UNMASKED_LEN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::role::Server;

    #[test]
    fn a_header_is_encoded_with_the_fewest_bytes() {
        for (len, expected) in [
            (0, &[0x82, 0][..]),
            (125, &[0x82, 125]),
            (126, &[0x82, 126, 0, 126]),
            (0xFFFF, &[0x82, 126, 0xFF, 0xFF]),
            (0x1_0000, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let header = encode(Opcode::Binary, Fin::Last, len);
            assert_eq!(header, expected, "{len} bytes");
        }
        let header = encode(Opcode::Continuation, Fin::More, 1);
        assert_eq!(header, [0x00, 1]);
    }

    #[test]
    fn the_longest_payload_fills_a_frame() {
        for frame_len in (2..300).chain(0xFFF0..0x1_0020) {
            let len = max_payload_len(frame_len);
            assert!(encoded_len(len) + len <= frame_len, "{len} in {frame_len}");
            let longer = len + 1;
            assert!(
                encoded_len(longer) + longer > frame_len,
                "{len} in {frame_len}"
            );
        }
        assert_eq!(max_payload_len(1), 0);
    }

    #[test]
    fn a_header_is_complete_with_its_last_byte() {
        for (bytes, len) in [
            (&[0x81, 0x85, 1, 2, 3, 4][..], 5),
            (&[0x81, 0xFE, 0, 126, 1, 2, 3, 4], 126),
            (&[0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4], 0x1_0000),
        ] {
            let mut frame = Frame::new();
            let (last, others) = bytes.split_last().unwrap();
            for &byte in others {
                assert_eq!(frame.push::<Server>(byte, Expected::Message), Ok(false));
            }
            assert_eq!(frame.push::<Server>(*last, Expected::Message), Ok(true));
            assert_eq!(frame.remaining, len);
            let mut payload = [0; 4];
            frame.unmask::<Server>(&mut payload);
            assert_eq!(payload, [1, 2, 3, 4]);
        }
    }
}
