//! What a client asks for in its opening handshake (RFC 6455 section 4.2.1), read from a head whose
//! lines were found well-formed.

use core::str::from_utf8;

use crate::base64;
use crate::http;
use crate::refusal::Refusal;

/// A client's opening handshake.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    head: &'a [u8],
}

impl<'a> Request<'a> {
    pub(crate) fn new(head: &'a [u8]) -> Self {
        Self { head }
    }

    /// The method, in ASCII.
    pub fn method(&self) -> &'a str {
        let (method, _, _) = self.request_line();
        from_utf8(method).unwrap_or_default()
    }

    /// The target as it stands in the request line, in ASCII.
    pub fn target(&self) -> &'a str {
        let (_, target, _) = self.request_line();
        from_utf8(target).unwrap_or_default()
    }

    /// The target's path, without its query: `/` at least.
    pub fn path(&self) -> &'a str {
        let (_, target, _) = self.request_line();
        let path = match target {
            [b'/', ..] => target,
            _ => behind_authority(target),
        };
        let path = path.split(|&byte| byte == b'?').next();
        match path.and_then(|path| from_utf8(path).ok()) {
            None | Some("") => "/",
            Some(path) => path,
        }
    }

    /// The values of the headers with this name, in whatever case, in their order.
    pub fn headers<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        http::lines(self.head)
            .skip(1)
            .filter_map(http::split_header)
            .filter(move |(header, _)| header.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The subprotocols that the client offers, in its order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.elements("sec-websocket-protocol")
            .filter_map(|element| from_utf8(element).ok())
    }

    /// Checks what every request must have, whatever it asks for.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        // > A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
        // > message that lacks a Host header field and to any [...] that contains more than one
        // > [...] or a Host header field with an invalid field value. (RFC 9112 section 3.2)
        let host = self.single("host", Refusal::MissingHost, Refusal::RepeatedHost)?;
        if !http::is_host(host) {
            return Err(Refusal::MalformedHost);
        }
        Ok(())
    }

    /// The key, if the request asks for a WebSocket connection.
    pub(crate) fn key(&self) -> Result<&'a [u8], Refusal> {
        // > The method of the request MUST be GET, and the HTTP version MUST be at least 1.1.
        // > (section 4.1)
        let (method, target, _) = self.request_line();
        if method != b"GET" {
            return Err(Refusal::MethodNotAllowed);
        }
        if !is_path_or_uri(target) {
            return Err(Refusal::MalformedTarget);
        }
        let announces_body = self.headers("transfer-encoding").next().is_some()
            || self
                .headers("content-length")
                .any(|len| len.is_empty() || len.iter().any(|&digit| digit != b'0'));
        if announces_body {
            return Err(Refusal::Body);
        }
        // > An |Upgrade| header field containing the value "websocket", [...] A |Connection|
        // > header field that includes the token "Upgrade", [...] (section 4.2.1)
        if !self.lists("upgrade", "websocket") || !self.lists("connection", "upgrade") {
            return Err(Refusal::UpgradeRequired);
        }
        // > If this version does not match a version understood by the server, the server MUST
        // > abort [...] and instead send an appropriate HTTP error code [...] (section 4.2.2)
        let version = "sec-websocket-version";
        let unsupported = Refusal::UnsupportedVersion;
        if self.single(version, unsupported, Refusal::RepeatedVersion)? != b"13" {
            return Err(unsupported);
        }
        // > A |Sec-WebSocket-Key| header field with a base64-encoded [...] value that, when
        // > decoded, is 16 bytes in length. (section 4.2.1)
        let key = self.single(
            "sec-websocket-key",
            Refusal::MissingKey,
            Refusal::RepeatedKey,
        )?;
        if !base64::is_16_bytes(key) {
            return Err(Refusal::MalformedKey);
        }
        Ok(key)
    }

    fn request_line(&self) -> (&'a [u8], &'a [u8], &'a [u8]) {
        let line = http::lines(self.head).next().unwrap_or_default();
        http::split_request_line(line).unwrap_or_default()
    }

    fn single(&self, name: &str, missing: Refusal, repeated: Refusal) -> Result<&'a [u8], Refusal> {
        let mut values = self.headers(name);
        let value = values.next().ok_or(missing)?;
        match values.next() {
            None => Ok(value),
            Some(_) => Err(repeated),
        }
    }

    fn lists(&self, name: &'static str, wanted: &str) -> bool {
        self.elements(name)
            .any(|element| element.eq_ignore_ascii_case(wanted.as_bytes()))
    }

    /// The elements of a list that may be spread over several headers.
    fn elements(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.headers(name).flat_map(http::elements)
    }
}

/// The path and the query of a target in absolute form.
fn behind_authority(target: &[u8]) -> &[u8] {
    let mut parts = target.splitn(2, |&byte| byte == b':');
    let authority = parts.nth(1).and_then(|rest| rest.strip_prefix(b"//"));
    let authority = authority.unwrap_or_default();
    let end = authority.iter().position(|byte| b"/?".contains(byte));
    end.and_then(|end| authority.get(end..)).unwrap_or_default()
}

/// Whether a target is in origin form or in absolute form (RFC 9112 section 3.2).
fn is_path_or_uri(target: &[u8]) -> bool {
    match target {
        // > Fragment identifiers [...] MUST NOT be used on these URIs. (section 3)
        _ if target.contains(&b'#') => false,
        [b'/', ..] => true,
        _ => ["http", "https", "ws", "wss"].iter().any(|scheme| {
            target
                .split_at_checked(scheme.len())
                .is_some_and(|(start, rest)| {
                    start.eq_ignore_ascii_case(scheme.as_bytes())
                        && matches!(rest, [b':', b'/', b'/', host, ..] if !b"/?".contains(host))
                })
        }),
    }
}
