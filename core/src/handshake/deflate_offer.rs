//! What a client offers of permessage-deflate, and which answers it may take (RFC 7692 section 7.1).

use crate::connection::deflate::{Deflate, Window};
use crate::handshake::deflate_parameters::{Parameters, smaller};

/// The parameters of an offer. A server may always limit the client's window.
pub(crate) fn parameters(offer: Deflate) -> Parameters {
    let limit = |window: Window| (window.bits() < Window::MAX.bits()).then_some(window.fresh());
    Parameters {
        server_no_context_takeover: !offer.server.is_kept(),
        client_no_context_takeover: !offer.client.is_kept(),
        server_max_window_bits: limit(offer.server),
        client_max_window_bits: Some(limit(offer.client)),
    }
}

/// What was agreed on with an answer to an offer. `None` if no server may answer that.
///
/// > A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension
/// > negotiation offer for this extension with an extension negotiation response meeting any of the
/// > following conditions [...] (section 7)
pub(crate) fn agreed(offer: Deflate, answer: &Parameters) -> Option<Deflate> {
    // Only an offer may leave out the value.
    if let Some(None) = answer.client_max_window_bits {
        return None;
    }
    let Deflate { server, client } = answer.agreed();
    // > A server accepts an extension negotiation offer that includes the
    // > "server_no_context_takeover" extension parameter by including [it] (section 7.1.1.1)
    let is_kept_against_offer = server.is_kept() && !offer.server.is_kept();
    if is_kept_against_offer || server.bits() > offer.server.bits() {
        return None;
    }
    // Of its own window, a client may use less than the server allows.
    let smaller = smaller(client, Some(offer.client));
    let client = if client.is_kept() && offer.client.is_kept() {
        smaller.kept()
    } else {
        smaller.fresh()
    };
    Some(Deflate { server, client })
}
