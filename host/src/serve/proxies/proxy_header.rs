//! The header of the PROXY protocol, versions 1 and 2: with which a proxy begins a connection to
//! say who its client is. (`proxy-protocol.txt`, which comes with HAProxy; sections 2.1 and 2.2.)
//!
//! No crate reads it as the text says: `proxy-header` 0.1 takes version 1 of any length, and not
//! each LOCAL of version 2; `ppp` 2.3 fails on a header that is cut before its last number. The
//! fuzzer compares this reader with the first.

use std::fmt::{self, Display};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The longest header of version 1, with its line break.
const LINE_LEN_MAX: usize = 107;
const LINE_START: &[u8] = b"PROXY ";

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The signature, the version with the command, the family with the protocol, and the length of
/// what follows.
const FIXED_LEN: usize = 16;
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
/// What two addresses of Unix sockets take, in bytes.
const UNIX_LEN: usize = 216;

/// What a proxy says of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    /// The length of the header, in bytes. What follows is the client's.
    pub len: usize,
    /// The address of the client; `None` if the proxy does not tell one: it has connected for
    /// itself, or its client has none.
    pub source: Option<SocketAddr>,
}

/// Why a connection has no header that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// It begins otherwise.
    Missing,
    /// The header breaks the rules.
    Malformed,
    /// The header has this many bytes, more than [`LEN_MAX`](ProxyHeader::LEN_MAX).
    TooLong(usize),
}

impl Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no PROXY header"),
            Self::Malformed => f.write_str("a malformed PROXY header"),
            Self::TooLong(len) => write!(
                f,
                "a PROXY header of {len} bytes, where at most {} are read",
                ProxyHeader::LEN_MAX
            ),
        }
    }
}

impl ProxyHeader {
    /// The longest header that is read, in bytes: the same as nginx's. Longer ones are allowed, for
    /// more fields than any proxy sends.
    pub const LEN_MAX: usize = 4096;

    /// Reads the header at the start of what was received; `None` if more is needed, which is never
    /// so of [`LEN_MAX`](Self::LEN_MAX) bytes.
    ///
    /// # Errors
    ///
    /// When no more bytes could make it a header.
    pub fn parse(received: &[u8]) -> Result<Option<Self>, HeaderError> {
        if begins(received, SIGNATURE) {
            parse_binary(received)
        } else if begins(received, LINE_START) {
            parse_line(received)
        } else {
            Err(HeaderError::Missing)
        }
    }
}

/// Whether what was received begins like this, as far as it goes.
fn begins(received: &[u8], start: &[u8]) -> bool {
    received
        .iter()
        .zip(start)
        .all(|(byte, expected)| byte == expected)
}

/// Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n`.
fn parse_line(received: &[u8]) -> Result<Option<ProxyHeader>, HeaderError> {
    let line = &received[..received.len().min(LINE_LEN_MAX)];
    let Some(end) = line.iter().position(|&byte| byte == b'\n') else {
        return match line.len() {
            LINE_LEN_MAX => Err(HeaderError::Malformed),
            _ => Ok(None),
        };
    };
    let source = line[..end]
        .strip_suffix(b"\r")
        .and_then(|line| str::from_utf8(line).ok())
        .and_then(|line| source_of_line(line.strip_prefix("PROXY ")?));
    source
        .map(|source| {
            Some(ProxyHeader {
                len: end + 1,
                source,
            })
        })
        .ok_or(HeaderError::Malformed)
}

/// The client in what follows `PROXY `: `Some(None)` if it is unknown, and `None` if the line is
/// malformed.
fn source_of_line(line: &str) -> Option<Option<SocketAddr>> {
    let mut words = line.split(' ');
    let family = words.next()?;
    if family == "UNKNOWN" {
        // > the receiver must ignore anything presented before the CRLF is found
        return Some(None);
    }
    let (source, destination) = (words.next()?, words.next()?);
    let (source_port, _) = (port(words.next()?)?, port(words.next()?)?);
    let source = match family {
        "TCP4" => first::<Ipv4Addr>(source, destination)?.into(),
        "TCP6" => first::<Ipv6Addr>(source, destination)?.into(),
        _ => return None,
    };
    let is_whole = words.next().is_none();
    is_whole.then(|| known(SocketAddr::new(source, source_port)))
}

/// The first of two addresses of the same family.
fn first<A: FromStr>(first: &str, second: &str) -> Option<A> {
    second.parse::<A>().ok()?;
    first.parse().ok()
}

/// A port as version 1 has it: without a sign and without leading zeros.
fn port(text: &str) -> Option<u16> {
    let port: u16 = text.parse().ok()?;
    (port.to_string() == text).then_some(port)
}

