//! The protocol that the server and the chat name in their TLS handshakes.

/// The only ALPN protocol that is offered (RFC 7301). A client that may choose would take HTTP/2,
/// which has no such upgrade.
pub(crate) const HTTP_1_1: &[u8] = b"http/1.1";
