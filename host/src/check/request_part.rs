//! Looks at one part of the request of a client under test (RFC 6455 section 4.1, RFC 9112).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::client_request::ClientRequest;
use crate::escape::Untrusted;
use crate::http_token;

/// The length of what is in `Sec-WebSocket-Key`, in bytes.
const NONCE_LEN: usize = 16;
/// The port that need not be written.
const DEFAULT_PORT: u16 = 80;

/// A part of a request, that a client can get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPart {
    Method,
    HttpVersion,
    Target,
    Host,
    Upgrade,
    Connection,
    Key,
    /// The key is another one than those of earlier connections.
    FreshKey,
    Version,
    Origin,
    Subprotocols,
    Extensions,
    /// The line ends, the names, and no folding.
    Lines,
    Body,
    /// Nothing comes before the response.
    Early,
}

/// What has to be known besides the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The port that the client has connected to.
    pub port: u16,
    /// Whether another connection had the same key.
    pub has_used_key: bool,
    /// How many bytes came behind the head, before the response.
    pub early_len: usize,
}

impl RequestPart {
    /// Looks at it.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(self, request: &ClientRequest, around: Circumstances) -> Result<(), String> {
        match self {
            Self::Method => is(request.method() == "GET", || {
                format!("the method is \"{}\"", shown(request.method()))
            }),
            Self::HttpVersion => http_version(request.version()),
            Self::Target => target(request.target()),
            Self::Host => host(request, around.port),
            Self::Upgrade => token(request, "Upgrade", "websocket"),
            Self::Connection => token(request, "Connection", "Upgrade"),
            Self::Key => key(request),
            Self::FreshKey => is(!around.has_used_key, || {
                "an earlier connection had the same Sec-WebSocket-Key".into()
            }),
            Self::Version => match once(request, "Sec-WebSocket-Version")? {
                "13" => Ok(()),
                other => Err(format!("Sec-WebSocket-Version is \"{}\"", shown(other))),
            },
            Self::Origin => origin(request),
            Self::Subprotocols => subprotocols(request),
            Self::Extensions => extensions(request),
            Self::Lines => lines(&request.bytes),
            Self::Body => body(request),
            Self::Early => is(around.early_len == 0, || {
                format!(
                    "{} bytes came behind the request, before the response",
                    around.early_len
                )
            }),
        }
    }
}

fn is(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

fn shown(text: &str) -> Untrusted<'_> {
    Untrusted::excerpt(text)
}

/// The value of a header that must be there once.
fn once<'a>(request: &'a ClientRequest, name: &'static str) -> Result<&'a str, String> {
    let values: Vec<&str> = request.head.values(name).collect();
    match values[..] {
        [] => Err(format!("there is no {name} header")),
        [value] => Ok(value),
        _ => Err(format!("there are {} {name} headers", values.len())),
    }
}

/// A list of tokens must be there, with this one.
fn token(request: &ClientRequest, name: &'static str, token: &str) -> Result<(), String> {
    if request.lists(name, token) {
        return Ok(());
    }
    match request.head.value(name) {
        None => Err(format!("there is no {name} header")),
        Some(value) => Err(format!("{name} is \"{}\", without {token}", shown(value))),
    }
}

fn http_version(version: &str) -> Result<(), String> {
    match version.strip_prefix("HTTP/1.") {
        Some("1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9") => Ok(()),
        _ => Err(format!("the version is \"{}\"", shown(version))),
    }
}

fn target(target: &str) -> Result<(), String> {
    let is_absolute = ["http://", "https://"]
        .iter()
        .any(|scheme| target.starts_with(scheme));
    if !target.starts_with('/') && !is_absolute {
        return Err(format!(
            "the target is \"{}\", which is no path",
            shown(target)
        ));
    }
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    is(target.bytes().all(is_allowed), || {
        format!(
            "the target \"{}\" has a character that must be written as % and two digits",
            shown(target)
        )
    })
}

