//! What is allowed in answer to a kind of request, and the rules behind several kinds.

use crate::check::case::Rule;
use crate::check::request::Request;
use crate::check::request_play::{RequestPlay, Response, ask};
use crate::check::session::Grade;

/// A request that is no opening handshake.
pub(super) const NO_HANDSHAKE: Rule = Rule::new(
    "4.2.1",
    "If the server, while reading the handshake, finds that the client did not send a handshake \
     that matches the description below (note that as per [RFC2616], the order of the header \
     fields is not important), including but not limited to any violations of the ABNF grammar \
     specified for the components of the handshake, the server MUST stop processing the client's \
     handshake and return an HTTP response with an appropriate error code (such as 400 Bad \
     Request).",
);

/// Bytes that are not HTTP.
pub(super) const NO_HTTP: Rule = Rule::of(
    9112,
    "2.2",
    "When a server listening only for HTTP request messages, or processing what appears from the \
     start-line to be an HTTP request message, receives a sequence of octets that does not match \
     the HTTP-message grammar aside from the robustness exceptions listed above, the server \
     SHOULD respond with a 400 (Bad Request) response and close the connection.",
);

/// Lists with empty elements.
pub(super) const EMPTY_ELEMENTS: Rule = Rule::of(
    9110,
    "5.6.1.2",
    "A recipient MUST parse and ignore a reasonable number of empty list elements: enough to \
     handle common mistakes by senders that merge values, but not so much that they could be used \
     as a denial-of-service mechanism.",
);

/// The connection must open.
pub(super) fn opened(request: Request) -> RequestPlay {
    ask(request).opens()
}

/// The connection should open.
pub(super) fn rather_opened(request: Request) -> RequestPlay {
    ask(request)
        .opens()
        .or(Grade::NotStrict, Response::Refuses(&[]))
        .or(Grade::NotStrict, Response::Drops)
}

/// The connection may open, or be refused.
pub(super) fn opened_or_refused(request: Request) -> RequestPlay {
    ask(request)
        .opens()
        .refused(&[])
        .or(Grade::Informational, Response::Declines)
}

/// The connection must not open. Another response than an error is one to a request for a page.
pub(super) fn not_opened(request: Request) -> RequestPlay {
    ask(request)
        .refused(&[])
        .or(Grade::Informational, Response::Declines)
        .or(Grade::NotStrict, Response::Drops)
}

/// The request does not ask for a WebSocket, so any response will do that does not open one.
pub(super) fn declined(request: Request) -> RequestPlay {
    ask(request)
        .or(Grade::Passed, Response::Declines)
        .or(Grade::NotStrict, Response::Drops)
}

/// The response must have status 400.
pub(super) fn refused_with_400(request: Request) -> RequestPlay {
    ask(request)
        .refused(&[400])
        .or(Grade::NotStrict, Response::Refuses(&[]))
        .or(Grade::NotStrict, Response::Drops)
}

/// The request should be refused; a server may be tolerant.
pub(super) fn rather_refused(request: Request) -> RequestPlay {
    ask(request)
        .refused(&[])
        .or(Grade::NotStrict, Response::Opens)
        .or(Grade::NotStrict, Response::Declines)
        .or(Grade::NotStrict, Response::Drops)
}

/// No rule says whether the request should be refused.
pub(super) fn tolerated(request: Request) -> RequestPlay {
    ask(request)
        .refused(&[])
        .or(Grade::Informational, Response::Opens)
        .or(Grade::Informational, Response::Declines)
        .or(Grade::NotStrict, Response::Drops)
}
