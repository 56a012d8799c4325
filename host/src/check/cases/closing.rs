//! RFC 6455 section 7: the closing handshake, close codes, and the end of the TCP connection.

mod codes;
mod handshake;
mod reasons;
mod rules;
mod tcp;

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    [
        handshake::cases(),
        codes::cases(),
        reasons::cases(),
        tcp::cases(),
    ]
    .concat()
}
