//! The chat as a web page, and its icon: files in the program, and which requests get them (RFC
//! 9110).

use std::sync::LazyLock;

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

const HEADERS: &[(&str, &str)] = &[
    ("Cache-Control", "no-cache"),
    ("Content-Security-Policy", SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
];

/// A file that a browser gets.
#[derive(Debug)]
pub(crate) struct File {
    /// What it is, for the log.
    pub(crate) name: &'static str,
    pub(crate) answer: Answer,
}

/// The page is sent as one file, with its style and its scripts inside.
static PAGE: LazyLock<File> = LazyLock::new(|| {
    let page = include_str!("page/chat.html")
        .replace("{chat.css}", include_str!("page/chat.css"))
        .replace("{list.js}", include_str!("page/list.js"))
        .replace("{chat.js}", include_str!("page/chat.js"));
    File {
        name: "page",
        answer: Answer::file(HEADERS, "text/html; charset=utf-8", page.leak()),
    }
});
static ICON: File = File {
    name: "icon",
    answer: Answer::file(HEADERS, "image/svg+xml", include_str!("page/icon.svg")),
};

/// The file at a path, if there is one; `is_served` says whether the path serves WebSockets.
pub(crate) fn file(path: &str, is_served: bool) -> Option<&'static File> {
    match path {
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
            FORBIDDEN_ORIGIN, METHOD_NOT_ALLOWED, SHORT_OF_MEMORY, TOO_MANY_CONNECTIONS,
            TOO_MANY_FROM_ADDRESS,
        };
        for answer in [
            &PAGE.answer,
            &ICON.answer,
            &FORBIDDEN_ORIGIN,
            &METHOD_NOT_ALLOWED,
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
