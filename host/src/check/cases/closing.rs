//! RFC 6455 section 7: the closing handshake, close codes, and the end of the TCP connection.

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
