//! The parameters of permessage-deflate, in an offer and in an answer (RFC 7692 section 7.1), as
//! bytes. Which ones may answer which is in `deflate_answer` and `deflate_offer`.

use core::mem::replace;

use crate::connection::deflate::{Deflate, Window};
use crate::handshake::extensions::{self, Parameter};

/// The name of the extension.
pub(crate) const NAME: &[u8] = b"permessage-deflate";

/// What an offer or an answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// The server keeps no window between messages.
    pub(crate) server_no_context_takeover: bool,
    /// The client keeps no window between messages.
    pub(crate) client_no_context_takeover: bool,
    /// The limit of the server's window. Not kept.
    pub(crate) server_max_window_bits: Option<Window>,
    /// The limit of the client's window. Not kept. An offer may leave out the value.
    pub(crate) client_max_window_bits: Option<Option<Window>>,
}

impl Parameters {
    /// Decodes the parameters. `None` if one is unknown or repeated, or has a value that no offer
    /// and no answer may have.
    pub(crate) fn decode<'a>(parameters: impl Iterator<Item = Parameter<'a>>) -> Option<Self> {
        let mut decoded = Self::default();
        for Parameter { name, value } in parameters {
            // > [...] a decimal integer value without leading zeroes between 8 to 15 inclusive
            // > [...] (section 7.1.2)
            let window = match value {
                None => None,
                Some(value) => Some(extensions::number(value).and_then(Window::new)?),
            };
            let is_repeated = match (name, window) {
                (b"server_no_context_takeover", None) => {
                    replace(&mut decoded.server_no_context_takeover, true)
                }
                (b"client_no_context_takeover", None) => {
                    replace(&mut decoded.client_no_context_takeover, true)
                }
                (b"server_max_window_bits", Some(window)) => {
                    decoded.server_max_window_bits.replace(window).is_some()
                }
                (b"client_max_window_bits", window) => {
                    decoded.client_max_window_bits.replace(window).is_some()
                }
                _ => return None,
            };
            if is_repeated {
                return None;
            }
        }
        Some(decoded)
    }

    /// What is agreed on with an answer of these parameters.
    pub(crate) fn agreed(&self) -> Deflate {
        let window = |limit: Option<Window>, is_fresh: bool| match limit.unwrap_or(Window::MAX) {
            window if is_fresh => window.fresh(),
            window => window.kept(),
        };
        Deflate {
            server: window(self.server_max_window_bits, self.server_no_context_takeover),
            client: window(
                self.client_max_window_bits.flatten(),
                self.client_no_context_takeover,
            ),
        }
    }

    /// The header line with these parameters, after the end of the line before it, in parts.
    pub(crate) fn encode(&self) -> [&'static [u8]; 7] {
        let when = |is_said: bool, parameter: &'static [u8]| match is_said {
            true => parameter,
            false => b"",
        };
        [
            b"\r\nSec-WebSocket-Extensions: permessage-deflate",
            when(
                self.server_no_context_takeover,
                b"; server_no_context_takeover",
            ),
            when(
                self.client_no_context_takeover,
                b"; client_no_context_takeover",
            ),
            when(
                self.server_max_window_bits.is_some(),
                b"; server_max_window_bits",
            ),
            value(self.server_max_window_bits),
            when(
                self.client_max_window_bits.is_some(),
                b"; client_max_window_bits",
            ),
            value(self.client_max_window_bits.flatten()),
        ]
    }
}

/// The smaller one of two windows, or the first.
pub(crate) fn smaller(first: Window, second: Option<Window>) -> Window {
    match second {
        Some(second) if second.bits() < first.bits() => second,
        _ => first,
    }
}

/// The value of a parameter that limits a window to this one.
fn value(window: Option<Window>) -> &'static [u8] {
    match window.map_or(0, Window::bits) {
        8 => b"=8",
        9 => b"=9",
        10 => b"=10",
        11 => b"=11",
        12 => b"=12",
        13 => b"=13",
        14 => b"=14",
        15 => b"=15",
        _ => b"",
    }
}
