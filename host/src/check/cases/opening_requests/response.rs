//! The response to a valid request (RFC 6455 section 4.2.2): one case for each part of its head.

use super::allowed::{declined, opened};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::SPACE_BEHIND_STATUS;
use crate::check::request::request;
use crate::check::response_head::HeadFault;

const STATUS: Rule = Rule::new(
    "4.2.2",
    "A Status-Line with a 101 response code as per RFC 2616 [RFC2616].",
);
const UPGRADE: Rule = Rule::new(
    "4.2.2",
    "An |Upgrade| header field with value \"websocket\" as per RFC 2616 [RFC2616].",
);
const CONNECTION: Rule = Rule::new(
    "4.2.2",
    "A |Connection| header field with value \"Upgrade\".",
);
const ACCEPT: Rule = Rule::new("4.2.2", "A |Sec-WebSocket-Accept| header field.");
const BODY: Rule = Rule::of(
    9110,
    "8.6",
    "A server MUST NOT send a Content-Length header field in any response with a status code of \
     1xx (Informational) or 204 (No Content).",
);
const VALID: Rule = Rule::new(
    "4.2.2",
    "If the server chooses to accept the incoming connection, it MUST reply with a valid HTTP \
     response indicating the following.",
);
const ALLOW: Rule = Rule::of(
    9110,
    "15.5.6",
    "The origin server MUST generate an Allow header field in a 405 response containing a list of \
     the target resource's currently supported methods.",
);

pub(super) fn cases() -> Vec<Case> {
    [openings(), refusals()].concat()
}

fn openings() -> Vec<Case> {
    let response =
        |id, claim, rule, fault| Case::must(id, claim, rule).asks(opened(request()).watches(fault));
    vec![
        Case::must(
            "4.2.2-status-101",
            "A valid request opens a connection",
            &STATUS,
        )
        .asks(opened(request())),
        response(
            "rfc9112-4-status-line",
            "The status line is \"HTTP/1.1 101 \", and words",
            &SPACE_BEHIND_STATUS,
            HeadFault::StatusLine,
        ),
        response(
            "4.2.2-valid-response",
            "Each line of the response is a header, and ends in CR LF",
            &VALID,
            HeadFault::Syntax,
        ),
        response(
            "4.2.2-upgrade",
            "The response has \"Upgrade: websocket\" once",
            &UPGRADE,
            HeadFault::Upgrade,
        ),
        response(
            "4.2.2-connection",
            "The response has \"Connection: Upgrade\"",
            &CONNECTION,
            HeadFault::Connection,
        ),
        response(
            "4.2.2-accept",
            "The response has the right Sec-WebSocket-Accept once",
            &ACCEPT,
            HeadFault::Accept,
        ),
        response(
            "rfc9110-8.6-no-body",
            "The response has neither Content-Length nor Transfer-Encoding",
            &BODY,
            HeadFault::Body,
        ),
    ]
}

fn refusals() -> Vec<Case> {
    vec![
        Case::must(
            "4.2.2-valid-refusal",
            "Each line of a refusal is a header, and ends in CR LF",
            &VALID,
        )
        .asks(declined(request().without("Sec-WebSocket-Key")).watches(HeadFault::Syntax)),
        Case::must(
            "rfc9110-15.5.6-allow-of-405",
            "A response with status 405 names the methods that are allowed",
            &ALLOW,
        )
        .asks(declined(request().method("POST")).watches(HeadFault::AllowOf405)),
    ]
}
