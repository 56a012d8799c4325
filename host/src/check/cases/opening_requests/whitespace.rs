//! Blanks around names and values, ends of lines, and folded lines (RFC 9112 sections 2.2 and 5).

use super::allowed::{not_opened, opened, opened_or_refused, rather_opened, refused_with_400};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::{BLANKS_AROUND, LINE_FEED};
use crate::check::request::{Request, request};
use crate::check::request_play::{RequestPlay, Response, ask};
use crate::check::session::Grade;

const EXCLUDED: Rule = Rule::of(
    9112,
    "5.1",
    "The field line value does not include that leading or trailing whitespace: OWS occurring \
     before the first non-whitespace octet of the field line value, or after the last \
     non-whitespace octet of the field line value, is excluded by parsers when extracting the \
     field line value from a field line.",
);
const BEFORE_COLON: Rule = Rule::of(
    9112,
    "5.1",
    "A server MUST reject, with a response status code of 400 (Bad Request), any received request \
     message that contains whitespace between a header field name and colon.",
);
const FOLDED: Rule = Rule::of(
    9112,
    "5.2",
    "A server that receives an obs-fold in a request message that is not within a \"message/http\" \
     container MUST either reject the message by sending a 400 (Bad Request), preferably with a \
     representation explaining that obsolete line folding is unacceptable, or replace each \
     received obs-fold with one or more SP octets prior to interpreting the field value or \
     forwarding the message downstream.",
);
const BEFORE_HEADERS: Rule = Rule::of(
    9112,
    "2.2",
    "A recipient that receives whitespace between the start-line and the first header field MUST \
     either reject the message as invalid or consume each whitespace-preceded line without further \
     processing of it (i.e., ignore the entire line, along with any subsequent lines preceded by \
     whitespace, until a properly formed header field is received or the header section is \
     terminated).",
);
const BARE_CR: Rule = Rule::of(
    9112,
    "2.2",
    "A recipient of such a bare CR MUST consider that element to be invalid or replace each bare \
     CR with SP before processing the element or forwarding the message.",
);
const EMPTY_LINES: Rule = Rule::of(
    9112,
    "2.2",
    "In the interest of robustness, a server that is expecting to receive and parse a request-line \
     SHOULD ignore at least one empty line (CRLF) received prior to the request-line.",
);

pub(super) fn cases() -> Vec<Case> {
    [
        around(),
        excluded(),
        before_colon(),
        folded(),
        carriage_returns(),
        line_feeds(),
        empty_lines(),
    ]
    .concat()
}

fn around() -> Vec<Case> {
    let accepted = |name: &str, claim: &'static str, request: Request| {
        Case::must(format!("rfc9112-5.1-{name}"), claim, &BLANKS_AROUND).asks(opened(request))
    };
    vec![
        accepted(
            "no-blank-before-values",
            "No blank is needed between the colon and a value",
            request()
                .replaced("Host", "Host:{authority}")
                .replaced("Upgrade", "Upgrade:websocket")
                .replaced("Connection", "Connection:Upgrade")
                .replaced("Sec-WebSocket-Key", "Sec-WebSocket-Key:{key}")
                .replaced("Sec-WebSocket-Version", "Sec-WebSocket-Version:13"),
        ),
        accepted(
            "blanks-before-values",
            "Several spaces between the colon and a value are as good as one",
            request()
                .with("Host", "   {authority}")
                .with("Upgrade", "  websocket")
                .with("Connection", "   Upgrade")
                .with("Sec-WebSocket-Key", "  {key}")
                .with("Sec-WebSocket-Version", "   13"),
        ),
    ]
}

fn excluded() -> Vec<Case> {
    vec![
        Case::should(
            "rfc9112-5.1-blanks-behind-values",
            "Spaces behind values do not matter",
            &EXCLUDED,
        )
        .asks(rather_opened(
            request()
                .with("Host", "{authority}  ")
                .with("Upgrade", "websocket ")
                .with("Connection", "Upgrade  ")
                .with("Sec-WebSocket-Key", "{key} ")
                .with("Sec-WebSocket-Version", "13  "),
        )),
        Case::should(
            "rfc9112-5.1-tabs-around-values",
            "Tabs around values do not matter",
            &EXCLUDED,
        )
        .asks(rather_opened(
            request()
                .with("Host", "\t{authority}\t")
                .with("Upgrade", "\twebsocket \t")
                .with("Connection", "\tUpgrade\t")
                .with("Sec-WebSocket-Key", " \t{key}\t")
                .with("Sec-WebSocket-Version", "\t13\t"),
        )),
    ]
}

fn before_colon() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, header, line) in [
        ("host", "Host", "Host : {authority}"),
        ("upgrade", "Upgrade", "Upgrade : websocket"),
        ("key", "Sec-WebSocket-Key", "Sec-WebSocket-Key : {key}"),
        ("an-unknown-header", "X-Header", "X-Header : a"),
    ] {
        cases.push(
            Case::must(
                format!("rfc9112-5.1-space-before-the-colon-of-{name}"),
                format!("A space between {header} and its colon is refused with status 400"),
                &BEFORE_COLON,
            )
            .asks(refused_with_400(request().replaced(header, line))),
        );
    }
    cases.push(
        Case::must(
            "rfc9112-5.1-tab-before-the-colon",
            "A tab between the name of a header and its colon is refused with status 400",
            &BEFORE_COLON,
        )
        .asks(refused_with_400(request().line("X-Header\t: a"))),
    );
    cases
}

/// The server may refuse with status 400, or read it as a space.
fn refused_with_400_or_opened(request: Request) -> RequestPlay {
    ask(request)
        .refused(&[400])
        .opens()
        .or(Grade::NotStrict, Response::Refuses(&[]))
        .or(Grade::NotStrict, Response::Drops)
}

