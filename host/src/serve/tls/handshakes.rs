//! Counts the handshakes that were completed. A stream does not know its worker, so each thread
//! counts for itself.

use std::cell::Cell;

use rustls::server::UnbufferedServerConnection;
use rustls::{HandshakeKind, ProtocolVersion};

use crate::serve::metrics::numbers::TlsHandshakes;

thread_local! {
    static COUNTED: Cell<TlsHandshakes> = const { Cell::new(TlsHandshakes::NONE) };
}

/// The handshakes of this thread's clients.
pub(crate) fn handshakes() -> TlsHandshakes {
    COUNTED.get()
}

/// Counts a handshake that was completed.
pub(super) fn count(tls: &UnbufferedServerConnection) {
    let mut counted = COUNTED.get();
    let version = match tls.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => &mut counted.tls_1_2,
        _ => &mut counted.tls_1_3,
    };
    match tls.handshake_kind() {
        Some(HandshakeKind::Resumed) => version.resumed += 1,
        _ => version.full += 1,
    }
    COUNTED.set(counted);
}
