//! Why a frame of the application's own cannot be sent (RFC 6455 sections 5.4, 5.5 and 5.5.1).

use core::fmt;

/// Why a frame of the application's own was not made ready. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// There is no room now: transmit what is ready, go on with what was received, and try again. A
    /// frame never has room whose header and payload are longer than the storage less 10 bytes, for
    /// a client less 18. While a client's [own buffer](crate::Buffer::new) is filled by a frame of
    /// which the rest is missing, there is none; one [for pieces](crate::Buffer::for_pieces) is not.
    Full,
    /// A fragmented message is being echoed, or sent; its last fragment must come first.
    InsideMessage,
    /// The payload of a ping, or a close code and its reason, are longer than 125 bytes.
    TooLong,
    /// A Close frame was sent: nothing may follow it.
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
