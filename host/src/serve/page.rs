//! The chat as a web page, with a panel on the test path, and its icon: files in the program,
//! and which requests get them (RFC 9110).

mod form;
mod words;

use std::sync::LazyLock;

use crate::serve::behaviour::parse::table::GROUPS;
use crate::serve::response::Answer;

/// What a browser may do for a page: only apply its style and run its script, of which these are
/// the hashes, show its icon, and connect.
macro_rules! policy {
    (script $script:literal, style $style:literal, connect $connect:literal) => {
        concat!(
            "default-src 'none'; script-src 'sha256-",
            $script,
            "'; style-src 'sha256-",
            $style,
            "'; connect-src ",
            $connect,
            "; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    };
}

/// The chat connects to WebSockets.
const CHAT_HEADERS: &[Header] = &headers(policy!(
    script "lt99O5xQ9U3omQG0h371mMpRPfn4Q905vhJuXAYMNuk=",
    style "GAlWmZbyrPe4IXDFcL7kxQnrAxL5En1Qhta2yTBQbNw=",
    connect "ws: wss:"
));

/// The test page also asks its own server what is wrong with an address.
const TEST_HEADERS: &[Header] = &headers(policy!(
    script "iJpyRTwUsTfNo95fi1fEX2hqrL66RMCiqB5m1ZnRO6U=",
    style "sacxiU+CrHoc/KANpKbiy41yRxSuK0Q/blMSKu4AAM8=",
    connect "'self' ws: wss:"
));

type Header = (&'static str, &'static str);

const fn headers(security_policy: &'static str) -> [Header; 4] {
    [
        ("Cache-Control", "no-cache"),
        ("Content-Security-Policy", security_policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ]
}

/// Where browsers look for an icon, whatever paths are served.
const ICON_PATH: &str = "/favicon.ico";

/// A file that a browser gets.
#[derive(Debug)]
pub(crate) struct File {
    /// What it is, for the log.
    pub(crate) name: &'static str,
    pub(crate) answer: Answer,
}

static CHAT: LazyLock<File> = LazyLock::new(|| File {
    name: "page",
    answer: html(
        CHAT_HEADERS,
        [
            ("{panel.css}", ""),
            ("{panel.html}", ""),
            ("{panel.js}", ""),
            ("{focus}", "autofocus"),
        ],
    ),
});
static TEST: LazyLock<File> = LazyLock::new(|| {
    let panel = include_str!("page/panel.html").replace("{groups}", &form::of(&GROUPS));
    File {
        name: "test page",
        answer: html(
            TEST_HEADERS,
            [
                ("{panel.css}", include_str!("page/panel.css")),
                ("{panel.html}", &panel),
                ("{panel.js}", include_str!("page/panel.js")),
                // The panel is above the message: the focus would scroll it out of sight.
                ("{focus}", ""),
            ],
        ),
    }
});
static ICON: File = File {
    name: "icon",
    answer: Answer::file(CHAT_HEADERS, "image/svg+xml", include_str!("page/icon.svg")),
};

/// A page is sent as one file, with its style and its scripts inside. `slots` are what it has
/// beside those of the chat. It is made once.
fn html(headers: &'static [Header], slots: [(&str, &str); 4]) -> Answer {
    let mut page = include_str!("page/chat.html")
        .replace("{chat.css}", include_str!("page/chat.css"))
        .replace("{list.js}", include_str!("page/list.js"))
        .replace("{chat.js}", include_str!("page/chat.js"));
    for (slot, content) in slots {
        page = page.replace(slot, content);
    }
    Answer::file(headers, "text/html; charset=utf-8", page.leak())
}

/// The file at a path, if there is one; `is_served` says whether the path serves WebSockets.
pub(crate) fn file(path: &str, is_served: bool) -> Option<&'static File> {
    match path {
        ICON_PATH => Some(&ICON),
        _ if is_served => Some(&CHAT),
        _ => None,
    }
}

/// The file at the test path.
pub(crate) fn test_file() -> &'static File {
    &TEST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's request takes at most half of its buffer, and the shortest buffer has 4 KiB.
    const ROOM_FOR_RESPONSE: usize = 2 << 10;

    #[test]
    fn the_heads_of_all_answers_can_be_sent_at_once() {
        use crate::serve::response::{
            FORBIDDEN_ORIGIN, METHOD_NOT_ALLOWED, METHODS, SHORT_OF_MEMORY, TOO_MANY_CONNECTIONS,
            TOO_MANY_FROM_ADDRESS,
        };
        for answer in [
            &CHAT.answer,
            &TEST.answer,
            &ICON.answer,
            &FORBIDDEN_ORIGIN,
            &METHOD_NOT_ALLOWED,
            &METHODS,
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
