//! What the two ends agreed on in the opening handshake (RFC 6455 section 9). It passes from the
//! handshake to the connection.

use crate::connection::deflate::Deflate;

/// What the two ends agreed on in the opening handshake, beyond RFC 6455 itself: the extensions.
///
/// Both handshakes return it with [`Progress::Open`](crate::Progress::Open), and
/// [`Connection::server`](crate::Connection::server) and
/// [`Connection::client`](crate::Connection::client) take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Agreed {
    /// Compression. `None` if no message may be compressed.
    pub deflate: Option<Deflate>,
}

impl Agreed {
    /// Nothing beyond RFC 6455: no extension. For a connection with a handshake that was made
    /// elsewhere.
    pub const NOTHING: Self = Self { deflate: None };
}
