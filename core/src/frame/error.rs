//! What a peer can do wrong once the connection is open (RFC 6455 sections 5 and 8.1). The close
//! code that reports it is in `close`.

use core::fmt;

use crate::frame::utf8::InvalidUtf8;

/// A violation of RFC 6455, section 5 or 8, by the peer. The connection fails: a Close frame with
/// the [close code](Self::close_code) is sent, and nothing more is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ProtocolError {
    /// Reserved bits are set that no extension defines, or where it does not allow them: on a
    /// control or continuation frame. The bits are as in the first byte: 0x40, 0x20, 0x10.
    ReservedBits(u8),
    /// The opcode is reserved: 3 to 7, or 11 to 15.
    ReservedOpcode(u8),
    /// A frame from a client is not masked.
    Unmasked,
    /// A frame from a server is masked.
    Masked,
    /// A Close, Ping or Pong frame has its FIN bit clear.
    FragmentedControlFrame,
    /// A Close, Ping or Pong frame has a payload of more than 125 bytes.
    ControlFrameTooLong,
    /// The payload length, in bytes, is encoded with more bytes than it needs.
    LengthNotMinimal(u16),
    /// The payload length has its most significant bit set.
    LengthTooLarge,
    /// A continuation frame while no message is being received.
    UnexpectedContinuation,
    /// A text or binary frame inside a fragmented message.
    UnexpectedMessage,
    /// Text that is not UTF-8.
    InvalidText,
    /// A compressed message that cannot be inflated (RFC 7692 section 7.2.2). The core does not
    /// look: see [`Exchange::fail`](crate::Exchange::fail).
    InvalidCompression,
    /// The reason in a Close frame is not UTF-8.
    InvalidCloseReason,
    /// The payload of a Close frame is a single byte.
    CloseCodeCut,
    /// A close code that is not allowed on the wire.
    InvalidCloseCode(u16),
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedBits(bits) => write!(f, "reserved bits {bits:#04x} are set"),
            Self::ReservedOpcode(opcode) => write!(f, "opcode {opcode:#x} is reserved"),
            Self::Unmasked => f.write_str("frame is not masked"),
            Self::Masked => f.write_str("frame from the server is masked"),
            Self::FragmentedControlFrame => f.write_str("control frame is fragmented"),
            Self::ControlFrameTooLong => f.write_str("control frame is longer than 125 bytes"),
            Self::LengthNotMinimal(len) => write!(f, "length {len} is not minimally encoded"),
            Self::LengthTooLarge => f.write_str("length is not below 2^63"),
            Self::UnexpectedContinuation => f.write_str("continuation without a message"),
            Self::UnexpectedMessage => f.write_str("new message inside a fragmented one"),
            Self::InvalidText => f.write_str("text is not UTF-8"),
            Self::InvalidCompression => f.write_str("compressed message cannot be inflated"),
            Self::InvalidCloseReason => f.write_str("close reason is not UTF-8"),
            Self::CloseCodeCut => f.write_str("close code is incomplete"),
            Self::InvalidCloseCode(code) => write!(f, "close code {code} is not allowed"),
        }
    }
}

impl core::error::Error for ProtocolError {}

impl From<InvalidUtf8> for ProtocolError {
    fn from(_: InvalidUtf8) -> Self {
        Self::InvalidText
    }
}
