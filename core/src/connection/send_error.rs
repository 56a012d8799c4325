//! Why a frame of the application cannot be sent (RFC 6455 sections 5.4, 5.5 and 5.5.1).

use core::fmt;

/// Why a frame of the application was not made ready. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// There is no room now. Transmit what is ready, process what was received, and try again.
    /// [`Exchange::room`](crate::Exchange::room) is how much could be sent now.
    ///
    /// A client with its [own buffer](crate::Buffer::new) also has no room while a partly received
    /// frame fills the buffer; [`Buffer::for_pieces`](crate::Buffer::for_pieces) avoids this.
    Full,
    /// There will never be room. Send the message in parts, by
    /// [`Exchange::send_up_to`](crate::Exchange::send_up_to), or use a longer buffer.
    ///
    /// Header plus payload must fit in the storage minus 10 bytes (server) or 18 bytes (client).
    BufferTooShort,
    /// A fragmented message is being echoed or sent. Its last fragment must come first.
    InsideMessage,
    /// The payload of a Ping or Pong is longer than 125 bytes, or the reason of a Close is longer
    /// than 123.
    TooLong,
    /// Compression was not agreed on.
    NoCompression,
    /// A Close frame was sent. Nothing may follow it.
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no room in the buffer now: transmit what is ready, and try again",
            Self::BufferTooShort => {
                "longer than the buffer has room for: send it in parts, or use a longer buffer"
            }
            Self::InsideMessage => "inside a fragmented message: its last fragment must come first",
            Self::TooLong => {
                "too long for a control frame: a Ping has at most 125 bytes, and the reason of a \
                 Close 123"
            }
            Self::NoCompression => "compression was not agreed on",
            Self::Closed => "a Close frame was sent, and nothing may follow it",
        })
    }
}

impl core::error::Error for SendError {}
