//! The request of a client's opening handshake, as a server reads it (RFC 6455 section 4.2.1). Its
//! lines are known to be well-formed.

use core::str::from_utf8;

use crate::connection::deflate::Window;
use crate::handshake::deflate_answer::DeflateAnswer;
use crate::handshake::extensions;
use crate::handshake::head;
use crate::handshake::headers::Headers;
use crate::handshake::http;
use crate::handshake::refusal::Refusal;

/// The request of a client's opening handshake. Before it is [complete](crate::Progress::Request)
/// it has an empty method, target and version, the path `/` and no headers.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    head: &'a [u8],
    /// `false` before the request is complete.
    is_for_websocket: bool,
}

impl<'a> Request<'a> {
    pub(crate) fn new(head: &'a [u8], headers: &Headers) -> Self {
        Self {
            head,
            is_for_websocket: headers.are_for_websocket(),
        }
    }

    /// The method, in ASCII: `GET`.
    pub fn method(&self) -> &'a str {
        let (method, _) = self.request_line();
        from_utf8(method).unwrap_or_default()
    }

    /// The target as in the request line, in ASCII.
    pub fn target(&self) -> &'a str {
        let (_, target) = self.request_line();
        from_utf8(target).unwrap_or_default()
    }

    /// The path of the target, without its query: at least `/`.
    pub fn path(&self) -> &'a str {
        let (path, _) = self.resource();
        match from_utf8(path) {
            Err(_) | Ok("") => "/",
            Ok(path) => path,
        }
    }

    /// The query of the target: what follows its first `?`, as it was sent. Percent-encoding is not
    /// decoded. It is empty if nothing follows, and `None` if the target has no `?`.
    ///
    /// No fragment follows it: a target with a `#` is [refused](Refusal::MalformedTarget) when the
    /// request is accepted.
    pub fn query(&self) -> Option<&'a str> {
        let (_, query) = self.resource();
        query.and_then(|query| from_utf8(query).ok())
    }

    /// The version of HTTP: `HTTP/1.1`, or `HTTP/1.0` if the handshake [reads such
    /// requests](crate::ServerHandshake::with_http_1_0).
    pub fn version(&self) -> &'a str {
        let mut head = self.head;
        let mut line = http::take_until(&mut head, b'\r');
        http::take_until(&mut line, b' ');
        http::take_until(&mut line, b' ');
        from_utf8(line).unwrap_or_default()
    }

    /// Whether the request has a header that only a request for a WebSocket has: Upgrade with
    /// "websocket", Sec-WebSocket-Version or Sec-WebSocket-Key. Such a client should be told which
    /// header it lacks, and not be sent a page. An upgrade to another protocol is not such a sign.
    pub fn is_for_websocket(&self) -> bool {
        self.is_for_websocket
    }

    /// The values of the headers with this name, in their order. The case of the name does not
    /// matter.
    pub fn headers<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        head::values(self.head, name)
    }

    /// All headers in their order, repeated ones too: their names as the client has written them,
    /// and their values without the white space around them. A value may be no UTF-8.
    pub fn all_headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        // A name is a token, and so it is ASCII.
        head::headers(self.head).map(|(name, value)| (from_utf8(name).unwrap_or_default(), value))
    }

    /// The extensions that the client offers with their parameters, in its order of preference, as
    /// it has written them: the elements of the lists in Sec-WebSocket-Extensions. They may be
    /// malformed; empty elements are left out.
    pub fn extensions(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.headers(extensions::NAME)
            .flat_map(|list| extensions::split(list, b','))
            .filter(|element| !element.is_empty())
    }

    /// The subprotocols that the client offers, in its order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.headers("sec-websocket-protocol")
            .flat_map(|list| list.split(|&byte| byte == b','))
            .filter_map(|element| from_utf8(element.trim_ascii()).ok())
            .filter(|element| http::is_token(element.as_bytes()))
    }

    /// The answer to the client's offer of compression (permessage-deflate, RFC 7692), for
    /// [`Acceptance::deflate`](crate::Acceptance::deflate): to the first offer that can be
    /// accepted. `None` if there is none; then the client is served without compression.
    ///
    /// An echo sends back what the client has compressed, so both ends get the same window: the
    /// smallest one of `limit` and what the client names. It is kept only if `limit` is kept and
    /// the client lets both ends keep theirs. The answer names what the client must be told of
    /// that.
    ///
    /// A `limit` of 8 bits counts as 9, because most clients have no smaller window; a client that
    /// names 8 itself gets 8.
    // In line, it takes 130 bytes more flash.
    #[inline(never)]
    pub fn deflate(&self, limit: Window) -> Option<DeflateAnswer> {
        for list in self.headers(extensions::NAME) {
            for extension in extensions::split(list, b',') {
                if let Some(answer) = DeflateAnswer::to(extension, limit) {
                    return Some(answer);
                }
            }
        }
        None
    }

    /// Checks what the request line asks for, and that there is no body.
    pub(crate) fn check(&self, headers: &Headers) -> Result<(), Refusal> {
        let (method, target) = self.request_line();
        let checked = if http::is_path_or_uri(target) {
            headers.check_body()
        } else {
            Err(Refusal::MalformedTarget)
        };
        // > The method of the request MUST be GET, and the HTTP version MUST be at least 1.1.
        // > (section 4.1)
        match method {
            b"GET" => checked,
            // It differs from GET only in its answer.
            b"HEAD" => checked.and(Err(Refusal::MethodNotAllowed)),
            _ => Err(Refusal::MethodNotAllowed),
        }
    }

    /// Whether the request is HTTP/1.0, if its first line is complete.
    pub(crate) fn is_http_1_0(&self) -> bool {
        let mut head = self.head;
        http::take_until(&mut head, b'\r').ends_with(b" HTTP/1.0")
    }

    /// The path, which may be empty, and the query of the target, which may be in absolute form
    /// (RFC 9112 section 3.2).
    fn resource(&self) -> (&'a [u8], Option<&'a [u8]>) {
        let (_, target) = self.request_line();
        let resource = match target {
            [b'/', ..] => target,
            _ => after_authority(target),
        };
        let mut parts = resource.splitn(2, |&byte| byte == b'?');
        (parts.next().unwrap_or_default(), parts.next())
    }

    /// The method and the target.
    fn request_line(&self) -> (&'a [u8], &'a [u8]) {
        let mut head = self.head;
        let method = http::take_until(&mut head, b' ');
        let target = http::take_until(&mut head, b' ');
        (method, target)
    }
}

/// Checks a request line, without its line end.
pub(crate) fn check_request_line(mut line: &[u8]) -> Result<(), Refusal> {
    let method = http::take_until(&mut line, b' ');
    let target = http::take_until(&mut line, b' ');
    if !http::is_token(method) || !http::is_visible(target) {
        return Err(Refusal::MalformedRequestLine);
    }
    match line.strip_prefix(b"HTTP/") {
        Some(b"1.1") => Ok(()),
        Some([b'0'..=b'9', b'.', b'0'..=b'9']) => Err(Refusal::UnsupportedHttpVersion),
        _ => Err(Refusal::MalformedRequestLine),
    }
}

/// The path and the query of a target in absolute form.
fn after_authority(target: &[u8]) -> &[u8] {
    let mut rest = target;
    http::take_until(&mut rest, b':');
    let rest = rest.strip_prefix(b"//").unwrap_or_default();
    let end = rest.iter().position(|byte| b"/?".contains(byte));
    end.and_then(|end| rest.get(end..)).unwrap_or_default()
}
