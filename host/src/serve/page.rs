//! The chat as a web page, and its icon: files in the program, each with the one response that serves it.
//! Which request gets one of them is said here; what it gets otherwise is the handshake's (RFC 9110).

use std::sync::LazyLock;

use ws_echo_core::Request;

use crate::serve::response::Response;

/// What a browser may do for the page: nothing but run its style and its script, of which these are the
/// hashes, show its icon, and talk to where it came from.
const SECURITY_POLICY: &str = "default-src 'none'; \
    script-src 'sha256-5Az0Acbz5K7avJI0vITEvmeUA/6z7LlfL4+PEfSpfEg='; \
    style-src 'sha256-L+e+Ifc9haqy2lLPDbjjRNpgN8GeTcSwSOPNA9Kb+tU='; \
    connect-src 'self'; img-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where browsers look for an icon, whatever paths are served.
const ICON_PATH: &str = "/favicon.ico";

/// What only a request for a WebSocket has. When it does not get one, it is told why.
const WEBSOCKET_HEADERS: [&str; 3] = ["upgrade", "sec-websocket-key", "sec-websocket-version"];

static PAGE: LazyLock<Response> =
    LazyLock::new(|| file("text/html; charset=utf-8", include_str!("page/chat.html")));
static ICON: LazyLock<Response> =
    LazyLock::new(|| file("image/svg+xml", include_str!("page/icon.svg")));

fn file(content_type: &str, content: &str) -> Response {
    let headers = format!(
        "Cache-Control: no-cache\r\n\
         Content-Security-Policy: {SECURITY_POLICY}\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\n"
    );
    Response::new("200 OK", &headers, content_type, content)
}

/// The response to a request for the page or its icon, if it is one; `is_served` says whether its path
/// serves WebSockets.
pub(crate) fn response(request: &Request<'_>, is_served: bool) -> Option<&'static [u8]> {
    let has = |name: &&str| request.headers(name).next().is_some();
    if WEBSOCKET_HEADERS.iter().any(has) {
        return None;
    }
    let response = match request.path() {
        ICON_PATH => &*ICON,
        _ if is_served => &*PAGE,
        _ => return None,
    };
    match request.method() {
        "GET" => Some(&response.bytes),
        // > The HEAD method is identical to GET except that the server MUST NOT send content in the
        // > response. (RFC 9110 section 9.3.2)
        "HEAD" => response.bytes.get(..response.head_len),
        _ => None,
    }
}
