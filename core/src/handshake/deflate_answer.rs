//! What a server answers to an offer of permessage-deflate (RFC 7692 sections 5.1 and 7.1). The
//! answer is for an echo that sends compressed messages back as they came.

use core::fmt;
use core::str::from_utf8;

use crate::connection::deflate::{Deflate, Window};
use crate::handshake::deflate_parameters::{self, Parameter, kept_if, smaller};
use crate::handshake::extensions;

/// A server's answer to a client that offers permessage-deflate (RFC 7692), for
/// [`Acceptance::deflate`](crate::Acceptance::deflate).
///
/// [`Request::deflate`](crate::Request::deflate) makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateAnswer {
    /// The window of both ends.
    window: Window,
    /// Whether the client names a limit of the server's window, which then must be answered.
    names_server_bits: bool,
}

/// The smallest limit of our own, in bits. Many clients compress by zlib, which has no smaller
/// window.
const MIN_BITS: u8 = 9;

impl DeflateAnswer {
    /// The answer to an extension that a client offers. `None` if it must be declined.
    ///
    /// > A server MUST decline an extension negotiation offer for this extension if any of the
    /// > following conditions are met [...] (section 7)
    // In line, it takes 50 bytes more flash.
    #[inline(never)]
    pub(crate) fn to(extension: &[u8], limit: Window) -> Option<Self> {
        let mut parts = extensions::split(extension, b';');
        if parts.next() != Some(deflate_parameters::NAME) {
            return None;
        }
        let [
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        ] = deflate_parameters::decode(parts)?;
        // What the client has compressed is sent back to it, so there is one window for both.
        let limit_bits = limit.bits().max(MIN_BITS);
        let least = smaller(Window::new(limit_bits)?, server_max_window_bits.limit());
        let least = smaller(least, client_max_window_bits.limit());
        let is_limited = least.bits() < Window::MAX.bits();
        // > If a received extension negotiation offer doesn't have the "client_max_window_bits"
        // > extension parameter, the corresponding extension negotiation response to the offer MUST
        // > NOT include the "client_max_window_bits" extension parameter. (section 7.1.2.2)
        //
        // Then the client cannot be held to a smaller window.
        if is_limited && !client_max_window_bits.is_there() {
            return None;
        }
        let is_kept = limit.is_kept()
            && !server_no_context_takeover.is_there()
            && !client_no_context_takeover.is_there();
        Some(Self {
            window: kept_if(is_kept, least),
            names_server_bits: server_max_window_bits.is_there(),
        })
    }

    /// What is agreed on with this answer: the same window at both ends.
    pub fn agreed(&self) -> Deflate {
        Deflate {
            server: self.window,
            client: self.window,
        }
    }

    /// Passes the header line with this answer to `write`, part by part, after the end of the line
    /// before it.
    pub(crate) fn encode(&self, write: impl FnMut(&[u8])) {
        let window = self.window;
        let fresh = Parameter::flag(!window.is_kept());
        let is_limited = window.bits() < Window::MAX.bits();
        let parameters = [
            fresh,
            fresh,
            // > A server accepts an extension negotiation offer with this parameter by including
            // > the "server_max_window_bits" extension parameter in the [...] response [...] with
            // > the same or smaller value as the offer. (section 7.1.2.1)
            Parameter::limit_if(is_limited || self.names_server_bits, window),
            Parameter::limit_if(is_limited, window),
        ];
        deflate_parameters::encode(&parameters, write);
    }
}

/// The extension with its parameters, as the response has it: `permessage-deflate;
/// server_no_context_takeover; client_no_context_takeover`.
impl fmt::Display for DeflateAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut written, mut is_extension) = (Ok(()), false);
        self.encode(|part| {
            let part = from_utf8(part).unwrap_or_default();
            if is_extension {
                written = written.and_then(|()| f.write_str(part));
            }
            is_extension = true;
        });
        written
    }
}