fn host(request: &ClientRequest, port: u16) -> Result<(), String> {
    let host = once(request, "Host")?;
    let (name, number) = match host.rsplit_once(':') {
        Some((name, number)) if !number.contains(']') => (name, Some(number)),
        _ => (host, None),
    };
    if name.is_empty() || name.contains(['/', '@', ' ']) {
        return Err(format!("Host is \"{}\", which is no host", shown(host)));
    }
    match number.map(str::parse::<u16>) {
        None if port == DEFAULT_PORT => Ok(()),
        None => Err(format!(
            "Host is \"{}\", without the port {port}",
            shown(host)
        )),
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) => Err(format!("Host is \"{}\", with no valid port", shown(host))),
    }
}

fn key(request: &ClientRequest) -> Result<(), String> {
    let key = once(request, "Sec-WebSocket-Key")?;
    match BASE64.decode(key) {
        Err(_) => Err(format!(
            "Sec-WebSocket-Key is \"{}\", which is not base64",
            shown(key)
        )),
        Ok(nonce) => is(nonce.len() == NONCE_LEN, || {
            format!(
                "Sec-WebSocket-Key has {} bytes instead of {NONCE_LEN}",
                nonce.len()
            )
        }),
    }
}

/// RFC 6454 section 6.2: `null`, or a scheme, a host, and a port if it is not the usual one.
fn origin(request: &ClientRequest) -> Result<(), String> {
    if request.head.value("Origin").is_none() {
        return Ok(());
    }
    let origin = once(request, "Origin")?;
    if origin == "null" {
        return Ok(());
    }
    let wrong = || format!("Origin is \"{}\", which is no origin", shown(origin));
    let (scheme, host) = origin.split_once("://").ok_or_else(wrong)?;
    let is_host = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    is(!scheme.is_empty() && is_host, wrong)
}

fn subprotocols(request: &ClientRequest) -> Result<(), String> {
    let name = "Sec-WebSocket-Protocol";
    let mut subprotocols = request.list(name);
    for subprotocol in &subprotocols {
        is(http_token::is_token(subprotocol), || {
            format!("{name} has \"{}\", which is no token", shown(subprotocol))
        })?;
    }
    let count = subprotocols.len();
    subprotocols.sort_unstable();
    subprotocols.dedup();
    is(subprotocols.len() == count, || {
        format!("{name} has a subprotocol twice")
    })
}

/// RFC 6455 section 9.1: tokens, and parameters with a token or a quoted token.
fn extensions(request: &ClientRequest) -> Result<(), String> {
    for extension in request.list("Sec-WebSocket-Extensions") {
        for (index, part) in extension.split(';').map(str::trim).enumerate() {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) if index > 0 => (name.trim(), Some(value.trim())),
                _ => (part, None),
            };
            let is_valid = http_token::is_token(name)
                && value.is_none_or(|value| http_token::is_token(value.trim_matches('"')));
            is(is_valid, || {
                format!(
                    "Sec-WebSocket-Extensions has \"{}\", which is malformed",
                    shown(extension)
                )
            })?;
        }
    }
    Ok(())
}

/// RFC 9112 sections 2.2, 5.1 and 5.2.
fn lines(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.split("\r\n").collect();
    if lines.iter().any(|line| line.contains(['\r', '\n'])) {
        return Err("a line does not end with CR and LF".into());
    }
    for line in lines.iter().skip(1).filter(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            return Err(format!("the line \"{}\" is folded", shown(line)));
        }
        let name = line.split_once(':').map_or("", |(name, _)| name);
        is(http_token::is_token(name), || {
            format!("the line \"{}\" has no valid name", shown(line))
        })?;
        is(
            !line.contains(|c: char| c.is_control() && c != '\t'),
            || format!("the line \"{}\" has a control character", shown(line)),
        )?;
    }
    Ok(())
}

fn body(request: &ClientRequest) -> Result<(), String> {
    if request.head.value("Transfer-Encoding").is_some() {
        return Err("the request has a body: there is a Transfer-Encoding header".into());
    }
    match request.head.value("Content-Length") {
        None | Some("0") => Ok(()),
        Some(len) => Err(format!(
            "the request has a body: Content-Length is \"{}\"",
            shown(len)
        )),
    }
}
