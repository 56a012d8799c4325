//! RFC 6455 section 4.2 and RFC 9112: requests that a server must accept or refuse, and what its
//! response must be. One file for each part of a request.

mod allowed;
mod body;
mod cuts;
mod headers;
mod host;
mod key_and_version;
mod negotiation;
mod no_request;
mod request_line;
mod response;
mod sizes;
mod upgrade;
mod whitespace;

use crate::check::case::Case;

pub(super) fn cases() -> Vec<Case> {
    [
        response::cases(),
        request_line::cases(),
        headers::cases(),
        whitespace::cases(),
        host::cases(),
        upgrade::cases(),
        key_and_version::cases(),
        negotiation::cases(),
        body::cases(),
        sizes::cases(),
        cuts::cases(),
        no_request::cases(),
    ]
    .concat()
}
