//! The lines of an HTTP/1.1 head (RFC 9112), checked one at a time. What they mean for a WebSocket
//! is in `headers` and `request`, `client_request` and `response`.

use crate::handshake::syntax::SyntaxError;

/// Checks a byte against the one before it.
///
/// > A recipient of such a bare CR MUST consider that element to be invalid or replace each
/// > bare CR with SP before processing the element [...] (RFC 9112 section 2.2)
///
/// > [...] a recipient of CR, LF, or NUL within a field value MUST either reject the message or
/// > replace each of those characters with SP [...] (RFC 9110 section 5.5)
pub(crate) fn check_byte(before: Option<u8>, byte: u8) -> Result<(), SyntaxError> {
    match (before, byte) {
        (Some(b'\r'), b'\n') => Ok(()),
        (Some(b'\r'), _) => Err(SyntaxError::BareCarriageReturn),
        (_, b'\n') => Err(SyntaxError::BareLineFeed),
        (_, b'\r' | b'\t') => Ok(()),
        (_, 0..=31 | 127) => Err(SyntaxError::ControlCharacter),
        _ => Ok(()),
    }
}

/// The name and the value of a header line, without its line end.
pub(crate) fn split_header(line: &[u8]) -> Result<(&[u8], &[u8]), SyntaxError> {
    // > A server that receives an obs-fold in a request message [...] MUST either reject the
    // > message by sending a 400 (Bad Request), [...] or replace [...] (RFC 9112 section 5.2)
    if let [b' ' | b'\t', ..] = line {
        return Err(SyntaxError::FoldedHeader);
    }
    let mut value = line;
    let name = take_until(&mut value, b':');
    // > A server MUST reject, with a response status code of 400 (Bad Request), any [...] message
    // > that contains whitespace between a header field name and colon. (RFC 9112 section 5.1)
    if name.len() == line.len() || !is_token(name) {
        return Err(SyntaxError::MalformedHeader);
    }
    Ok((name, trim(value)))
}

/// Whether a target is in origin form or in absolute form (RFC 9112 section 3.2).
pub(crate) fn is_path_or_uri(target: &[u8]) -> bool {
    // > Fragment identifiers [...] MUST NOT be used on these URIs. (RFC 6455 section 3)
    if find(target, b'#').is_some() {
        return false;
    }
    if let [b'/', ..] = target {
        return true;
    }
    let mut rest = target;
    let scheme = take_until(&mut rest, b':');
    match rest {
        [b'/', b'/', b'/' | b'?', ..] => false,
        [b'/', b'/', _, ..] => lists(b"http,https,ws,wss", scheme),
        _ => false,
    }
}

/// Whether an element of a comma-separated list is `wanted` (RFC 9110 section 5.6.1). Case does not
/// matter.
pub(crate) fn lists(mut list: &[u8], wanted: &[u8]) -> bool {
    while !list.is_empty() {
        let element = take_until(&mut list, b',');
        if trim(element).eq_ignore_ascii_case(wanted) {
            return true;
        }
    }
    false
}

/// Whether these are visible ASCII characters, and not empty.
pub(crate) fn is_visible(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic)
}

/// Whether these bytes are allowed in the value of a header: no control characters except tabs.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let is_one = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    bytes.iter().all(is_one)
}

/// Whether a header may have this name and this value.
pub(crate) fn is_header(name: &str, value: &str) -> bool {
    is_token(name.as_bytes()) && is_text(value.as_bytes())
}

/// Passes a header to `write`, part by part, after the end of the line before it.
pub(crate) fn write_header(name: &str, value: &str, write: &mut impl FnMut(&[u8])) {
    for part in &["\r\n", name, ": ", value] {
        write(part.as_bytes());
    }
}

/// A token of RFC 9110 section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    is_made_of(bytes, b"!#$%&'*+-.^_`|~")
}

/// A host with an optional port (RFC 3986 section 3.2). Not empty.
pub(crate) fn is_host(value: &[u8]) -> bool {
    let mut rest = value;
    if let [b'[', literal @ ..] = value {
        rest = literal;
        let address = take_until(&mut rest, b']');
        let is_closed = address.len() < literal.len();
        return is_closed
            && is_ipv6_address(address)
            && take_until(&mut rest, b':').is_empty()
            && is_port(rest);
    }
    let name = take_until(&mut rest, b':');
    is_made_of(name, b"-._~%!$&'()*+,;=") && has_whole_escapes(name) && is_port(rest)
}

/// Whether two hexadecimal digits follow each percent sign (RFC 3986 section 2.1).
fn has_whole_escapes(name: &[u8]) -> bool {
    let mut rest = name;
    while let Some(at) = find(rest, b'%') {
        rest = rest.get(at + 1..).unwrap_or_default();
        let [first, second, ..] = rest else {
            return false;
        };
        if !first.is_ascii_hexdigit() || !second.is_ascii_hexdigit() {
            return false;
        }
    }
    true
}

/// Whether these are the characters of an IPv6 address. Their order is not checked.
fn is_ipv6_address(address: &[u8]) -> bool {
    let is_digit = |&byte: &u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
    find(address, b':').is_some() && address.iter().all(is_digit)
}

/// Whether this is empty, or a number of up to 16 bits.
fn is_port(digits: &[u8]) -> bool {
    let mut number = 0;
    for digit in digits {
        number = 10 * number + u32::from(digit.wrapping_sub(b'0'));
        if !digit.is_ascii_digit() || number > 0xFFFF {
            return false;
        }
    }
    true
}

/// Whether these are letters, digits or one of these `others`, and not empty.
pub(crate) fn is_made_of(bytes: &[u8], others: &[u8]) -> bool {
    let is_one = |&byte: &u8| byte.is_ascii_alphanumeric() || find(others, byte).is_some();
    !bytes.is_empty() && bytes.iter().all(is_one)
}

/// The bytes without white space around them.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Removes and returns the bytes before the first `delimiter`, or all if there is none. The
/// delimiter is removed as well.
pub(crate) fn take_until<'a>(bytes: &mut &'a [u8], delimiter: u8) -> &'a [u8] {
    let all = *bytes;
    let end = find(all, delimiter).unwrap_or(all.len());
    *bytes = all.get(end + 1..).unwrap_or_default();
    all.get(..end).unwrap_or_default()
}

/// The index of the first such byte.
pub(crate) fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|&byte| byte == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_an_optional_port() {
        for host in [
            "a",
            "localhost:3000",
            "127.0.0.1",
            "[::1]",
            "[::1]:3000",
            "[::ffff:127.0.0.1]:65535",
            "example.com:",
            "xn--bcher-kva.example:080",
            "b%c3%BCcher.example",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            ":",
            ":80",
            "a b",
            "a/b",
            "u@h",
            "http://a",
            "a:b",
            "a:1:2",
            "a:65536",
            "a:-1",
            "[::1",
            "[]",
            "[::1]x",
            "[a b]:1",
            "[::g]",
            "[::1]80",
            "::1",
            "exa%mple",
            "example%4",
            "\u{fc}.de",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