/// Version 2.
fn parse_binary(received: &[u8]) -> Result<Option<ProxyHeader>, HeaderError> {
    let Some((fixed, rest)) = received.split_first_chunk::<FIXED_LEN>() else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *fixed;
    if command != LOCAL && command != PROXY {
        return Err(HeaderError::Malformed);
    }
    let len = usize::from(u16::from_be_bytes([high, low]));
    if FIXED_LEN + len > ProxyHeader::LEN_MAX {
        return Err(HeaderError::TooLong(FIXED_LEN + len));
    }
    let Some(addresses) = rest.get(..len) else {
        return Ok(None);
    };
    let source = match command {
        // > The receiver [...] must use the real connection endpoints and discard the protocol
        // > block including the family which is ignored.
        LOCAL => None,
        _ => source_of_block(family, addresses).ok_or(HeaderError::Malformed)?,
    };
    let len = FIXED_LEN + len;
    Ok(Some(ProxyHeader { len, source }))
}

/// The client in the addresses, which other fields may follow: `Some(None)` if it has no address,
/// and `None` if the header is malformed.
fn source_of_block(family: u8, addresses: &[u8]) -> Option<Option<SocketAddr>> {
    // > other values are unspecified and must not be emitted in version 2 of this protocol and must
    // > be rejected as invalid by receivers.
    match (family >> 4, family & 0xF) {
        (0..=3, 0) | (0, 1 | 2) => Some(None),
        (1, 1 | 2) => {
            let [a, b, c, d, _, _, _, _, high, low, _, _] = *addresses.first_chunk()?;
            let port = u16::from_be_bytes([high, low]);
            Some(known(SocketAddr::new([a, b, c, d].into(), port)))
        }
        (2, 1 | 2) => {
            let block: &[u8; 36] = addresses.first_chunk()?;
            let source: [u8; 16] = *block.first_chunk()?;
            let port = u16::from_be_bytes([block[32], block[33]]);
            Some(known(SocketAddr::new(source.into(), port)))
        }
        (3, 1 | 2) => (addresses.len() >= UNIX_LEN).then_some(None),
        _ => None,
    }
}

