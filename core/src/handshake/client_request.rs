//! The request of a client's opening handshake, as bytes (RFC 6455 section 4.1). What the server
//! answers is in `response`.

use core::fmt;

use crate::handshake::base64::KEY_LEN;
use crate::handshake::deflate_offer::DeflateOffer;
use crate::handshake::http;

/// The request of a client's opening handshake. It is checked by
/// [`ClientHandshake::new`](crate::ClientHandshake::new).
///
/// ```
/// use ws_echo_core::ClientRequest;
///
/// let request = ClientRequest {
///     subprotocols: &["chat.v2", "chat.v1"],
///     headers: &[("Authorization", "Bearer 1234")],
///     ..ClientRequest::new("server.example.com:3000", "/chat?room=1")
/// };
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientRequest<'a> {
    /// The value of Host: the name or address of the server, with its port unless that is the
    /// default of the scheme.
    pub host: &'a str,
    /// The resource name: the path, with its leading `/`, and the query (RFC 6455 section 3).
    pub resource: &'a str,
    /// The value of Origin. A client that is not a browser may leave it out.
    pub origin: Option<&'a str>,
    /// The subprotocols that the client offers, in its order of preference.
    pub subprotocols: &'a [&'a str],
    /// The compression that the client offers (permessage-deflate, RFC 7692), with the largest
    /// windows that it takes. `None` offers none.
    ///
    /// A server may agree on less: see [`Agreed`](crate::Agreed).
    pub deflate: Option<DeflateOffer>,
    /// Other headers: their names and their values.
    pub headers: &'a [(&'a str, &'a str)],
}

/// What cannot be sent in a client's opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ClientRequestError {
    /// The host is not a name or an address with an optional port.
    Host,
    /// The resource name does not begin with `/`, or contains characters other than visible ASCII,
    /// or `#`.
    Resource,
    /// The origin is empty, or contains characters other than visible ASCII.
    Origin,
    /// A subprotocol is not a token, or is repeated.
    Subprotocol,
    /// The name of a header is not a token, or its value contains control characters.
    Header,
    /// The header is one that the handshake itself sends, or one that announces a body.
    ReservedHeader,
}

impl<'a> ClientRequest<'a> {
    /// A request with only what is required.
    pub const fn new(host: &'a str, resource: &'a str) -> Self {
        Self {
            host,
            resource,
            origin: None,
            subprotocols: &[],
            deflate: None,
            headers: &[],
        }
    }

    /// Checks that no part of the request can be read as another.
    pub(crate) fn check(&self) -> Result<(), ClientRequestError> {
        if !http::is_host(self.host.as_bytes()) {
            return Err(ClientRequestError::Host);
        }
        // > Fragment identifiers [...] MUST NOT be used on these URIs. (section 3)
        if !self.resource.starts_with('/') || self.resource.contains('#') {
            return Err(ClientRequestError::Resource);
        }
        if !http::is_visible(self.resource.as_bytes()) {
            return Err(ClientRequestError::Resource);
        }
        if let Some(origin) = self.origin
            && !http::is_visible(origin.as_bytes())
        {
            return Err(ClientRequestError::Origin);
        }
        self.check_subprotocols()?;
        self.headers.iter().try_for_each(check_header)
    }

    /// > The elements that comprise this value MUST be non-empty strings with characters in the
    /// > range U+0021 to U+007E not including separator characters [...] and MUST all be unique
    /// > strings. (section 4.1)
    fn check_subprotocols(&self) -> Result<(), ClientRequestError> {
        let mut others = self.subprotocols;
        while let [name, rest @ ..] = others {
            if !http::is_token(name.as_bytes()) || rest.contains(name) {
                return Err(ClientRequestError::Subprotocol);
            }
            others = rest;
        }
        Ok(())
    }

    /// Passes the bytes of the request to `write`, part by part.
    pub(crate) fn write(&self, key: &[u8; KEY_LEN], write: &mut dyn FnMut(&[u8])) {
        for part in [
            b"GET ",
            self.resource.as_bytes(),
            b" HTTP/1.1\r\nHost: ",
            self.host.as_bytes(),
            b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
              Sec-WebSocket-Key: ",
            key,
        ] {
            write(part);
        }
        if let Some(origin) = self.origin {
            write(b"\r\nOrigin: ");
            write(origin.as_bytes());
        }
        for (i, name) in self.subprotocols.iter().enumerate() {
            write(match i {
                0 => b"\r\nSec-WebSocket-Protocol: ",
                _ => b", ",
            });
            write(name.as_bytes());
        }
        if let Some(offer) = self.deflate {
            offer.encode(write);
        }
        for (name, value) in self.headers {
            http::write_header(name, value, &mut |part: &[u8]| write(part));
        }
        write(b"\r\n\r\n");
    }
}

fn check_header((name, value): &(&str, &str)) -> Result<(), ClientRequestError> {
    if !http::is_header(name, value) {
        return Err(ClientRequestError::Header);
    }
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    if RESERVED.iter().any(is) || is_of_handshake(name) {
        return Err(ClientRequestError::ReservedHeader);
    }
    Ok(())
}

/// The headers that an application must not add, besides those of [`is_of_handshake`].
const RESERVED: [&str; 6] = [
    "host",
    "upgrade",
    "connection",
    "origin",
    "content-length",
    "transfer-encoding",
];

/// Whether the name of a header begins with `Sec-WebSocket-`.
fn is_of_handshake(name: &str) -> bool {
    let start = "sec-websocket-";
    name.get(..start.len())
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(start))
}

/// Without the values of other headers, which may be secrets.
impl fmt::Debug for ClientRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRequest")
            .field("host", &self.host)
            .field("resource", &self.resource)
            .field("origin", &self.origin)
            .field("subprotocols", &self.subprotocols)
            .field("deflate", &self.deflate)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ClientRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "invalid host",
            Self::Resource => "resource must be a path of visible ASCII characters",
            Self::Origin => "origin must consist of visible ASCII characters",
            Self::Subprotocol => "subprotocol is not a token, or is repeated",
            Self::Header => "header is malformed",
            Self::ReservedHeader => "header belongs to the handshake",
        })
    }
}

impl core::error::Error for ClientRequestError {}
