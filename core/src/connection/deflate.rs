//! What permessage-deflate is used with (RFC 7692 sections 7 and 8). Data only: the headers that
//! offer it and agree on it are in `handshake`, and the bits of a frame in `frame`.

use core::fmt;
use core::num::NonZeroU8;

/// The compression that a client offers or that was agreed on: permessage-deflate (RFC 7692), with
/// the window of each end's compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Deflate {
    /// The window for messages from the server.
    pub server: Window,
    /// The window for messages from the client.
    pub client: Window,
}

/// The LZ77 sliding window of one end's compressor (RFC 7692 section 7.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The size as a power of two, and [`KEPT`].
    bits: NonZeroU8,
}

/// The bit of a window that is kept between messages.
const KEPT: u8 = 0x10;

/// The largest window: 32 KiB.
const MAX_BITS: u8 = 15;
/// The smallest window: 256 bytes.
const MIN_BITS: u8 = 8;

impl Window {
    /// The largest window, kept between messages: what is used unless something else is agreed on.
    pub const MAX: Self = Self::of(MAX_BITS, KEPT);

    /// A window of two to the power of `bits` bytes, from 8 to 15, that is not kept: each message
    /// is compressed for itself ("no context takeover"). `None` if there is no such window.
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            MIN_BITS..=MAX_BITS => Some(Self::of(bits, 0)),
            _ => None,
        }
    }

    /// The same window, kept between messages ("context takeover"): a message may refer to the
    /// compressed ones before it.
    pub const fn kept(self) -> Self {
        Self::of(self.bits(), KEPT)
    }

    /// The same window, not kept.
    pub const fn fresh(self) -> Self {
        Self::of(self.bits(), 0)
    }

    /// The size as a power of two: 8 for 256 bytes, up to 15 for 32 KiB.
    pub const fn bits(self) -> u8 {
        self.bits.get() & !KEPT
    }

    /// Whether it is kept between messages.
    pub const fn is_kept(self) -> bool {
        self.bits.get() & KEPT != 0
    }

    const fn of(bits: u8, kept: u8) -> Self {
        match NonZeroU8::new(bits | kept) {
            Some(bits) => Self { bits },
            // It is never 0.
            None => Self {
                bits: NonZeroU8::MIN,
            },
        }
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("bits", &self.bits())
            .field("is_kept", &self.is_kept())
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Window {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (bits, is_kept) = (self.bits(), self.is_kept());
        defmt::write!(
            f,
            "Window {{ bits: {=u8}, is_kept: {=bool} }}",
            bits,
            is_kept
        );
    }
}
