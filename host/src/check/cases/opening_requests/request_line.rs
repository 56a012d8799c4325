//! The first line of a request: method, target and version (RFC 9112 section 3).

use super::allowed::{
    NO_HANDSHAKE, declined, not_opened, opened, rather_opened, rather_refused, tolerated,
};
use crate::check::case::{Case, Rule};
use crate::check::request::{Request, request};
use crate::check::request_play::{RequestPlay, Response, ask};
use crate::check::session::Grade;

const METHOD: Rule = Rule::of(9112, "3.1", "The request method is case-sensitive.");
const HTTP_1_0: Rule = Rule::of(
    9110,
    "7.8",
    "A server that receives an Upgrade header field in an HTTP/1.0 request MUST ignore that \
     Upgrade field.",
);
const MINOR_VERSION: Rule = Rule::of(
    9110,
    "6.2",
    "A recipient that receives a message with a major version number that it implements and a \
     minor version number higher than what it implements SHOULD process the message as if it were \
     in the highest minor version within that major version to which the recipient is conformant.",
);
const MAJOR_VERSION: Rule = Rule::of(
    9110,
    "15.6.6",
    "The 505 (HTTP Version Not Supported) status code indicates that the server does not support, \
     or refuses to support, the major version of HTTP that was used in the request message.",
);
const VERSION_LETTERS: Rule = Rule::of(9112, "2.3", "HTTP-version is case-sensitive.");
const INVALID_LINE: Rule = Rule::of(
    9112,
    "3.2",
    "Recipients of an invalid request-line SHOULD respond with either a 400 (Bad Request) error or \
     a 301 (Moved Permanently) redirect with the request-target properly encoded.",
);
const BLANKS: Rule = Rule::of(
    9112,
    "3",
    "However, lenient parsing can result in request smuggling security vulnerabilities if there \
     are multiple recipients of the message and each has its own unique interpretation of \
     robustness (see Section 11.2).",
);
const ABSOLUTE_FORM: Rule = Rule::of(
    9112,
    "3.2.2",
    "A server MUST accept the absolute-form in requests even though most HTTP/1.1 clients will \
     only send the absolute-form to a proxy.",
);
const ABSOLUTE_HOST: Rule = Rule::of(
    9112,
    "3.2.2",
    "When an origin server receives a request with an absolute-form of request-target, the origin \
     server MUST ignore the received Host header field (if any) and instead use the host \
     information of the request-target.",
);
const SCHEME: Rule = Rule::of(
    9110,
    "4.2.3",
    "The scheme and host are case-insensitive and normally provided in lowercase; all other \
     components are compared in a case-sensitive manner.",
);
const ENCODED: Rule = Rule::of(
    9110,
    "4.2.3",
    "Characters other than those in the \"reserved\" set are equivalent to their percent-encoded \
     octets: the normal form is to not encode them (see Sections 2.1 and 2.2 of [URI]).",
);
const SERVICE: Rule = Rule::new(
    "4.2.2",
    "If the requested service is not available, the server MUST send an appropriate HTTP error \
     code (such as 404 Not Found) and abort the WebSocket handshake.",
);

pub(super) fn cases() -> Vec<Case> {
    [
        methods(),
        versions(),
        wrong_versions(),
        targets(),
        paths(),
        invalid_lines(),
        invalid_targets(),
        blanks(),
    ]
    .concat()
}

fn methods() -> Vec<Case> {
    let mut cases = Vec::new();
    for method in [
        "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "UNKNOWN",
    ] {
        cases.push(
            Case::must(
                format!("4.2.1-method-{}", method.to_ascii_lowercase()),
                format!("A request with the method {method} does not open a connection"),
                &NO_HANDSHAKE,
            )
            .asks(not_opened(request().method(method))),
        );
    }
    cases.push(
        Case::must(
            "rfc9112-3.1-method-in-small-letters",
            "The method \"get\" is not GET, and does not open a connection",
            &METHOD,
        )
        .asks(not_opened(request().method("get"))),
    );
    cases
}

fn versions() -> Vec<Case> {
    let in_version = |version| request().version(version);
    let newer = |id, version| {
        Case::robust(
            id,
            format!("A request in {version} is refused, with status 505"),
            &MAJOR_VERSION,
        )
        .asks(tolerated(in_version(version)))
    };
    vec![
        Case::must(
            "rfc9110-7.8-http-1.0",
            "A request in HTTP/1.0 does not open a connection",
            &HTTP_1_0,
        )
        .asks(declined(in_version("HTTP/1.0"))),
        Case::should(
            "rfc9110-6.2-http-1.2",
            "A request in HTTP/1.2 is treated as one in HTTP/1.1",
            &MINOR_VERSION,
        )
        .asks(rather_opened(in_version("HTTP/1.2"))),
        newer("rfc9110-15.6.6-http-2.0", "HTTP/2.0"),
        newer("rfc9110-15.6.6-http-3.0", "HTTP/3.0"),
        Case::should(
            "rfc9112-2.3-version-in-small-letters",
            "\"http/1.1\" is not a version of HTTP, and the request is refused",
            &VERSION_LETTERS,
        )
        .asks(rather_refused(in_version("http/1.1"))),
    ]
}

