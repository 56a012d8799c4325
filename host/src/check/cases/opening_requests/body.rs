//! A body on the request of a handshake (RFC 9112 section 6), and what its bytes must not be taken
//! for.

use std::borrow::Cow;

use super::allowed::opened_or_refused;
use crate::check::answer::pong_back;
use crate::check::case::{Case, Rule};
use crate::check::frame::{Role, ping};
use crate::check::request::{Request, request};
use crate::check::request_play::{RequestPlay, Response, ask};
use crate::check::session::Grade;

const BODY: Rule = Rule::of(
    9112,
    "2.2",
    "If a message body has been indicated, then it is read as a stream until an amount of octets \
     equal to the message body length is read or the connection is closed.",
);
const INVALID_LEN: Rule = Rule::of(
    9112,
    "6.3",
    "If the unrecoverable error is in a request message, the server MUST respond with a 400 (Bad \
     Request) status code and then close the connection.",
);
const NOT_CHUNKED: Rule = Rule::of(
    9112,
    "6.3",
    "If a Transfer-Encoding header field is present in a request and the chunked transfer coding \
     is not the final encoding, the message body length cannot be determined reliably; the server \
     MUST respond with the 400 (Bad Request) status code and then close the connection.",
);
const BOTH: Rule = Rule::of(
    9112,
    "6.3",
    "Such a message might indicate an attempt to perform request smuggling (Section 11.2) or \
     response splitting (Section 11.1) and ought to be handled as an error.",
);

pub(super) fn cases() -> Vec<Case> {
    [bodies(), transfer_encodings(), wrong_lengths()].concat()
}

/// A Ping as a body: if a Pong comes back, the body was taken for frames.
fn body() -> Vec<u8> {
    ping("body").bytes(Role::Server)
}

/// The body must be read, and only the frame behind it answered; or the request is refused.
fn read_or_refused(request: Request) -> RequestPlay {
    opened_or_refused(request)
        .or(Grade::NotStrict, Response::Drops)
        .then(
            vec![ping("behind the body")],
            vec![pong_back("behind the body")],
        )
}

/// The body in one chunk.
fn chunked_body() -> Vec<u8> {
    let body = body();
    let size = format!("{:x}\r\n", body.len());
    [size.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat()
}

fn with_body(line: impl Into<Cow<'static, str>>, body: Vec<u8>) -> Request {
    request().line(line).behind("a Ping as its body", body)
}

fn content_length() -> String {
    format!("Content-Length: {}", body().len())
}

fn bodies() -> Vec<Case> {
    vec![
        Case::robust(
            "rfc9112-2.2-content-length-0",
            "A request with \"Content-Length: 0\" has no body, and is accepted",
            &BODY,
        )
        .asks(
            ask(request().line("Content-Length: 0"))
                .opens()
                .or(Grade::Informational, Response::Refuses(&[])),
        ),
        Case::robust(
            "rfc9112-2.2-body",
            "A request with a body is refused, or the body is not taken for frames",
            &BODY,
        )
        .asks(read_or_refused(with_body(content_length(), body()))),
        Case::robust(
            "rfc9112-2.2-chunked-body",
            "A request with a chunked body is refused, or the body is not taken for frames",
            &BODY,
        )
        .asks(read_or_refused(with_body(
            "Transfer-Encoding: chunked",
            chunked_body(),
        ))),
        Case::robust(
            "rfc9112-2.2-empty-chunked-body",
            "A request with an empty chunked body is refused, or the body is not taken for frames",
            &BODY,
        )
        .asks(read_or_refused(
            request()
                .line("Transfer-Encoding: chunked")
                .behind("an empty chunked body", "0\r\n\r\n"),
        )),
    ]
}

fn transfer_encodings() -> Vec<Case> {
    vec![
        Case::robust(
            "rfc9112-6.3-content-length-and-chunked",
            "A request with Content-Length and Transfer-Encoding is refused",
            &BOTH,
        )
        .asks(
            ask(with_body(content_length(), chunked_body()).line("Transfer-Encoding: chunked"))
                .refused(&[])
                .or(Grade::Informational, Response::Opens)
                .or(Grade::NotStrict, Response::Drops),
        ),
        Case::must(
            "rfc9112-6.3-transfer-encoding-that-is-not-chunked",
            "A request with \"Transfer-Encoding: gzip\" alone is refused with status 400, and the \
             connection ends",
            &NOT_CHUNKED,
        )
        .asks(refused_and_ended(request().line("Transfer-Encoding: gzip"))),
    ]
}

/// Status 400, and the end of the connection.
fn refused_and_ended(request: Request) -> RequestPlay {
    ask(request)
        .or(Grade::Passed, Response::RefusesAndEnds(&[400]))
        .or(Grade::NotStrict, Response::RefusesAndEnds(&[]))
        .or(Grade::NotStrict, Response::Drops)
}

fn wrong_lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, value) in [
        ("word", "abc"),
        ("sign", "+5"),
        ("negative", "-1"),
        ("hexadecimal", "0x5"),
        ("two-words", "5 5"),
        ("list", "5, 6"),
        ("empty", ""),
        ("huge", "99999999999999999999999"),
    ] {
        cases.push(
            Case::must(
                format!("rfc9112-6.3-content-length-{name}"),
                format!(
                    "A request with \"Content-Length: {value}\" is refused with status 400, and \
                     the connection ends"
                ),
                &INVALID_LEN,
            )
            .asks(refused_and_ended(
                request().line(format!("Content-Length: {value}")),
            )),
        );
    }
    cases.push(
        Case::must(
            "rfc9112-6.3-two-content-lengths",
            "A request with two different values of Content-Length is refused with status 400, and \
             the connection ends",
            &INVALID_LEN,
        )
        .asks(refused_and_ended(
            request()
                .line("Content-Length: 0")
                .line("Content-Length: 5"),
        )),
    );
    cases
}
