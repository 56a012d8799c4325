//! What was echoed without events (RFC 6455 section 5.2). Data only.

use crate::connection::event::Kind;
use crate::frame::layout::{MASKING_KEY_LEN, MIN_UNMASKED_LEN, Opcode};

/// What [`Exchange::echo_and_measure`](crate::Exchange::echo_and_measure) has echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echoed {
    /// By how many bytes the headers of all echoes are longer than the shortest ones.
    extended_len: usize,
    is_all: bool,
    /// The bits that are set in the first byte of any echo.
    first_bytes: u8,
}

/// What becomes of compressed messages (RFC 7692 section 6) when whole messages are echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompressedMessages {
    /// They are echoed too: nothing checks that they can be inflated.
    Echo,
    /// They are left, to be [events](crate::Event::Data).
    Leave,
}

/// Messages that were echoed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Messages {
    /// How many.
    pub count: usize,
    /// The length of all payloads, in bytes.
    pub payload_len: usize,
}

impl Echoed {
    #[inline]
    pub(crate) const fn new(extended_len: usize, is_all: bool, first_bytes: u8) -> Self {
        Self {
            extended_len,
            is_all,
            first_bytes,
        }
    }

    /// Whether no received bytes are left: then there is no event to ask for.
    #[inline]
    pub const fn is_all(&self) -> bool {
        self.is_all
    }

    /// The type of the messages that were echoed; `None` if some are text and others binary, or if
    /// there are none.
    #[inline]
    pub const fn kind(&self) -> Option<Kind> {
        const TEXT: u8 = Opcode::Text as u8;
        const BINARY: u8 = Opcode::Binary as u8;
        match self.first_bytes & (TEXT | BINARY) {
            TEXT => Some(Kind::Text),
            BINARY => Some(Kind::Binary),
            _ => None,
        }
    }

    /// How many messages were echoed, and how long they are, if this reduced the bytes that were
    /// [received](crate::Buffer::received) by `read_len` and made `ready_len` bytes
    /// [ready](crate::Buffer::ready). (A driver knows both lengths, or does not need the numbers:
    /// they cost nothing before they are asked for.)
    #[inline]
    pub const fn messages(&self, read_len: usize, ready_len: usize) -> Messages {
        // Each frame was longer than its echo by the masking key.
        let count = read_len.wrapping_sub(ready_len) / MASKING_KEY_LEN;
        let headers_len = (count * MIN_UNMASKED_LEN).wrapping_add(self.extended_len);
        Messages {
            count,
            payload_len: ready_len.wrapping_sub(headers_len),
        }
    }
}
