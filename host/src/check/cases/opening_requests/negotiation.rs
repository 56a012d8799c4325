//! What a client offers: subprotocols and extensions (RFC 6455 sections 4.2.2 and 9). Offers of
//! permessage-deflate, right or malformed, are in `deflate_negotiation`.

use super::allowed::{EMPTY_ELEMENTS, opened};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::NO_UNASKED_EXTENSION;
use crate::check::request::{Request, request};
use crate::check::request_play::{RequestPlay, Response, ask};
use crate::check::response_head::HeadFault;
use crate::check::session::Grade;

const CHOICE: Rule = Rule::new(
    "4.2.2",
    "The value chosen MUST be derived from the client's handshake, specifically by selecting one \
     of the values from the |Sec-WebSocket-Protocol| field that the server is willing to use for \
     this connection (if any).",
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

const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const EXTENSION: &str = "Sec-WebSocket-Extensions";

pub(super) fn cases() -> Vec<Case> {
    [
        subprotocols(),
        malformed_subprotocols(),
        extensions(),
        unknown_extensions(),
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
            "The response has no subprotocol if none was offered",
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
            "a list with empty elements is",
            ",, one.example ,, two.example,",
        ),
    ] {
        cases.push(
            Case::must(
                format!("4.2.2-{name}-offered"),
                format!("When {what} offered, the response has an offered one, or none"),
                &CHOICE,
            )
            .asks(chooses(request().with(PROTOCOL, value))),
        );
    }
    let lines = "Sec-WebSocket-Protocol: one.example\r\nSec-WebSocket-Protocol: two.example";
    cases.push(
        Case::must(
            "11.3.4-subprotocols-in-two-lines",
            "When subprotocols are offered in two lines, the response has one of them at most",
            &ONE_PROTOCOL,
        )
        .asks(chooses(request().replaced(PROTOCOL, lines))),
    );
    cases
}

const LONG_NAME: &str = "a-subprotocol-whose-name-is-much-longer-than-any-that-is-registered-with-\
                         the-authority-that-assigns-the-names-of-subprotocols.example";

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
                format!("A request with a subprotocol {what} is refused, or none is chosen"),
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

/// The connection opens, and no extension is agreed on.
fn not_agreed(request: Request) -> RequestPlay {
    opened(request).watches(HeadFault::AnyExtension)
}

fn extensions() -> Vec<Case> {
    let lines = "Sec-WebSocket-Extensions: x-one\r\nSec-WebSocket-Extensions: x-two";
    vec![
        Case::must(
            "9-no-extension-offered",
            "The response has no extension if none was offered",
            &NO_UNASKED_EXTENSION,
        )
        .asks(not_agreed(request().without(EXTENSION))),
        Case::must(
            "rfc9110-5.6.1.2-extensions-with-empty-elements",
            "Empty elements in the list of Sec-WebSocket-Extensions are ignored",
            &EMPTY_ELEMENTS,
        )
        .asks(not_agreed(request().with(EXTENSION, ",, x-none ,"))),
        Case::must(
            "9.1-extensions-in-two-lines",
            "When extensions that do not exist are offered in two lines, the connection opens \
             without",
            &NO_UNASKED_EXTENSION,
        )
        .asks(not_agreed(request().replaced(EXTENSION, lines))),
    ]
}

fn unknown_extensions() -> Vec<Case> {
    let mut cases = Vec::new();
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
            "a list of extensions that do not exist",
            "x-one, x-two; a=1, x-three",
        ),
        (
            "former-extension",
            "an extension of former times",
            "x-webkit-deflate-frame",
        ),
    ] {
        cases.push(
            Case::must(
                format!("9-{name}"),
                format!("When {what} is offered, the connection opens without"),
                &NO_UNASKED_EXTENSION,
            )
            .asks(not_agreed(request().with(EXTENSION, value))),
        );
    }
    cases
}
