//! A request as it arrived, in JSON: for `--welcome-request`, the test path, and who asks for it by
//! plain HTTP.
//!
//! The names of the fields are an interface: they do not change.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use ws_echo_core::{DeflateAnswer, Request};

use crate::options::serve::Secrets;
use crate::serve::peer::Peer;
use crate::serve::transport::TlsFacts;

/// The headers with values that are [hidden](Secrets::Hidden).
const SECRETS: [&str; 3] = ["Authorization", "Proxy-Authorization", "Cookie"];

/// The most bytes of a [report](json): each byte of the head of a request, which has at most 8 KiB,
/// takes at most two where it is, and as many again in a list of offers.
pub(crate) const LEN_MAX: usize = 40 << 10;

/// Between whom a request has travelled, and how.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// The address of the client.
    pub(crate) peer: SocketAddr,
    /// The address that the client has connected to; `None` if the system does not tell it.
    pub(crate) local: Option<SocketAddr>,
    /// `None` without TLS.
    pub(crate) tls: Option<TlsFacts>,
}

/// What the server has chosen of the client's offers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choice<'a> {
    pub(crate) subprotocol: Option<&'a str>,
    pub(crate) deflate: Option<&'a DeflateAnswer>,
}

#[derive(Serialize)]
struct Report<'a> {
    method: &'a str,
    target: &'a str,
    version: &'a str,
    headers: Vec<(&'a str, Value<'a>)>,
    peer: SocketAddr,
    local: Option<SocketAddr>,
    tls: &'a Option<TlsFacts>,
    subprotocols: Subprotocols<'a>,
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
struct Subprotocols<'a> {
    offered: Vec<&'a str>,
    chosen: Option<&'a str>,
}

#[derive(Serialize)]
struct Extensions<'a> {
    offered: Vec<Value<'a>>,
    agreed: Option<String>,
}

/// Bytes of a header.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(&'a str),
    /// They are not UTF-8.
    Bytes {
        base64: String,
    },
    /// A secret of this many bytes.
    Hidden {
        hidden: usize,
    },
}

impl<'a> Value<'a> {
    fn of_header(name: &str, bytes: &'a [u8], secrets: Secrets) -> Self {
        match secrets {
            Secrets::Hidden if is_secret(name) => Self::Hidden {
                hidden: bytes.len(),
            },
            _ => Self::new(bytes),
        }
    }

    fn new(bytes: &'a [u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Bytes {
                base64: BASE64_STANDARD.encode(bytes),
            },
        }
    }
}

/// Whether a header holds a secret, whatever the case of its name.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|it| name.eq_ignore_ascii_case(it))
}

/// The request as one JSON object on one line, without an end of the line. It has at most
/// [`LEN_MAX`] bytes.
pub(crate) fn json(
    request: &Request<'_>,
    route: &Route,
    choice: Choice<'_>,
    secrets: Secrets,
) -> String {
    let headers = request.all_headers();
    let headers = headers.map(|(name, value)| (name, Value::of_header(name, value, secrets)));
    let report = Report {
        method: request.method(),
        target: request.target(),
        version: request.version(),
        headers: headers.collect(),
        peer: canonical(route.peer),
        local: route.local.map(canonical),
        tls: &route.tls,
        subprotocols: Subprotocols {
            offered: request.subprotocols().collect(),
            chosen: choice.subprotocol,
        },
        extensions: Extensions {
            offered: request.extensions().map(Value::new).collect(),
            agreed: choice.deflate.map(DeflateAnswer::to_string),
        },
    };
    // A structure of texts and lists is always written.
    serde_json::to_string(&report).unwrap_or_default()
}

/// The address as the log shows it: an IPv4-mapped one is the IPv4 address.
fn canonical(address: SocketAddr) -> SocketAddr {
    Peer::from(address).into()
}