fn folded() -> Vec<Case> {
    vec![
        Case::must(
            "rfc9112-5.2-folded-header",
            "A header that goes on in the next line is refused with status 400, or read as one",
            &FOLDED,
        )
        .asks(refused_with_400_or_opened(
            request().line("X-Folded: a\r\n b"),
        )),
        Case::must(
            "rfc9112-5.2-folded-connection",
            "Connection that goes on in the next line is refused with status 400, or read as one \
             line",
            &FOLDED,
        )
        .asks(refused_with_400_or_opened(
            request().with("Connection", "keep-alive,\r\n\tUpgrade"),
        )),
        Case::must(
            "rfc9112-5.2-header-inside-a-folded-line",
            "What goes on in the next line is no header of its own: \"Upgrade\" there opens no \
             connection",
            &FOLDED,
        )
        .asks(not_opened(
            request().replaced("Upgrade", "X-Folded: a\r\n Upgrade: websocket"),
        )),
        Case::must(
            "rfc9112-5.2-folded-upgrade",
            "What goes on in the next line belongs to the value: \"websocket\" with another word \
             there opens no connection",
            &FOLDED,
        )
        .asks(not_opened(request().with("Upgrade", "websocket\r\n more"))),
        Case::must(
            "rfc9112-2.2-blank-before-the-first-header",
            "A line that begins with a space, before the first header, is refused or ignored",
            &BEFORE_HEADERS,
        )
        .asks(
            opened_or_refused(request().first_line(" X-Header: a"))
                .or(Grade::NotStrict, Response::Drops),
        ),
        Case::must(
            "rfc9112-2.2-upgrade-behind-a-blank",
            "A line that begins with a space, before the first header, is never used: \"Upgrade\" \
             there does not open a connection",
            &BEFORE_HEADERS,
        )
        .asks(not_opened(
            request()
                .without("Upgrade")
                .first_line(" Upgrade: websocket"),
        )),
    ]
}

fn carriage_returns() -> Vec<Case> {
    vec![
        Case::must(
            "rfc9112-2.2-bare-cr-in-a-value",
            "A carriage return alone in a value is refused, or read as a space",
            &BARE_CR,
        )
        .asks(
            opened_or_refused(request().line("X-Header: a\rb"))
                .or(Grade::NotStrict, Response::Drops),
        ),
        Case::must(
            "rfc9112-2.2-bare-cr-as-line-end",
            "A carriage return alone does not end a line: \"Upgrade\" behind one does not open a \
             connection",
            &BARE_CR,
        )
        .asks(not_opened(
            request().replaced("Upgrade", "X-Header: a\rUpgrade: websocket"),
        )),
        Case::must(
            "rfc9112-2.2-bare-cr-inside-websocket",
            "A carriage return alone does not vanish: \"websocket\" with one inside opens no \
             connection",
            &BARE_CR,
        )
        .asks(not_opened(request().with("Upgrade", "web\rsocket"))),
        Case::must(
            "rfc9112-2.2-bare-cr-in-the-request-line",
            "A carriage return alone in the request line is refused, or read as a space",
            &BARE_CR,
        )
        .asks(
            opened_or_refused(request().request_line("GET {resource} \rHTTP/1.1"))
                .or(Grade::NotStrict, Response::Drops),
        ),
        Case::must(
            "rfc9112-2.2-bare-cr-everywhere",
            "A request whose lines end in a carriage return alone does not open a connection",
            &BARE_CR,
        )
        .asks(not_opened(request().line_ends("\r")).or(Grade::Passed, Response::Waits)),
    ]
}

fn line_feeds() -> Vec<Case> {
    let open = |request: Request| {
        ask(request)
            .opens()
            .refused(&[])
            .or(Grade::NotStrict, Response::Drops)
    };
    vec![
        Case::must(
            "rfc9112-2.2-bare-lf-behind-a-header",
            "A line that ends in a line feed alone is accepted, or refused with a response",
            &LINE_FEED,
        )
        .asks(open(request().line("X-Header: a\nX-Other: b"))),
        Case::must(
            "rfc9112-2.2-bare-lf-behind-the-request-line",
            "A request line that ends in a line feed alone is accepted, or refused with a response",
            &LINE_FEED,
        )
        .asks(open(
            request().request_line("GET {resource} HTTP/1.1\nX-Header: a"),
        )),
        Case::must(
            "rfc9112-2.2-bare-lf-everywhere",
            "A request whose lines end in line feeds alone is accepted, or refused",
            &LINE_FEED,
        )
        .asks(open(request().line_ends("\n")).or(Grade::Passed, Response::Waits)),
        Case::must(
            "rfc9112-2.2-two-cr-before-lf",
            "A line that ends in two carriage returns and a line feed is refused, or the first is \
             read as a space",
            &BARE_CR,
        )
        .asks(open(request().line("X-Header: a\r"))),
    ]
}

fn empty_lines() -> Vec<Case> {
    vec![
        Case::should(
            "rfc9112-2.2-empty-line-before-the-request",
            "An empty line before the request is ignored",
            &EMPTY_LINES,
        )
        .asks(
            ask(request().before("\r\n"))
                .opens()
                .or(Grade::NotStrict, Response::Refuses(&[]))
                .or(Grade::NotStrict, Response::Drops),
        ),
        Case::robust(
            "rfc9112-2.2-three-empty-lines-before-the-request",
            "Three empty lines before the request are ignored, although one is enough",
            &EMPTY_LINES,
        )
        .asks(
            ask(request().before("\r\n\r\n\r\n"))
                .opens()
                .or(Grade::Informational, Response::Refuses(&[]))
                .or(Grade::Informational, Response::Drops),
        ),
    ]
}
