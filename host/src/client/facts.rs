//! What is known of an open connection: data only.

use std::net::SocketAddr;

/// What is known of an open connection.
#[derive(Debug)]
pub(crate) struct ConnectionFacts {
    /// The server's address, if the system knows it.
    pub(crate) peer: Option<SocketAddr>,
    /// The subprotocol that the server has chosen.
    pub(crate) subprotocol: Option<String>,
    /// The extensions that were agreed on, as the server has written them.
    pub(crate) extensions: Option<String>,
    /// `None` without TLS.
    pub(crate) tls: Option<TlsFacts>,
}

/// What was agreed on in the handshake of TLS.
#[derive(Clone, Debug)]
pub(crate) struct TlsFacts {
    /// Such as `TLSv1.3`.
    pub(crate) version: String,
    /// The cipher suite, such as `TLS13_AES_256_GCM_SHA384`.
    pub(crate) cipher: String,
    /// Whether an earlier session was resumed.
    pub(crate) is_resumed: bool,
}
