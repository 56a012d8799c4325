//! What the HTTP headers of trusted proxies say of a client's request: who has made it, and to
//! which host (`Forwarded`, RFC 7239; `X-Forwarded-For`, `-Host` and `-Proto`, which have no
//! standard).
//!
//! Each proxy adds the address that it was reached from at the right. So they are read from the
//! right, as long as the one that has added an address is trusted. What is further left may be
//! anyone's invention.
//!
//! The crates for `Forwarded` split it at each comma. A client can choose a host with a comma in
//! it, which a proxy quotes: `host="a,for=192.0.2.1"`.

use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};

use ws_echo_core::Request;

use super::trust::Trust;

mod element;

use self::element::{Element, rsplit};

/// What trusted proxies say of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forwarded<'a> {
    /// The client; port 0 if they do not tell the port. `None` if they do not tell the address.
    pub client: Option<SocketAddr>,
    /// The host that the client has sent its request to, with the port; `None` if they do not tell.
    pub host: Option<&'a [u8]>,
    /// The scheme in the client's address bar, in a way; `None` if they do not tell.
    pub scheme: Option<Scheme>,
}

/// How a client has reached the first proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `http` or `ws`.
    Plain,
    /// `https` or `wss`.
    Tls,
}

/// `Forwarded` and `X-Forwarded-For` name different clients: a proxy that writes one of them has
/// passed on what somebody has written into the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction;

impl Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forwarded and X-Forwarded-For name different clients")
    }
}

impl<'a> Forwarded<'a> {
    /// Reads the headers of a request that has come from a trusted proxy.
    ///
    /// # Errors
    ///
    /// When they contradict each other: either could be forged.
    pub fn read(request: &Request<'a>, trust: &Trust) -> Result<Self, Contradiction> {
        let standard = Self::standard(request, trust);
        let usual = Self::usual(request, trust);
        match (standard, usual) {
            (Some(standard), Some(usual)) => {
                let [a, b] = [standard, usual].map(|it| it.client.map(|client| client.ip()));
                if a == b {
                    Ok(standard)
                } else {
                    Err(Contradiction)
                }
            }
            (Some(only), None) | (None, Some(only)) => Ok(only),
            (None, None) => Ok(Self::without_client(request)),
        }
    }

    /// What `Forwarded` says; `None` if there is none.
    fn standard(request: &Request<'a>, trust: &Trust) -> Option<Self> {
        let lines: Vec<_> = request.headers("forwarded").collect();
        let lines = lines.into_iter().rev();
        let mut elements = lines.flat_map(|line| rsplit(line, b',')).peekable();
        elements.peek()?;
        let mut found = Self::default();
        for element in elements {
            let Some(element) = Element::parse(element) else {
                break;
            };
            let client = element.client.and_then(address);
            if client.is_none() && found.client.is_some() {
                break;
            }
            found = Self {
                client,
                host: element.host,
                scheme: element.scheme.and_then(Scheme::of),
            };
            if client.is_none_or(|client| !trust.has(client.ip())) {
                break;
            }
        }
        Some(found)
    }

    /// What `X-Forwarded-For` and the others say; `None` if there is no such header.
    fn usual(request: &Request<'a>, trust: &Trust) -> Option<Self> {
        let hops = list(request, "x-forwarded-for");
        if hops.is_empty() {
            return None;
        }
        let mut found = None;
        for (place, hop) in hops.iter().enumerate().rev() {
            let Some(client) = address(hop) else {
                break;
            };
            found = Some((place, client));
            if !trust.has(client.ip()) {
                break;
            }
        }
        // A list as long as that of the addresses belongs to them. Otherwise the last proxy's word
        // counts.
        let of_client = |name| {
            let values = list(request, name);
            match found {
                Some((place, _)) if values.len() == hops.len() => Some(values[place]),
                _ => values.last().copied(),
            }
        };
        Some(Self {
            client: found.map(|(_, client)| client),
            host: of_client("x-forwarded-host"),
            scheme: of_client("x-forwarded-proto").and_then(Scheme::of),
        })
    }

    /// What a proxy says that tells the host and the scheme only.
    fn without_client(request: &Request<'a>) -> Self {
        let last = |name| list(request, name).last().copied();
        Self {
            client: None,
            host: last("x-forwarded-host"),
            scheme: last("x-forwarded-proto").and_then(Scheme::of),
        }
    }
}

impl Scheme {
    fn of(name: &[u8]) -> Option<Self> {
        let is = |expected: &[u8]| name.eq_ignore_ascii_case(expected);
        if is(b"https") || is(b"wss") {
            Some(Self::Tls)
        } else if is(b"http") || is(b"ws") {
            Some(Self::Plain)
        } else {
            None
        }
    }
}

/// The parts of a list header, of all its lines, without those that are empty.
fn list<'a>(request: &Request<'a>, name: &str) -> Vec<&'a [u8]> {
    let lines = request.headers(name);
    let parts = lines.flat_map(|line| line.split(|&byte| byte == b','));
    let parts = parts.map(<[u8]>::trim_ascii);
    parts.filter(|part| !part.is_empty()).collect()
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`
/// or `[2001:db8::1]:80`. The port may be obfuscated (RFC 7239 section 6.3), and is 0 then. `None`
/// for `unknown`, for obfuscated names, and for what is none of these.
fn address(node: &[u8]) -> Option<SocketAddr> {
    let node = str::from_utf8(node).ok()?;
    let (address, port) = match node.strip_prefix('[') {
        Some(literal) => {
            let (address, port) = literal.split_once(']')?;
            (IpAddr::V6(address.parse().ok()?), port)
        }
        None => match node.parse() {
            Ok(address) => (address, ""),
            Err(_) => {
                let end = node.find(':')?;
                (IpAddr::V4(node[..end].parse().ok()?), &node[end..])
            }
        },
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => 0,
        Some(port) if is_obfuscated(port) => 0,
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
        _ => return None,
    };
    let address = address.to_canonical();
    (!address.is_unspecified()).then(|| SocketAddr::new(address, port))
}

/// Whether a proxy hides a port behind this name (RFC 7239 section 6.3).
fn is_obfuscated(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    name.len() > 1 && name.starts_with('_') && name.bytes().all(is_part)
}

#[cfg(test)]
mod tests;
