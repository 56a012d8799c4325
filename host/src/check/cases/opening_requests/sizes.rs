//! Long lines and many headers (RFC 9112 section 3, RFC 9110 section 5.4).

use crate::check::case::{Case, Rule};
use crate::check::request::{Request, request};
use crate::check::request_play::{RequestPlay, Response, ask};
use crate::check::session::Grade;

const LINE: Rule = Rule::of(
    9112,
    "3",
    "It is RECOMMENDED that all HTTP senders and recipients support, at a minimum, request-line \
     lengths of 8000 octets.",
);
const LONG_TARGET: Rule = Rule::of(
    9112,
    "3",
    "A server that receives a request-target longer than any URI it wishes to parse MUST respond \
     with a 414 (URI Too Long) status code (see Section 15.5.15 of [HTTP]).",
);
const LONG_METHOD: Rule = Rule::of(
    9112,
    "3",
    "A server that receives a method longer than any that it implements SHOULD respond with a 501 \
     (Not Implemented) status code.",
);
const FIELDS: Rule = Rule::of(
    9110,
    "5.4",
    "A server that receives a request header field line, field value, or set of fields larger than \
     it wishes to process MUST respond with an appropriate 4xx (Client Error) status code.",
);

/// As long as all request lines should be that a server supports, with what is around the target.
const LINE_LEN: usize = 8000 - "GET / HTTP/1.1".len();
const KIB: usize = 1 << 10;

pub(super) fn cases() -> Vec<Case> {
    [lines(), usual_headers(), long_headers()].concat()
}

fn lines() -> Vec<Case> {
    // A part of the query, so that the path is one that is served.
    let with_target = |len: usize| request().target(format!("{{query}}long={}", "a".repeat(len)));
    vec![
        Case::should(
            "rfc9112-3-target-of-1-kib",
            "A target of 1 KiB is accepted",
            &LINE,
        )
        .asks(supported(with_target(KIB))),
        Case::should(
            "rfc9112-3-request-line-of-8000-bytes",
            "A request line of 8,000 bytes is accepted",
            &LINE,
        )
        .asks(supported(with_target(LINE_LEN - 256))),
        Case::must(
            "rfc9112-3-target-of-100-kib",
            "A target of 100 KiB is refused with status 414, or accepted",
            &LONG_TARGET,
        )
        .asks(
            ask(with_target(100 * KIB))
                .refused(&[414])
                .opens()
                .or(Grade::NotStrict, Response::Refuses(&[]))
                .or(Grade::NotStrict, Response::Drops),
        ),
        Case::should(
            "rfc9112-3-method-of-1-kib",
            "A method of 1 KiB is refused with status 501",
            &LONG_METHOD,
        )
        .asks(
            ask(request().method("M".repeat(KIB)))
                .refused(&[501])
                .or(Grade::NotStrict, Response::Refuses(&[]))
                .or(Grade::NotStrict, Response::Drops),
        ),
    ]
}

/// A server should take it, and if not, answer with an error of the client.
fn supported(request: Request) -> RequestPlay {
    ask(request)
        .opens()
        .or(Grade::NotStrict, Response::Refuses(&[]))
        .or(Grade::NotStrict, Response::Drops)
}

/// A server may take it. A response may be lost when a server does not read the rest.
fn limited(request: Request) -> RequestPlay {
    ask(request)
        .opens()
        .refused(&CLIENT_ERRORS)
        .or(Grade::NotStrict, Response::Drops)
}

/// Those that say that something is too large, and those for whatever a server does not like.
const CLIENT_ERRORS: [u16; 5] = [400, 403, 413, 414, 431];

fn with_header(len: usize) -> Request {
    request().line(format!("X-Long: {}", "a".repeat(len)))
}

fn usual_headers() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, words, request) in [
        ("header-of-1-kib", "a header of 1 KiB", with_header(KIB)),
        (
            "header-of-4-kib",
            "a header of 4 KiB (as long as a cookie may be)",
            with_header(4 * KIB),
        ),
        (
            "50-headers",
            "50 further headers",
            request().many_headers(50),
        ),
    ] {
        cases.push(
            Case::robust(
                format!("rfc9110-5.4-{name}"),
                format!("A request with {words} is accepted"),
                &FIELDS,
            )
            .asks(supported(request)),
        );
    }
    cases
}

fn long_headers() -> Vec<Case> {
    let mut cases = Vec::new();
    let long_name = format!("X-{}: a", "a".repeat(100 * KIB));
    for (name, words, request) in [
        (
            "header-of-16-kib",
            "a header of 16 KiB",
            with_header(16 * KIB),
        ),
        (
            "header-of-100-kib",
            "a header of 100 KiB",
            with_header(100 * KIB),
        ),
        (
            "header-of-1-mib",
            "a header of 1 MiB",
            with_header(KIB * KIB),
        ),
        (
            "name-of-100-kib",
            "a header whose name has 100 KiB",
            request().line(long_name),
        ),
        (
            "1000-headers",
            "1,000 further headers",
            request().many_headers(1000),
        ),
        (
            "10000-headers",
            "10,000 further headers",
            request().many_headers(10_000),
        ),
    ] {
        cases.push(
            Case::must(
                format!("rfc9110-5.4-{name}"),
                format!("A request with {words} is accepted, or refused with an error of 4xx"),
                &FIELDS,
            )
            .asks(limited(request)),
        );
    }
    cases
}
