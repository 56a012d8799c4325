//! What a client offers: subprotocols and extensions (RFC 6455 sections 4.2.2 and 9.1). The
//! parameters of permessage-deflate are in `deflate_negotiation`.

use super::allowed::opened;
use crate::check::case::{Case, Rule};
use crate::check::request::{Request, request};
use crate::check::request_play::{RequestPlay, Response, ask};
use crate::check::response_head::HeadFault;
use crate::check::session::Grade;

const CHOICE: Rule = Rule::new(
    "4.2.2",
    "The value chosen MUST be derived from the client's handshake, specifically by selecting one of \
     the values from the |Sec-WebSocket-Protocol| field that the server is willing to use for this \
     connection (if any).",
);
const NO_CHOICE: Rule = Rule::new(
    "4.2.2",
    "If the client's handshake did not contain such a header field or if the server does not agree \
     to any of the client's requested subprotocols, the only acceptable value is null.",
);
const ONE_PROTOCOL: Rule = Rule::new(
    "11.3.4",
    "However, the |Sec-WebSocket-Protocol| header field MUST NOT appear more than once in an HTTP \
     response.",
);
const EXTENSIONS: Rule = Rule::new(
    "9",
    "A server MUST NOT respond with any extension not requested by the client.",
);
const MALFORMED: Rule = Rule::new(
    "9.1",
    "If a value is received by either the client or the server during negotiation that does not \
     conform to the ABNF below, the recipient of such malformed data MUST immediately _Fail the \
     WebSocket Connection_.",
);

const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const EXTENSION: &str = "Sec-WebSocket-Extensions";

pub(super) fn cases() -> Vec<Case> {
    [
        subprotocols(),
        malformed_subprotocols(),
        extensions(),
        malformed_extensions(),
    ]
    .concat()
}

/// A server may insist on a subprotocol of its own, or on none.
fn chooses(request: Request) -> RequestPlay {
    ask(request)
        .opens()
        .or(Grade::Informational, Response::Refuses(&[]))
        .watches(HeadFault::Subprotocol)
}

fn subprotocols() -> Vec<Case> {
    let mut cases = vec![
        Case::must(
            "4.2.2-no-subprotocol-offered",
            "the response has no subprotocol if none was offered",
            &NO_CHOICE,
        )
        .asks(chooses(request().without(PROTOCOL))),
    ];
    for (name, what, value) in [
        ("one-subprotocol", "one subprotocol is", "chat.example"),
        (
            "three-subprotocols",
            "three subprotocols are",
            "one.example, two.example,three.example",
        ),
        (
            "a-subprotocol-of-signs",
            "a subprotocol of signs is",
            "!#$%&'*+-.^_`|~",
        ),
        ("a-long-subprotocol", "a long subprotocol is", LONG_NAME),
        (
            "empty-elements",
            "empty elements are",
            ",, one.example ,, two.example,",
        ),
    ] {
        cases.push(
            Case::must(
                format!("4.2.2-{name}-offered"),
                format!("when {what} offered, the response has an offered one, or none"),
                &CHOICE,
            )
            .asks(chooses(request().with(PROTOCOL, value))),
        );
    }
    let lines = "Sec-WebSocket-Protocol: one.example\r\nSec-WebSocket-Protocol: two.example";
    cases.push(
        Case::must(
            "11.3.4-subprotocols-in-two-lines",
            "when subprotocols are offered in two lines, the response has one of them at most",
            &ONE_PROTOCOL,
        )
        .asks(chooses(request().replaced(PROTOCOL, lines))),
    );
    cases
}

const LONG_NAME: &str = "a-subprotocol-whose-name-is-much-longer-than-any-that-is-registered-with-the-\
                         authority-that-assigns-the-names-of-subprotocols.example";

fn malformed_subprotocols() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, what, value) in [
        ("with-a-space", "with a space in it", "one two"),
        ("with-brackets", "with brackets", "one(two)"),
        ("in-quotes", "in quotes", "\"one\""),
        (
            "with-a-byte-beyond-ascii",
            "with a byte beyond ASCII",
            "on\u{e9}",
        ),
        ("that-is-empty", "that is empty", ""),
        ("offered-twice", "that is offered twice", "one, one"),
    ] {
        cases.push(
            Case::robust(
                format!("4.2.1-subprotocol-{name}"),
                format!("a request with a subprotocol {what} is refused, or none is chosen"),
                &CHOICE,
            )
            .asks(
                ask(request().with(PROTOCOL, value))
                    .refused(&[])
                    .or(Grade::Informational, Response::Opens)
                    .or(Grade::NotStrict, Response::Drops)
                    .watches(HeadFault::Subprotocol),
            ),
        );
    }
    cases
}

fn extensions() -> Vec<Case> {
    let not_agreed = |request| opened(request).watches(HeadFault::Extension);
    let mut cases = vec![
        Case::must(
            "9-no-extension-offered",
            "the response has no extension if none was offered",
            &EXTENSIONS,
        )
        .asks(not_agreed(request().without(EXTENSION))),
    ];
    for (name, what, value) in [
        (
            "unknown-extension",
            "an extension that does not exist",
            "x-none",
        ),
        (
            "unknown-extension-with-parameters",
            "an extension with parameters that does not exist",
            "x-none; a; b=1; c=\"d\"",
        ),
        (
            "unknown-extensions",
            "extensions that do not exist",
            "x-one, x-two; a=1, x-three",
        ),
        (
            "former-extension",
            "an extension of former times",
            "x-webkit-deflate-frame",
        ),
        (
            "long-name",
            "a name that begins like an extension",
            "permessage-deflate2",
        ),
        (
            "short-name",
            "a name that an extension begins with",
            "permessage",
        ),
        (
            "empty-elements",
            "empty elements and an extension that does not exist",
            ",, x-none,",
        ),
    ] {
        cases.push(
            Case::must(
                format!("9-{name}"),
                format!("when {what} is offered, the connection opens without"),
                &EXTENSIONS,
            )
            .asks(not_agreed(request().with(EXTENSION, value))),
        );
    }
    let lines = "Sec-WebSocket-Extensions: x-one\r\nSec-WebSocket-Extensions: x-two";
    cases.push(
        Case::must(
            "9.1-extensions-in-two-lines",
            "when extensions that do not exist are offered in two lines, the connection opens \
             without",
            &EXTENSIONS,
        )
        .asks(not_agreed(request().replaced(EXTENSION, lines))),
    );
    cases
}

/// A server that has no extensions does not read them, and so it finds nothing that is malformed.
fn malformed_extensions() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, what, value) in [
        ("no-name", "a parameter without an extension", "; a=1"),
        (
            "no-parameter",
            "a semicolon with nothing behind it",
            "permessage-deflate;",
        ),
        (
            "no-parameter-name",
            "a parameter without a name",
            "permessage-deflate; =1",
        ),
        ("open-quote", "a quote that is not closed", "x-none; a=\"b"),
        ("space-in-a-name", "a space in a name", "x none"),
    ] {
        cases.push(
            Case::must(
                format!("9.1-malformed-extensions-{name}"),
                format!("Sec-WebSocket-Extensions with {what} is refused"),
                &MALFORMED,
            )
            .asks(
                ask(request().with(EXTENSION, value))
                    .refused(&[])
                    .or(Grade::NotStrict, Response::Opens)
                    .or(Grade::NotStrict, Response::Drops),
            ),
        );
    }
    cases
}
