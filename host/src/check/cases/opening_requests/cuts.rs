//! Where the network cuts a request, what is behind it, and requests that end too early.

use super::allowed::opened;
use crate::check::answer::pong_back;
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::ESTABLISHED;
use crate::check::frame::{Role, ping};
use crate::check::request::{Request, request};
use crate::check::request_play::{Response, Sending, ask};
use crate::check::response_head::HeadFault;
use crate::check::session::Grade;

const OCTETS: Rule = Rule::of(
    9112,
    "2.2",
    "A recipient MUST parse an HTTP message as a sequence of octets in an encoding that is a \
     superset of US-ASCII [USASCII].",
);
const WHOLE_HEAD: Rule = Rule::of(
    9110,
    "5.3",
    "A server MUST NOT apply a request to the target resource until it receives the entire request \
     header section, since later header field lines might include conditionals, authentication \
     credentials, or deliberately misleading duplicate header fields that could impact request \
     processing.",
);
const HALF_CLOSED: Rule = Rule::of(
    9112,
    "9.6",
    "Note that a TCP connection that is half-closed by the client does not delimit a request \
     message, nor does it imply that the client is no longer interested in a response.",
);
const INCOMPLETE: Rule = Rule::of(
    9112,
    "8",
    "A server that receives an incomplete request message, usually due to a canceled request or a \
     triggered timeout exception, MAY send an error response prior to closing the connection.",
);

pub(super) fn cases() -> Vec<Case> {
    [cut(), behind(), half_closed()].concat()
}

fn cut() -> Vec<Case> {
    vec![
        Case::must(
            "rfc9112-2.2-request-cut-everywhere",
            "A request is accepted wherever the network cuts it",
            &OCTETS,
        )
        .asks(opened(request()).sent(Sending::CutEverywhere)),
        Case::must(
            "rfc9110-5.3-request-without-its-end",
            "Nothing is sent before the empty line at the end of the request has come",
            &WHOLE_HEAD,
        )
        .asks(
            opened(request())
                .sent(Sending::Paused)
                .watches(HeadFault::Early),
        ),
    ]
}

fn behind() -> Vec<Case> {
    let glued = ping("behind the request").bytes(Role::Server);
    let pongs = vec![pong_back("behind the request"), pong_back("later")];
    let second = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    vec![
        // > Once the client's opening handshake has been sent, the client MUST wait for a response
        // > from the server before sending any further data. (section 4.1)
        // So no server has to take them; but none may lose them without a word.
        Case::robust(
            "4.2.2-frame-behind-the-request",
            "A frame in one piece with the request is answered once the connection is open",
            &ESTABLISHED,
        )
        .asks(
            ask(request().behind("a Ping", glued))
                .opens()
                .or(Grade::Informational, Response::Refuses(&[]))
                .or(Grade::Informational, Response::Drops)
                .then(vec![ping("later")], pongs),
        ),
        Case::must(
            "4.2.2-second-request-behind-the-request",
            "A second request in one piece with the request is no request, but frames, and gets no \
             response",
            &ESTABLISHED,
        )
        .asks(
            ask(request().behind("a second request", second))
                .opens()
                .or(Grade::Informational, Response::Refuses(&[]))
                .or(Grade::Informational, Response::Drops)
                .listens()
                .watches(HeadFault::SecondResponse),
        ),
    ]
}

fn half_closed() -> Vec<Case> {
    let cut_off = |name: &str, words: &str, request: Request| {
        Case::robust(
            format!("rfc9112-8-{name}"),
            format!("When the client ends the TCP connection {words}, the server ends it too"),
            &INCOMPLETE,
        )
        .asks(
            ask(request)
                .or(Grade::Passed, Response::Drops)
                .or(Grade::Passed, Response::RefusesAndEnds(&[]))
                .half_closed(),
        )
    };
    vec![
        Case::robust(
            "rfc9112-9.6-half-closed-behind-the-request",
            "A client that ends its direction of the TCP connection behind the request gets a \
             response all the same",
            &HALF_CLOSED,
        )
        .asks(
            ask(request())
                .opens()
                .or(Grade::Passed, Response::Refuses(&[]))
                .or(Grade::NotStrict, Response::Drops)
                .half_closed(),
        )
        .plain_tcp(),
        cut_off(
            "no-end-of-the-head",
            "before the empty line",
            request().unfinished(),
        ),
        cut_off(
            "no-end-of-the-request-line",
            "inside the request line",
            crate::check::request::bytes("half a request line", "GET /chat HT"),
        ),
        cut_off(
            "no-request",
            "without having sent anything",
            crate::check::request::bytes("no request", ""),
        ),
    ]
}
