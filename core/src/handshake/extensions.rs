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

/// The extensions in a value of the header, in their order. They may be malformed.
pub(crate) fn extensions(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(list, b',')
}

/// The name and the parameters of an extension. They may be malformed.
pub(crate) fn parts(extension: &[u8]) -> (&[u8], impl Iterator<Item = Parameter<'_>>) {
    let mut parts = split(extension, b';');
    let name = parts.next().unwrap_or_default();
    (name, parts.map(Parameter::new))
}

/// A parameter of an extension.
pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a [u8],
    /// What follows the `=`, if there is one: a token or a quoted string.
    pub(crate) value: Option<&'a [u8]>,
}

impl<'a> Parameter<'a> {
    fn new(parameter: &'a [u8]) -> Self {
        let mut value = parameter;
        let name = http::take_until(&mut value, b'=');
        Self {
            name: http::trim(name),
            value: (name.len() < parameter.len()).then(|| http::trim(value)),
        }
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

/// The parts of a list, without white space around them. A delimiter in a quoted string does not
/// count.
fn split(list: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_delimiter = move |&byte: &u8| {
        let was_escaped = is_escaped;
        is_escaped = is_quoted && !was_escaped && byte == b'\\';
        is_quoted ^= byte == b'"' && !was_escaped;
        byte == delimiter && !is_quoted
    };
    list.split(is_delimiter).map(http::trim)
}
