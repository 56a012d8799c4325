//! What the headers say, found in another way: the standard one is read from the left, by its
//! grammar, and only if it keeps to it (RFC 7239 section 4).

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use ws_echo::{Contradiction, Forwarded, Scheme};
use ws_echo_core::Request;

/// A parameter and its value, without quotes.
type Pair = (String, Vec<u8>);

/// Whether an address is of a network.
pub(super) fn has(network: IpNet, address: IpAddr) -> bool {
    let (network_bits, bits, len) = match (network.addr(), address.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (
            u128::from(a.to_bits()) << 96,
            u128::from(b.to_bits()) << 96,
            128,
        ),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let ignored = len - u32::from(network.prefix_len());
    (network_bits ^ bits)
        .checked_shr(ignored)
        .unwrap_or_default()
        == 0
}

/// Asserts that this is what the request says, as far as it keeps to the grammar.
pub(super) fn compare(
    request: &Request<'_>,
    found: Result<Forwarded<'_>, Contradiction>,
    is_trusted: &dyn Fn(IpAddr) -> bool,
) {
    let lines: Vec<_> = request.headers("forwarded").collect();
    let elements: Option<Vec<_>> = lines.iter().map(|line| elements(line)).collect();
    let usual = usual(request, is_trusted);
    let Some(elements) = elements.map(|it| it.concat()) else {
        // It is malformed somewhere. Whom it names must be there, and agree with the other header.
        if let (Ok(found), Some(usual)) = (found, usual) {
            assert_eq!(found.client.map(|it| it.ip()), usual.map(|it| it.ip()));
        }
        return;
    };
    if elements.is_empty() {
        let client = found.expect("there is one header").client;
        return assert_eq!(client, usual.flatten());
    }
    let expected = standard(&elements, is_trusted);
    match usual {
        Some(usual) if usual.map(|it| it.ip()) != expected.0.map(|it| it.ip()) => {
            assert_eq!(found, Err(Contradiction));
        }
        _ => {
            let found = found.expect("they agree");
            let host = found.host.map(<[u8]>::to_vec);
            assert_eq!((found.client, host, found.scheme), expected);
        }
    }
}

/// The client, the host and the scheme of the last element that counts.
fn standard(
    elements: &[Vec<Pair>],
    is_trusted: &dyn Fn(IpAddr) -> bool,
) -> (Option<SocketAddr>, Option<Vec<u8>>, Option<Scheme>) {
    let mut found = (None, None, None);
    for element in elements.iter().rev() {
        let value = |name| {
            element
                .iter()
                .find(|(it, _)| it == name)
                .map(|(_, value)| value)
        };
        let is_repeated = |name: &&str| element.iter().filter(|(it, _)| it == name).count() > 1;
        if ["for", "host", "proto"].iter().any(is_repeated) {
            break;
        }
        let client = value("for").and_then(|value| address(value));
        if found.0.is_some() && client.is_none() {
            break;
        }
        let scheme = value("proto").and_then(|it| match &*it.to_ascii_lowercase() {
            b"https" | b"wss" => Some(Scheme::Tls),
            b"http" | b"ws" => Some(Scheme::Plain),
            _ => None,
        });
        found = (client, value("host").cloned(), scheme);
        if client.is_none_or(|client| !is_trusted(client.ip())) {
            break;
        }
    }
    found
}

/// The client of `X-Forwarded-For`: `None` if there is no such header, `Some(None)` if it names
/// none.
fn usual(request: &Request<'_>, is_trusted: &dyn Fn(IpAddr) -> bool) -> Option<Option<SocketAddr>> {
    let lines: Vec<_> = request.headers("x-forwarded-for").collect();
    let list = lines.join(&b","[..]);
    let parts = list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let known = parts.iter().rev().map_while(|part| address(part));
    let mut known = known.collect::<Vec<_>>().into_iter();
    let mut client = known.next();
    while client.is_some_and(|it| is_trusted(it.ip())) {
        match known.next() {
            Some(next) => client = Some(next),
            None => break,
        }
    }
    (!parts.is_empty()).then_some(client)
}

/// The elements of a line that keeps to the grammar. One of semicolons alone is an element: a proxy
/// that tells nothing.
fn elements(mut line: &[u8]) -> Option<Vec<Vec<Pair>>> {
    let mut elements = Vec::new();
    let mut element: Option<Vec<Pair>> = None;
    loop {
        line = line.trim_ascii_start();
        if !matches!(line, [] | [b',' | b';', ..]) {
            let len = line.iter().position(|byte| !is_token_byte(byte))?;
            let (name, rest) = line.split_at(len);
            let (value, rest) = value(rest.strip_prefix(b"=").filter(|_| len > 0)?)?;
            let pairs = element.get_or_insert_default();
            pairs.push((str::from_utf8(name).ok()?.to_ascii_lowercase(), value));
            line = rest.trim_ascii_start();
        }
        let Some((&separator, rest)) = line.split_first() else {
            elements.extend(element);
            return Some(elements);
        };
        match separator {
            b',' => elements.extend(element.take()),
            b';' => drop(element.get_or_insert_default()),
            _ => return None,
        }
        line = rest;
    }
}

/// A token or a quoted string, and what follows it. Escapes are kept.
fn value(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = bytes.strip_prefix(b"\"") else {
        // A colon belongs in quotes, but some proxies do not know that.
        let is_end = |byte: &u8| !is_token_byte(byte) && !b":[]".contains(byte);
        let len = bytes.iter().position(is_end).unwrap_or(bytes.len());
        return (len > 0).then(|| (bytes[..len].to_vec(), &bytes[len..]));
    };
    let mut place = 0;
    loop {
        match quoted.get(place)? {
            b'"' => return Some((quoted[..place].to_vec(), &quoted[place + 1..])),
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
}

fn is_token_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

/// An address with or without a port, by the standard library.
fn address(node: &[u8]) -> Option<SocketAddr> {
    let node = str::from_utf8(node).ok()?;
    let is_hidden = |name: &str| {
        let is_part = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        !name.is_empty() && name.chars().all(is_part)
    };
    let (host, port) = match node.split_once(":_") {
        Some((host, name)) if is_hidden(name) => (host, name),
        Some(_) => return None,
        None => (node, ""),
    };
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_plain = port.is_empty();
    let found = match (host.parse::<IpAddr>(), bare.map(str::parse)) {
        (Ok(ip @ IpAddr::V4(_)), _) => SocketAddr::new(ip, 0),
        (Ok(ip), _) if is_plain => SocketAddr::new(ip, 0),
        (_, Some(Ok(ip))) => SocketAddr::new(IpAddr::V6(ip), 0),
        _ if is_plain && !host.contains('%') => host.parse().ok()?,
        _ => return None,
    };
    let ip = found.ip().to_canonical();
    (!ip.is_unspecified()).then(|| SocketAddr::new(ip, found.port()))
}
