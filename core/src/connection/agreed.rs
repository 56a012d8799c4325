//! What the two ends agreed on in the opening handshake (RFC 6455 section 9): it passes from the
//! handshake to the connection.

/// What the two ends agreed on in the opening handshake, beyond RFC 6455 itself.
///
/// Both handshakes return it with [`Progress::Open`](crate::Progress::Open), and
/// [`Connection::server`](crate::Connection::server) and
/// [`Connection::client`](crate::Connection::client) take it. It has no content yet, because no
/// extension is supported: extensions will be in it. It takes no memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Agreed {}

impl Agreed {
    /// Nothing beyond RFC 6455: no extension. It is for a connection whose handshake was made
    /// elsewhere.
    pub const NOTHING: Self = Self {};
}
