//! The parameters of permessage-deflate, in an offer and in an answer (RFC 7692 section 7.1), as
//! bytes. Which ones may answer which is in `deflate_answer` and `deflate_offer`.

use crate::connection::deflate::Window;
use crate::handshake::extensions::{self, Split};
use crate::handshake::http;

/// The name of the extension.
pub(crate) const NAME: &[u8] = b"permessage-deflate";

/// What an offer or an answer says of each parameter: of `server_no_context_takeover`,
/// `client_no_context_takeover`, `server_max_window_bits` and `client_max_window_bits`.
pub(crate) type Parameters = [Parameter; 4];

/// The names of the parameters, in the same order.
const NAMES: [&[u8]; 4] = [
    b"server_no_context_takeover",
    b"client_no_context_takeover",
    b"server_max_window_bits",
    b"client_max_window_bits",
];

/// What an offer or an answer says of a parameter: [nothing](Self::ABSENT), [its
/// name](Self::ALONE), or its name and the limit of a window in bits. (An enum would take more
/// flash.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameter(u8);

impl Parameter {
    /// Nothing is said of it.
    pub(crate) const ABSENT: Self = Self(0);
    /// It is there, without a value.
    pub(crate) const ALONE: Self = Self(1);

    /// A parameter that has no value, if it `is_there`.
    pub(crate) fn flag(is_there: bool) -> Self {
        Self(is_there.into())
    }

    /// A parameter that limits a window to this one, if it `is_there`.
    pub(crate) fn limit_if(is_there: bool, window: Window) -> Self {
        if is_there {
            Self(window.bits())
        } else {
            Self::ABSENT
        }
    }

    pub(crate) fn is_there(self) -> bool {
        self != Self::ABSENT
    }

    pub(crate) fn limit(self) -> Option<Window> {
        Window::new(self.0)
    }
}

/// Decodes the parameters of an extension. `None` if one is malformed, unknown or repeated, or if
/// its value is one that it can have neither in an offer nor in an answer.
pub(crate) fn decode(parameters: Split<'_>) -> Option<Parameters> {
    let mut decoded = [Parameter::ABSENT; 4];
    for parameter in parameters {
        let mut known = NAMES.iter().zip(&mut decoded);
        let (rest, decoded) =
            known.find_map(|(name, decoded)| Some((parameter.strip_prefix(*name)?, decoded)))?;
        if decoded.is_there() {
            return None;
        }
        // > [...] a decimal integer value without leading zeroes between 8 to 15 [...]
        // > (sections 7.1.2.1 and 7.1.2.2)
        *decoded = match http::trim(rest) {
            [] => Parameter::ALONE,
            [b'=', value @ ..] => {
                let window = extensions::number(http::trim(value)).and_then(Window::new);
                Parameter(window?.bits())
            }
            _ => return None,
        };
    }
    let [server_is_fresh, client_is_fresh, server, _] = decoded;
    let is_valid = server_is_fresh.limit().is_none()
        && client_is_fresh.limit().is_none()
        && server != Parameter::ALONE;
    is_valid.then_some(decoded)
}

/// Passes the header line with these parameters to `write`, part by part, after the end of the line
/// before it. The first part is all that comes before the extension.
pub(crate) fn encode(parameters: &Parameters, mut write: impl FnMut(&[u8])) {
    write(b"\r\nSec-WebSocket-Extensions: ");
    write(NAME);
    for (name, parameter) in NAMES.iter().zip(parameters) {
        if !parameter.is_there() {
            continue;
        }
        write(b"; ");
        write(name);
        let (tens, ones): (&[u8], u8) = match parameter.0 {
            ..8 => continue,
            bits @ ..10 => (b"=", bits),
            bits => (b"=1", bits - 10),
        };
        write(tens);
        write(&[b'0' + ones]);
    }
}

/// The smaller one of two windows, or the first.
pub(crate) fn smaller(first: Window, second: Option<Window>) -> Window {
    match second {
        Some(second) if second.bits() < first.bits() => second,
        _ => first,
    }
}

/// The same window, kept or not.
pub(crate) fn kept_if(is_kept: bool, window: Window) -> Window {
    if is_kept {
        window.kept()
    } else {
        window.fresh()
    }
}
