//! What was agreed on in a handshake of TLS, for the report of a request.
//!
//! rustls tells the client's server name only to what chooses the certificate. That is asked while
//! the thread processes the client's first records, so a cell of the thread takes the name from
//! there to the stream.

use std::cell::Cell;

use rustls::server::UnbufferedServerConnection;
use rustls::{CipherSuite, HandshakeKind, ProtocolVersion};

use crate::serve::transport::TlsFacts;

thread_local! {
    static SERVER_NAME: Cell<Option<Box<str>>> = const { Cell::new(None) };
}

/// Notes the server name of the client whose records this thread processes.
pub(super) fn note_server_name(name: Option<&str>) {
    SERVER_NAME.set(name.map(Box::from));
}

/// Takes the server name that was noted since the last call.
pub(super) fn take_server_name() -> Option<Box<str>> {
    SERVER_NAME.take()
}

/// What was agreed on; `None` before the handshake is over.
pub(super) fn of(
    tls: &UnbufferedServerConnection,
    server_name: Option<Box<str>>,
) -> Option<TlsFacts> {
    let suite = tls.negotiated_cipher_suite()?.suite();
    let alpn = tls.alpn_protocol();
    Some(TlsFacts {
        version: version(tls.protocol_version()?),
        cipher: cipher(suite),
        server_name,
        alpn: alpn.map(|name| String::from_utf8_lossy(name).into_owned()),
        resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
    })
}

fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        other => other.as_str().unwrap_or("unknown"),
    }
}

/// The registered name: those of TLS 1.3 begin with `TLS13_` in rustls.
fn cipher(suite: CipherSuite) -> String {
    let name = suite.as_str().unwrap_or("unknown");
    name.replacen("TLS13_", "TLS_", 1)
}
