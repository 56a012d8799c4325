//! The numbers of the frame header (RFC 6455 section 5.2): lengths, bits and opcodes.

/// The longest header: two bytes, eight of extended payload length, four of masking key.
pub(crate) const MAX_HEADER_LEN: usize = 14;

/// The length of the masking key. A client's header has one, a server's does not.
pub(crate) const MASKING_KEY_LEN: usize = 4;

/// The longest header of an unmasked frame.
pub(crate) const MAX_UNMASKED_LEN: usize = MAX_HEADER_LEN - MASKING_KEY_LEN;

/// The shortest header of an unmasked frame.
pub(crate) const MIN_UNMASKED_LEN: usize = 2;

/// The longest payload of a control frame (section 5.5).
pub(crate) const MAX_CONTROL_LEN: usize = 125;

/// The length of the header of an unmasked control frame.
pub(crate) const CONTROL_HEADER_LEN: usize = 2;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV: u8 = 0x70;
/// The bit of a compressed message, on its first frame (RFC 7692 section 6).
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const OPCODE: u8 = 0x0F;
pub(crate) const MASK: u8 = 0x80;
pub(crate) const LEN: u8 = 0x7F;
pub(crate) const LEN_IS_16_BITS: u8 = 126;
pub(crate) const LEN_IS_64_BITS: u8 = 127;

/// The type of a frame (section 5.2), with [`RSV1`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    CompressedText = (RSV1 | 0x1) as isize,
    CompressedBinary = (RSV1 | 0x2) as isize,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    /// `bits` are the first byte of a frame without FIN.
    pub(crate) fn decode(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x41 => Some(Self::CompressedText),
            0x42 => Some(Self::CompressedBinary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    pub(crate) fn is_compressed(self) -> bool {
        self as u8 & RSV1 != 0
    }

    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Whether a frame is the last of its message (RFC 6455 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fin {
    /// FIN is set: the message ends here.
    Last = FIN as isize,
    /// FIN is clear: more fragments follow.
    More = 0,
}
