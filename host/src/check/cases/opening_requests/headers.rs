//! Headers that are not those of the handshake: their names, order and values (RFC 9110 section 5).

use super::allowed::{
    NO_HTTP, not_opened, opened, opened_or_refused, rather_opened, rather_refused, tolerated,
};
use crate::check::case::{Case, Rule};
use crate::check::request::{Letters, Request, request};
use crate::check::request_play::{Response, ask};
use crate::check::session::Grade;

const NAMES: Rule = Rule::of(
    9110,
    "5.1",
    "Field names are case-insensitive and ought to be registered within the \"Hypertext Transfer \
     Protocol (HTTP) Field Name Registry\"; see Section 16.3.1.",
);
const ORDER: Rule = Rule::of(
    9110,
    "5.3",
    "The order in which field lines with differing field names are received in a section is not \
     significant.",
);
const UNKNOWN: Rule = Rule::new(
    "4.2.1",
    "Unknown header fields are ignored, as per [RFC2616].",
);
const OPAQUE: Rule = Rule::of(
    9110,
    "5.5",
    "A recipient SHOULD treat other allowed octets in field content (i.e., obs-text) as opaque \
     data.",
);
const NUL: Rule = Rule::of(
    9110,
    "5.5",
    "Field values containing CR, LF, or NUL characters are invalid and dangerous, due to the \
     varying ways that implementations might parse and interpret those characters; a recipient of \
     CR, LF, or NUL within a field value MUST either reject the message or replace each of those \
     characters with SP before further processing or forwarding of that message.",
);
const CONTROLS: Rule = Rule::of(
    9110,
    "5.5",
    "Field values containing other CTL characters are also invalid; however, recipients MAY retain \
     such characters for the sake of robustness when they appear within a safe context (e.g., an \
     application-specific quoted string that will not be processed by any downstream HTTP parser).",
);
const EXPECT: Rule = Rule::of(
    9110,
    "10.1.1",
    "A server MAY omit sending a 100 (Continue) response if it has already received some or all of \
     the content for the corresponding request, or if the framing indicates that there is no \
     content.",
);
const ORIGIN: Rule = Rule::new(
    "4.2.2",
    "If the server does not wish to accept this connection, it MUST return an appropriate HTTP \
     error code (e.g., 403 Forbidden) and abort the WebSocket handshake described in this section.",
);

pub(super) fn cases() -> Vec<Case> {
    [names(), values(), wrong_names(), wrong_values(), origins()].concat()
}

fn names() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, words, letters) in [
        ("small-letters", "small letters", Letters::Lower),
        ("capitals", "capitals", Letters::Upper),
        ("mixed-letters", "any mixture of letters", Letters::Mixed),
    ] {
        cases.push(
            Case::must(
                format!("rfc9110-5.1-names-in-{name}"),
                format!("The names of headers may be in {words}"),
                &NAMES,
            )
            .asks(opened(request().names_in(letters))),
        );
    }
    cases.push(
        Case::must(
            "rfc9110-5.3-headers-in-the-opposite-order",
            "The headers may be in any order",
            &ORDER,
        )
        .asks(opened(request().reversed())),
    );
    cases
}

