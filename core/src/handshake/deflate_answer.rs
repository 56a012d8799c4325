//! What a server answers to an offer of permessage-deflate (RFC 7692 sections 5.1 and 7.1). The
//! answer is for an echo that sends compressed messages back as they came.

use crate::connection::deflate::{Deflate, Window};
use crate::handshake::deflate_parameters::{self, Parameters, smaller};
use crate::handshake::extensions;

/// A server's answer to a client that offers permessage-deflate (RFC 7692), for
/// [`Acceptance::deflate`](crate::Acceptance::deflate).
///
/// [`Request::deflate`](crate::Request::deflate) makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateAnswer(Parameters);

/// The smallest limit of our own, in bits. Many clients compress by zlib, which has no smaller
/// window.
const MIN_BITS: u8 = 9;

impl DeflateAnswer {
    /// The answer to an extension that a client offers. `None` if it must be declined.
    ///
    /// > A server MUST decline an extension negotiation offer for this extension if any of the
    /// > following conditions are met [...] (section 7)
    pub(crate) fn to(extension: &[u8], limit: Window) -> Option<Self> {
        let (name, parameters) = extensions::parts(extension);
        if name != deflate_parameters::NAME {
            return None;
        }
        let offer = Parameters::decode(parameters)?;
        // What the client has compressed is sent back to it, so there is one window for both.
        let limit_bits = limit.bits().max(MIN_BITS);
        let least = smaller(Window::new(limit_bits)?, offer.server_max_window_bits);
        let least = smaller(least, offer.client_max_window_bits.flatten());
        let is_limited = least.bits() < Window::MAX.bits();
        // > If a received extension negotiation offer doesn't have the "client_max_window_bits"
        // > extension parameter, the corresponding extension negotiation response to the offer MUST
        // > NOT include the "client_max_window_bits" extension parameter. (section 7.1.2.2)
        //
        // Then the client cannot be held to a smaller window.
        if is_limited && offer.client_max_window_bits.is_none() {
            return None;
        }
        let is_fresh = !limit.is_kept()
            || offer.server_no_context_takeover
            || offer.client_no_context_takeover;
        // > A server accepts an extension negotiation offer with this parameter by including the
        // > "server_max_window_bits" extension parameter in the [...] response [...] with the same
        // > or smaller value as the offer. (section 7.1.2.1)
        let names_server_bits = is_limited || offer.server_max_window_bits.is_some();
        Some(Self(Parameters {
            server_no_context_takeover: is_fresh,
            client_no_context_takeover: is_fresh,
            server_max_window_bits: names_server_bits.then_some(least),
            client_max_window_bits: is_limited.then_some(Some(least)),
        }))
    }

    /// What is agreed on with this answer: the same window at both ends.
    pub fn agreed(&self) -> Deflate {
        self.0.agreed()
    }

    /// The header line with this answer, after the end of the line before it, in parts.
    pub(crate) fn encode(&self) -> [&'static [u8]; 7] {
        self.0.encode()
    }
}
