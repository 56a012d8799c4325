//! Why a frame of the application cannot be sent (RFC 6455 sections 5.4, 5.5 and 5.5.1).

use core::fmt;

/// Why a frame of the application was not made ready. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// There is no room now. Transmit what is ready, process what was received, and try again.
    ///
    /// Header plus payload must fit in the storage minus 10 bytes (server) or 18 bytes (client). A
    /// client with its [own buffer](crate::Buffer::new) also has no room while a partly received
    /// frame fills the buffer; [`Buffer::for_pieces`](crate::Buffer::for_pieces) avoids this.
    Full,
    /// A fragmented message is being echoed or sent. Its last fragment must come first.
    InsideMessage,
    /// The payload of a Ping or Pong is longer than 125 bytes, or the reason of a Close is longer
    /// than 123.
    TooLong,
    /// A Close frame was sent. Nothing may follow it.
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no room in the buffer",
            Self::InsideMessage => "inside a fragmented message",
            Self::TooLong => "control frame is longer than 125 bytes",
            Self::Closed => "connection is closed",
        })
    }
}

impl core::error::Error for SendError {}
