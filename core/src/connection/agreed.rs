//! What the two ends agreed on in the opening handshake (RFC 6455 section 9). It passes from the
//! handshake to the connection.

/// What the two ends agreed on in the opening handshake, beyond RFC 6455 itself.
///
/// Both handshakes return it with [`Progress::Open`](crate::Progress::Open), and
/// [`Connection::server`](crate::Connection::server) and
/// [`Connection::client`](crate::Connection::client) take it. It is empty, and takes no memory,
/// because no extension is supported. It will hold the extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Agreed {}

impl Agreed {
    /// Nothing beyond RFC 6455: no extension. For a connection with a handshake that was made
    /// elsewhere.
    pub const NOTHING: Self = Self {};
}
