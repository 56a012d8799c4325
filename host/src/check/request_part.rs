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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::http::Head;

    const RIGHT: &str = "GET /chat?a=b HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\n\
                         Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const AROUND: Circumstances = Circumstances {
        port: 9001,
        has_used_key: false,
        early_len: 0,
    };

    /// What is wrong with a part, where `from` is replaced.
    fn wrong(part: RequestPart, from: &str, to: &str) -> Option<String> {
        let bytes = RIGHT.replacen(from, to, 1).into_bytes();
        let head = Head::read(&bytes).expect("a whole head");
        part.check(&ClientRequest { head, bytes }, AROUND).err()
    }

    #[test]
    fn nothing_is_wrong_in_a_right_request() {
        for part in [
            RequestPart::Method,
            RequestPart::HttpVersion,
            RequestPart::Target,
            RequestPart::Host,
            RequestPart::Upgrade,
            RequestPart::Connection,
            RequestPart::Key,
            RequestPart::FreshKey,
            RequestPart::Version,
            RequestPart::Origin,
            RequestPart::Subprotocols,
            RequestPart::Extensions,
            RequestPart::Lines,
            RequestPart::Body,
            RequestPart::Early,
        ] {
            assert_eq!(wrong(part, "", ""), None, "{part:?}");
        }
    }

    #[test]
    fn what_is_allowed_is_not_wrong() {
        let end = "\r\n\r\n";
        for (part, from, to) in [
            (RequestPart::Target, "/chat", "http://127.0.0.1:9001/chat"),
            (RequestPart::HttpVersion, "HTTP/1.1", "HTTP/1.2"),
            (RequestPart::Host, "127.0.0.1:9001", "[::1]:9001"),
            (RequestPart::Upgrade, "websocket", "h2c, WebSocket"),
            (RequestPart::Origin, end, "\r\nOrigin: null\r\n\r\n"),
            (RequestPart::Origin, end, "\r\nOrigin: http://a:1\r\n\r\n"),
            (RequestPart::Body, end, "\r\nContent-Length: 0\r\n\r\n"),
            (
                RequestPart::Extensions,
                end,
                "\r\nSec-WebSocket-Extensions: a; b; c=1; d=\"2\", e\r\n\r\n",
            ),
            (
                RequestPart::Subprotocols,
                end,
                "\r\nSec-WebSocket-Protocol: one, two\r\n\r\n",
            ),
        ] {
            assert_eq!(wrong(part, from, to), None, "{to}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let end = "\r\n\r\n";
        for (part, from, to, expected) in [
            (RequestPart::Method, "GET", "POST", "the method is \"POST\""),
            (
                RequestPart::HttpVersion,
                "1.1",
                "1.0",
                "the version is \"HTTP/1.0\"",
            ),
            (
                RequestPart::Target,
                "/chat?a=b",
                "chat",
                "the target is \"chat\", which is no path",
            ),
            (
                RequestPart::Target,
                "b HTTP",
                "#b HTTP",
                "the target \"/chat?a=#b\" has a character that must be written as % and two \
                 digits",
            ),
            (RequestPart::Host, "Host", "Hose", "there is no Host header"),
            (
                RequestPart::Host,
                ":9001",
                "",
                "Host is \"127.0.0.1\", without the port 9001",
            ),
            (
                RequestPart::Host,
                "127",
                "me@127",
                "Host is \"me@127.0.0.1:9001\", which is no host",
            ),
            (
                RequestPart::Connection,
                ", Upgrade",
                "",
                "Connection is \"keep-alive\", without Upgrade",
            ),
            (
                RequestPart::Key,
                "ZQ==",
                "",
                "Sec-WebSocket-Key has 15 bytes instead of 16",
            ),
            (
                RequestPart::Key,
                "dGhl",
                "!Ghl",
                "Sec-WebSocket-Key is \"!GhlIHNhbXBsZSBub25jZQ==\", which is not base64",
            ),
            (
                RequestPart::Version,
                end,
                "\r\nSec-WebSocket-Version: 8\r\n\r\n",
                "there are 2 Sec-WebSocket-Version headers",
            ),
            (
                RequestPart::Origin,
                end,
                "\r\nOrigin: http://a/b\r\n\r\n",
                "Origin is \"http://a/b\", which is no origin",
            ),
            (
                RequestPart::Subprotocols,
                end,
                "\r\nSec-WebSocket-Protocol: a, a\r\n\r\n",
                "Sec-WebSocket-Protocol has a subprotocol twice",
            ),
            (
                RequestPart::Extensions,
                end,
                "\r\nSec-WebSocket-Extensions: a;;b\r\n\r\n",
                "Sec-WebSocket-Extensions has \"a;;b\", which is malformed",
            ),
            (
                RequestPart::Lines,
                "Upgrade:",
                "Upgrade :",
                "the line \"Upgrade : websocket\" has no valid name",
            ),
            (
                RequestPart::Lines,
                "\r\nUpgrade",
                "\nUpgrade",
                "a line does not end with CR and LF",
            ),
            (
                RequestPart::Lines,
                "Upgrade: ",
                "Upgrade:\r\n ",
                "the line \" websocket\" is folded",
            ),
            (
                RequestPart::Body,
                end,
                "\r\nTransfer-Encoding: chunked\r\n\r\n",
                "the request has a body: there is a Transfer-Encoding header",
            ),
        ] {
            assert_eq!(wrong(part, from, to).as_deref(), Some(expected));
        }
    }
}
