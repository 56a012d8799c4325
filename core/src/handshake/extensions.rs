//! The grammar of Sec-WebSocket-Extensions (RFC 6455 section 9.1). It knows no extension.
//!
//! > If a value is received by either the client or the server during negotiation that does not
//! > conform to the ABNF below, the recipient of such malformed data MUST immediately _Fail the
//! > WebSocket Connection_. (section 9.1)
//!
//! A client does so. A server takes what is malformed for an extension that it does not know: then
//! the client has its connection, and nothing was agreed that it did not offer.

use crate::handshake::http;

/// The name of the header.
pub(crate) const NAME: &str = "sec-websocket-extensions";

/// The parts of a list between these delimiters, without white space around them. There is always
/// one, which may be empty. A delimiter in a quoted string does not count.
pub(crate) fn split(list: &[u8], delimiter: u8) -> Split<'_> {
    Split {
        rest: Some(list),
        delimiter,
    }
}

/// The parts of a list: see [`split`].
pub(crate) struct Split<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = rest.iter().position(|&byte| {
            let was_escaped = is_escaped;
            is_escaped = is_quoted && !was_escaped && byte == b'\\';
            is_quoted ^= byte == b'"' && !was_escaped;
            byte == self.delimiter && !is_quoted
        });
        self.rest = end.and_then(|end| rest.get(end + 1..));
        Some(http::trim(
            rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(),
        ))
    }
}

/// A value as a decimal number of one or two digits that does not begin with 0.
///
/// > When using the quoted-string syntax variant, the value after quoted-string unescaping MUST
/// > conform to the 'token' ABNF. (section 9.1)
pub(crate) fn number(value: &[u8]) -> Option<u8> {
    let (mut rest, is_quoted) = match value {
        [b'"', quoted @ .., b'"'] => (quoted, true),
        token => (token, false),
    };
    let mut number = 0;
    while let &[first, ref after @ ..] = rest {
        let (digit, after) = match after {
            &[escaped, ref after @ ..] if is_quoted && first == b'\\' => (escaped, after),
            _ => (first, after),
        };
        if !digit.is_ascii_digit() || number > 9 {
            return None;
        }
        number = 10 * number + (digit - b'0');
        if number == 0 {
            return None;
        }
        rest = after;
    }
    Some(number)
}