/// The address of a client, unless it stands for none.
fn known(source: SocketAddr) -> Option<SocketAddr> {
    let canonical = SocketAddr::new(source.ip().to_canonical(), source.port());
    Some(canonical).filter(|source| !source.ip().is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN_MAX: usize = ProxyHeader::LEN_MAX;

    /// A header of version 2.
    fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
        let len = (block.len() as u16).to_be_bytes();
        [&SIGNATURE[..], &[command, family], &len, block].concat()
    }

    fn ipv4() -> Vec<u8> {
        vec![192, 0, 2, 1, 192, 0, 2, 2, 0xDC, 0x04, 1, 0xBB]
    }

    fn ipv6() -> Vec<u8> {
        let [source, destination] = ["2001:db8::1", "2001:db8::2"].map(|it| {
            let address: Ipv6Addr = it.parse().expect("an address");
            address.octets()
        });
        [&source[..], &destination, &[0xDC, 0x04, 1, 0xBB]].concat()
    }

    /// Asserts what a header says, wherever it is cut and whatever follows it.
    fn assert_header(header: &[u8], expected: Option<&str>) {
        let source = expected.map(|it| it.parse().expect("an address"));
        let len = header.len();
        let expected = ProxyHeader { len, source };
        for cut in 0..len {
            let part = &header[..cut];
            assert_eq!(
                ProxyHeader::parse(part),
                Ok(None),
                "{}",
                part.escape_ascii()
            );
        }
        let shown = header.escape_ascii();
        for more in [&b""[..], b"\n", b"GET / HTTP/1.1\r\n", &[22; 5000]] {
            assert_eq!(
                ProxyHeader::parse(&[header, more].concat()),
                Ok(Some(expected)),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_line_names_the_client_wherever_it_is_cut() {
        for (line, expected) in [
            (
                "TCP4 192.0.2.1 192.0.2.2 56324 443",
                Some("192.0.2.1:56324"),
            ),
            (
                "TCP4 255.255.255.255 255.255.255.255 65535 65535",
                Some("255.255.255.255:65535"),
            ),
            ("TCP6 2001:db8::1 ::1 0 443", Some("[2001:db8::1]:0")),
            ("TCP6 ::ffff:192.0.2.1 ::1 1 443", Some("192.0.2.1:1")),
            ("TCP4 0.0.0.0 0.0.0.0 0 0", None),
            ("UNKNOWN", None),
            ("UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535", None),
            ("UNKNOWN \u{e9}  x", None),
        ] {
            assert_header(format!("PROXY {line}\r\n").as_bytes(), expected);
        }
        let longest = format!("PROXY UNKNOWN {}\r\n", "x".repeat(LINE_LEN_MAX - 16));
        assert_eq!(longest.len(), LINE_LEN_MAX);
        assert_header(longest.as_bytes(), None);
    }

    #[test]
    fn a_line_that_breaks_the_rules_is_malformed() {
        for line in [
            "",
            "TCP",
            "TCP4",
            "tcp4 192.0.2.1 192.0.2.2 1 2",
            "TCP5 192.0.2.1 192.0.2.2 1 2",
            "TCP4 192.0.2.1 192.0.2.2 1",
            "TCP4 192.0.2.1 192.0.2.2 1 2 3",
            "TCP4 192.0.2.1 192.0.2.2 1 2 ",
            "TCP4  192.0.2.1 192.0.2.2 1 2",
            "TCP4 192.0.2.1 192.0.2.2 +1 2",
            "TCP4 192.0.2.1 192.0.2.2 01 2",
            "TCP4 192.0.2.1 192.0.2.2 1 65536",
            "TCP4 192.0.2.01 192.0.2.2 1 2",
            "TCP4 192.0.2.256 192.0.2.2 1 2",
            "TCP4 ::1 ::1 1 2",
            "TCP6 192.0.2.1 192.0.2.2 1 2",
            "TCP6 fe80::1%eth0 ::1 1 2",
            "UNKNOWNX",
            "UNKNOWN\r\r",
            "TCP4 192.0.2.1 192.0.2.2 1 2\r",
        ]
        .map(|line| format!("PROXY {line}\r\n"))
        .iter()
        .map(String::as_bytes)
        .chain([
            &b"PROXY UNKNOWN\n"[..],
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            b"PROXY \xff\r\n",
            &[b"PROXY UNKNOWN ", &[b'x'; 107][..]].concat(),
        ]) {
            assert_eq!(
                ProxyHeader::parse(line),
                Err(HeaderError::Malformed),
                "{}",
                line.escape_ascii()
            );
        }
    }

    #[test]
    fn a_binary_header_names_the_client_wherever_it_is_cut() {
        let (fields, unix) = (vec![4, 0, 1, 0], vec![0x2F; 216]);
        let with_fields = |block: Vec<u8>| [block, fields.clone()].concat();
        for (command, family, block, expected) in [
            (PROXY, 0x11, ipv4(), Some("192.0.2.1:56324")),
            (PROXY, 0x12, with_fields(ipv4()), Some("192.0.2.1:56324")),
            (PROXY, 0x21, ipv6(), Some("[2001:db8::1]:56324")),
            (
                PROXY,
                0x22,
                with_fields(ipv6()),
                Some("[2001:db8::1]:56324"),
            ),
            (PROXY, 0x31, unix.clone(), None),
            (PROXY, 0x32, with_fields(unix), None),
            (PROXY, 0x00, vec![], None),
            (PROXY, 0x00, vec![0xFF; 1000], None),
            (PROXY, 0x10, ipv4(), None),
            (PROXY, 0x21, vec![0; 36], None),
            (LOCAL, 0x00, vec![], None),
            // Of a LOCAL only the length counts.
            (LOCAL, 0x11, vec![], None),
            (LOCAL, 0x11, ipv4(), None),
            (LOCAL, 0xFF, fields.clone(), None),
        ] {
            assert_header(&binary(command, family, &block), expected);
        }
    }

    #[test]
    fn a_binary_header_that_breaks_the_rules_is_malformed() {
        for (command, family, block) in [
            (0x22, 0x11, ipv4()),
            (0x11, 0x11, ipv4()),
            (0x00, 0x11, ipv4()),
            (PROXY, 0x13, ipv4()),
            (PROXY, 0x41, ipv4()),
            (PROXY, 0xF1, ipv4()),
            (PROXY, 0x11, ipv4()[1..].to_vec()),
            (PROXY, 0x21, ipv6()[1..].to_vec()),
            (PROXY, 0x31, vec![0; 215]),
            (PROXY, 0x11, vec![]),
        ] {
            let header = binary(command, family, &block);
            assert_eq!(
                ProxyHeader::parse(&header),
                Err(HeaderError::Malformed),
                "{header:?}"
            );
        }
    }

    #[test]
    fn the_longest_header_is_read_and_a_longer_one_is_known_by_its_length() {
        let longest = binary(PROXY, 0x11, &[1; LEN_MAX - FIXED_LEN]);
        assert_eq!(ProxyHeader::parse(&longest[..LEN_MAX - 1]), Ok(None));
        let read = ProxyHeader::parse(&longest)
            .expect("a header")
            .expect("all of it");
        assert_eq!(read.len, LEN_MAX);
        for len in [LEN_MAX - FIXED_LEN + 1, 65_535] {
            let header = binary(PROXY, 0x11, &vec![1; len]);
            let expected = Err(HeaderError::TooLong(FIXED_LEN + len));
            assert_eq!(ProxyHeader::parse(&header[..FIXED_LEN]), expected);
        }
    }

    #[test]
    fn what_begins_otherwise_is_no_header_from_the_first_byte_that_shows_it() {
        for start in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"\x16\x03\x01",
            b"proxy ",
            b"PROXY\r\n",
            b"PRI * HTTP/2.0\r\n\r\n",
            b"\n",
            b"\r\n\r\n\0\r\nQUIT\r",
        ] {
            assert_eq!(
                ProxyHeader::parse(start),
                Err(HeaderError::Missing),
                "{}",
                start.escape_ascii()
            );
        }
        assert_eq!(ProxyHeader::parse(b""), Ok(None));
    }
}
