//! The lines of an HTTP/1.1 request's head (RFC 9112), checked one at a time. What they mean for a
//! WebSocket is in `request`.

use crate::refusal::Refusal;

/// Checks a byte against the one before it.
///
/// > A recipient of such a bare CR MUST consider that element to be invalid or replace each
/// > bare CR with SP before processing the element [...] (RFC 9112 section 2.2)
pub(crate) fn check_byte(before: Option<u8>, byte: u8) -> Result<(), Refusal> {
    match (before, byte) {
        (Some(b'\r'), b'\n') => Ok(()),
        (Some(b'\r'), _) => Err(Refusal::BareCarriageReturn),
        (_, b'\n') => Err(Refusal::BareLineFeed),
        (_, b'\r' | b'\t') => Ok(()),
        (_, 0..=31 | 127) => Err(Refusal::ControlCharacter),
        _ => Ok(()),
    }
}

/// Checks a request line, without its line end.
pub(crate) fn check_request_line(line: &[u8]) -> Result<(), Refusal> {
    let Some((method, target, version)) = split_request_line(line) else {
        return Err(Refusal::MalformedRequestLine);
    };
    let is_target = !target.is_empty() && target.iter().all(u8::is_ascii_graphic);
    if !is_token(method) || !is_target {
        return Err(Refusal::MalformedRequestLine);
    }
    match version {
        b"HTTP/1.1" => Ok(()),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Err(Refusal::UnsupportedHttpVersion)
        }
        _ => Err(Refusal::MalformedRequestLine),
    }
}

/// The method, the target and the version of a request line.
pub(crate) fn split_request_line(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (method, rest) = split_once(line, b' ')?;
    let (target, version) = split_once(rest, b' ')?;
    Some((method, target, version))
}

/// Checks a header line, without its line end.
pub(crate) fn check_header_line(line: &[u8]) -> Result<(), Refusal> {
    // > A server that receives an obs-fold in a request message [...] MUST either reject the
    // > message by sending a 400 (Bad Request), [...] or replace [...] (RFC 9112 section 5.2)
    if let [b' ' | b'\t', ..] = line {
        return Err(Refusal::FoldedHeader);
    }
    // > A server MUST reject, with a response status code of 400 (Bad Request), any [...] message
    // > that contains whitespace between a header field name and colon. (RFC 9112 section 5.1)
    match split_once(line, b':') {
        Some((name, _)) if is_token(name) => Ok(()),
        _ => Err(Refusal::MalformedHeader),
    }
}

/// The name and the value of a header line that was found well-formed.
pub(crate) fn split_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = split_once(line, b':')?;
    Some((name, value.trim_ascii()))
}

/// The lines of a head, each without its line end.
pub(crate) fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The elements of a comma-separated list; empty ones are left out (RFC 9110 section 5.6.1).
pub(crate) fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// A token of RFC 9110 section 5.6.2.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let is_tchar = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !bytes.is_empty() && bytes.iter().all(is_tchar)
}

/// A host with an optional port (RFC 3986 section 3.2), not empty.
pub(crate) fn is_host(value: &[u8]) -> bool {
    let (host, port) = match value {
        [b'[', rest @ ..] => match split_once(rest, b']') {
            Some((address, port)) if is_ipv6_literal(address) => (&b"[]"[..], port),
            _ => return false,
        },
        _ => match value.iter().position(|&byte| byte == b':') {
            Some(colon) => value.split_at_checked(colon).unwrap_or_default(),
            None => (value, &b""[..]),
        },
    };
    let is_host_byte =
        |&byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    let is_name = host == b"[]" || (!host.is_empty() && host.iter().all(is_host_byte));
    is_name && is_port(port)
}

fn is_ipv6_literal(address: &[u8]) -> bool {
    let is_address_byte = |&byte: &u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
    address.contains(&b':') && address.iter().all(is_address_byte)
}

/// Nothing, or a colon and a number of up to 16 bits.
fn is_port(port: &[u8]) -> bool {
    let digits = match port {
        [] => return true,
        [b':', digits @ ..] => digits,
        _ => return false,
    };
    let number = digits.iter().try_fold(0_u16, |number, &digit| {
        let digit = digit.is_ascii_digit().then(|| u16::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    number.is_some()
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = bytes.iter().position(|&byte| byte == at)?;
    let (before, rest) = bytes.split_at_checked(place)?;
    Some((before, rest.get(1..)?))
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
            "::1",
            "\u{fc}.de",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