fn wrong_versions() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, version) in [
        ("without-minor-number", "HTTP/1"),
        ("with-three-numbers", "HTTP/1.1.1"),
        ("without-point", "HTTP/11"),
        ("with-two-digits", "HTTP/1.10"),
        ("with-letter", "HTTP/1.x"),
        ("of-another-protocol", "HTTX/1.1"),
    ] {
        cases.push(
            Case::should(
                format!("rfc9112-2.3-version-{name}"),
                format!("\"{version}\" is not a version of HTTP, and the request is refused"),
                &INVALID_LINE,
            )
            .asks(rather_refused(request().version(version))),
        );
    }
    cases
}

/// The connection should open, but no rule says so.
fn refusable(request: Request) -> RequestPlay {
    ask(request)
        .opens()
        .or(Grade::Informational, Response::Refuses(&[]))
}

fn targets() -> Vec<Case> {
    let absolute = "{scheme}://{authority}{resource}";
    vec![
        Case::must(
            "rfc9112-3.2.2-absolute-form",
            "A request whose target is a whole URI is accepted",
            &ABSOLUTE_FORM,
        )
        .asks(opened(request().target(absolute))),
        Case::must(
            "rfc9112-3.2.2-absolute-form-and-another-host",
            "When the target is a whole URI, its host counts and that of Host does not",
            &ABSOLUTE_HOST,
        )
        .asks(rather_opened(
            request().target(absolute).with("Host", "other.invalid"),
        )),
        Case::should(
            "rfc9110-4.2.3-scheme-in-capitals",
            "The scheme of a target that is a whole URI may be in capitals",
            &SCHEME,
        )
        .asks(rather_opened(
            request().target("HTTP://{authority}{resource}"),
        )),
        Case::robust(
            "4.2.1-absolute-form-with-ws",
            "A target may be a whole URI that begins with ws://, although http:// is right",
            &NO_HANDSHAKE,
        )
        .asks(refusable(request().target("ws://{authority}{resource}"))),
    ]
}

fn paths() -> Vec<Case> {
    vec![
        Case::should(
            "rfc9110-4.2.3-percent-encoded-path",
            "A letter of the path may be percent-encoded",
            &ENCODED,
        )
        .asks(rather_opened(request().target("{encoded}"))),
        Case::robust(
            "4.2.2-query",
            "A query in the target does not disturb the opening handshake",
            &SERVICE,
        )
        .asks(refusable(request().target("{query}a=b&c=%41%20?/:@"))),
        Case::must(
            "4.2.2-path-that-is-not-served",
            "A request for a path that the server does not have gets a response",
            &SERVICE,
        )
        .asks(
            ask(request().target("/no/such/path"))
                .opens()
                .or(Grade::Passed, Response::Declines),
        ),
    ]
}

/// A line that is no request line should be refused.
fn refused(name: &str, claim: &'static str, request: Request) -> Case {
    Case::should(
        format!("rfc9112-3.2-{name}"),
        format!("A request {claim} is refused"),
        &INVALID_LINE,
    )
    .asks(rather_refused(request))
}

fn invalid_lines() -> Vec<Case> {
    let line = |line: &'static str| request().request_line(line);
    vec![
        refused("no-version", "without a version", line("GET {resource}")),
        refused("no-target", "without a target", line("GET HTTP/1.1")),
        refused("only-a-method", "with nothing but a method", line("GET")),
        refused(
            "words-behind-the-version",
            "with more words in its first line than three",
            line("GET {resource} HTTP/1.1 more"),
        ),
    ]
}

fn invalid_targets() -> Vec<Case> {
    let target = |target: &'static str| request().target(target);
    vec![
        refused(
            "space-in-the-target",
            "with a space in its target",
            target("{query}a b"),
        ),
        refused("asterisk", "for \"*\"", target("*")),
        refused(
            "fragment",
            "with a fragment in its target",
            target("{resource}#fragment"),
        ),
        refused(
            "target-without-slash",
            "whose target does not begin with a slash",
            target("chat"),
        ),
        refused(
            "control-character-in-the-target",
            "with a control character in its target",
            target("{query}a\u{1}"),
        ),
        refused(
            "nul-in-the-target",
            "with NUL in its target",
            target("{query}a\0"),
        ),
        Case::robust(
            "rfc9112-3.2-byte-beyond-ascii-in-the-target",
            "A request with a byte beyond ASCII in its target is refused",
            &INVALID_LINE,
        )
        .asks(tolerated(target("{query}a=\u{e9}"))),
    ]
}

fn blanks() -> Vec<Case> {
    let lenient = |name: &str, where_to: &str, line: &'static str| {
        Case::robust(
            format!("rfc9112-3-{name}"),
            format!("A request line with {where_to} is refused, although a server may be lenient"),
            &BLANKS,
        )
        .asks(tolerated(request().request_line(line)))
    };
    vec![
        lenient("two-spaces", "two spaces", "GET  {resource}  HTTP/1.1"),
        lenient(
            "tabs",
            "tabs instead of spaces",
            "GET\t{resource}\tHTTP/1.1",
        ),
        lenient(
            "space-in-front",
            "a space in front of it",
            " GET {resource} HTTP/1.1",
        ),
        lenient(
            "space-at-the-end",
            "a space at its end",
            "GET {resource} HTTP/1.1 ",
        ),
        lenient(
            "vertical-tab",
            "a vertical tab",
            "GET\u{b}{resource} HTTP/1.1",
        ),
    ]
}
