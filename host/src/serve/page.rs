//! The chat as a web page, and its icon: files in the program, and which requests get them (RFC
//! 9110).

use std::sync::LazyLock;

use ws_echo_core::Request;

use crate::serve::response::Answer;

/// What a browser may do for the page: only apply its style and run its script, of which these are
/// the hashes, show its icon, and connect to WebSockets.
const SECURITY_POLICY: &str = "default-src 'none'; \
    script-src 'sha256-+FJrl2CwAt1kQJ9q2YKZqQHSnrI7UL6mcJsU1jioEcc='; \
    style-src 'sha256-GAlWmZbyrPe4IXDFcL7kxQnrAxL5En1Qhta2yTBQbNw='; \
    connect-src ws: wss:; img-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where browsers look for an icon, whatever paths are served.
const ICON_PATH: &str = "/favicon.ico";

/// The headers that only a request for a WebSocket has. If it is refused, it must be told why, so
/// it does not get the page.
const WEBSOCKET_HEADERS: [&str; 3] = ["upgrade", "sec-websocket-key", "sec-websocket-version"];

const HEADERS: &[(&str, &str)] = &[
    ("Cache-Control", "no-cache"),
    ("Content-Security-Policy", SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
];

/// The page is sent as one file, with its style and its script inside.
static PAGE: LazyLock<Answer> = LazyLock::new(|| {
    let page = include_str!("page/chat.html")
        .replace("{chat.css}", include_str!("page/chat.css"))
        .replace("{list.js}", include_str!("page/list.js"))
        .replace("{chat.js}", include_str!("page/chat.js"));
    Answer::file(HEADERS, "text/html; charset=utf-8", page.leak())
});
static ICON: Answer = Answer::file(HEADERS, "image/svg+xml", include_str!("page/icon.svg"));

/// The response to a request for the page or its icon, if it is one; `is_served` says whether its
/// path serves WebSockets.
pub(crate) fn answer(request: &Request<'_>, is_served: bool) -> Option<&'static Answer> {
    let has = |name: &&str| request.headers(name).next().is_some();
    if WEBSOCKET_HEADERS.iter().any(has) || !matches!(request.method(), "GET" | "HEAD") {
        return None;
    }
    match request.path() {
        ICON_PATH => Some(&ICON),
        _ if is_served => Some(&PAGE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's request takes at most half of its buffer, and the shortest buffer has 4 KiB.
    const ROOM_FOR_RESPONSE: usize = 2 << 10;

    #[test]
    fn the_heads_of_all_answers_can_be_sent_at_once() {
        use crate::serve::response::{
            FORBIDDEN_ORIGIN, SHORT_OF_MEMORY, TOO_MANY_CONNECTIONS, TOO_MANY_FROM_ADDRESS,
        };
        for answer in [
            &PAGE,
            &ICON,
            &FORBIDDEN_ORIGIN,
            &SHORT_OF_MEMORY,
            &TOO_MANY_CONNECTIONS,
            &TOO_MANY_FROM_ADDRESS,
        ] {
            let mut len = 0;
            assert_eq!(answer.head().write(|part| len += part.len()), Ok(()));
            assert!(len <= ROOM_FOR_RESPONSE, "{len} bytes");
        }
    }
}