/// A request with the headers that a browser sends besides.
fn of_a_browser() -> Request {
    request()
        .line("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
        .line("Accept: */*")
        .line("Accept-Language: en-US,en;q=0.5")
        .line("Accept-Encoding: gzip, deflate, br, zstd")
        .line("Pragma: no-cache")
        .line("Cache-Control: no-cache")
        .line("Cookie: a=b; c=\"d\"")
        .line("Sec-Fetch-Mode: websocket")
}

fn values() -> Vec<Case> {
    vec![
        Case::must(
            "4.2.1-headers-of-a-browser",
            "Headers that have nothing to do with WebSockets are ignored",
            &UNKNOWN,
        )
        .asks(opened(of_a_browser())),
        Case::must(
            "4.2.1-header-without-value",
            "A header that is not known may be empty",
            &UNKNOWN,
        )
        .asks(opened(request().line("X-Empty:"))),
        Case::robust(
            "4.2.1-header-with-a-strange-name",
            "The name of a header may have every character of a token",
            &UNKNOWN,
        )
        .asks(opened(request().line("!#$%&'*+-.^_`|~: a"))),
        Case::robust(
            "4.2.1-header-twice",
            "A header that is not known may be there twice",
            &UNKNOWN,
        )
        .asks(opened(request().line("X-Twice: a").line("X-Twice: b"))),
        Case::should(
            "rfc9110-5.5-bytes-beyond-ascii",
            "The value of a header that is not known may have bytes beyond ASCII",
            &OPAQUE,
        )
        .asks(rather_opened(request().line("X-Name: \u{e9}\u{ff}\u{80}"))),
        Case::robust(
            "rfc9110-10.1.1-expectation",
            "A request with \"Expect: 100-continue\" and no body is accepted",
            &EXPECT,
        )
        .asks(
            ask(request().line("Expect: 100-continue"))
                .opens()
                .or(Grade::NotStrict, Response::Refuses(&[417]))
                .or(Grade::NotStrict, Response::Refuses(&[])),
        ),
    ]
}

fn wrong_names() -> Vec<Case> {
    let refused = |name: &str, claim: &str, line: &'static str| {
        Case::should(
            format!("rfc9112-2.2-{name}"),
            format!("A request with {claim} is refused"),
            &NO_HTTP,
        )
        .asks(rather_refused(request().line(line)))
    };
    vec![
        refused("line-without-colon", "a line that has no colon", "no colon"),
        refused("header-without-name", "a header without a name", ": a"),
        refused(
            "space-in-a-name",
            "a space in the name of a header",
            "X Name: a",
        ),
        refused(
            "brackets-in-a-name",
            "brackets in the name of a header",
            "X(Name): a",
        ),
        refused(
            "slash-in-a-name",
            "a slash in the name of a header",
            "X/Name: a",
        ),
        refused(
            "byte-beyond-ascii-in-a-name",
            "a byte beyond ASCII in the name of a header",
            "X-N\u{e9}me: a",
        ),
        refused("nul-in-a-name", "NUL in the name of a header", "X-N\0me: a"),
        refused(
            "control-character-in-a-name",
            "a control character in the name of a header",
            "X-N\u{1}me: a",
        ),
    ]
}

fn wrong_values() -> Vec<Case> {
    let mut cases = vec![
        Case::must(
            "rfc9110-5.5-nul-in-a-value",
            "A request with NUL in a value is refused, or NUL becomes a space",
            &NUL,
        )
        .asks(
            opened_or_refused(request().line("X-Nul: a\0b")).or(Grade::NotStrict, Response::Drops),
        ),
        Case::must(
            "rfc9110-5.5-nul-behind-websocket",
            "A value does not end at NUL: \"websocket\" with NUL and a letter behind it does not \
             open a connection",
            &NUL,
        )
        .asks(not_opened(request().with("Upgrade", "websocket\0s"))),
    ];
    for (name, words, line) in [
        (
            "control-character",
            "control character 1",
            "X-Control: a\u{1}b",
        ),
        ("escape", "control character ESC", "X-Control: a\u{1b}[31mb"),
        ("vertical-tab", "vertical tab", "X-Control: a\u{b}b"),
        ("delete", "control character DEL", "X-Control: a\u{7f}b"),
    ] {
        cases.push(
            Case::robust(
                format!("rfc9110-5.5-{name}-in-a-value"),
                format!("A request with the {words} in a value is refused"),
                &CONTROLS,
            )
            .asks(tolerated(request().line(line))),
        );
    }
    cases
}

fn origins() -> Vec<Case> {
    let mut cases = vec![
        Case::must(
            "4.2.2-no-origin",
            "A request without Origin is accepted, or refused with an error",
            &ORIGIN,
        )
        .asks(opened_or_refused(request().without("Origin"))),
        Case::must(
            "4.2.2-origin-of-the-server",
            "The Origin of a page of the server is accepted, or refused with an error",
            &ORIGIN,
        )
        .asks(opened_or_refused(
            request().with("Origin", "{scheme}://{authority}"),
        )),
    ];
    for (name, origin) in [
        ("of-another-host", "https://other.invalid"),
        ("with-a-port", "http://other.invalid:8443"),
        ("null", "null"),
        ("of-an-extension", "chrome-extension://abcdefghijklmnop"),
        ("that-is-malformed", "://"),
        ("that-is-empty", ""),
    ] {
        cases.push(
            Case::must(
                format!("4.2.2-origin-{name}"),
                format!("\"Origin: {origin}\" is accepted, or refused with an error"),
                &ORIGIN,
            )
            .asks(opened_or_refused(request().with("Origin", origin))),
        );
    }
    cases
}
