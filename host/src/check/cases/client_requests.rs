//! RFC 6455 section 4.1: what is right and wrong in the request of a client.

use crate::check::case::{Case, Play, Rule};
use crate::check::cases::rules::{CLIENT_WAITS, MALFORMED_NEGOTIATION};
use crate::check::frame::Role;
use crate::check::request_part::RequestPart;
use crate::check::response_play::{Reaction, ResponsePlay};
use crate::check::session::Grade;

const METHOD: Rule = Rule::new(
    "4.1",
    "The method of the request MUST be GET, and the HTTP version MUST be at least 1.1.",
);
const TARGET: Rule = Rule::new(
    "4.1",
    "The \"Request-URI\" part of the request MUST match the /resource name/ defined in Section 3 \
     (a relative URI) or be an absolute http/https URI that, when parsed, has a /resource name/, \
     /host/, and /port/ that match the corresponding ws/wss URI.",
);
const HOST: Rule = Rule::new(
    "4.1",
    "The request MUST contain a |Host| header field whose value contains /host/ plus optionally \
     \":\" followed by /port/ (when not using the default port).",
);
const UPGRADE: Rule = Rule::new(
    "4.1",
    "The request MUST contain an |Upgrade| header field whose value MUST include the \"websocket\" \
     keyword.",
);
const CONNECTION: Rule = Rule::new(
    "4.1",
    "The request MUST contain a |Connection| header field whose value MUST include the \"Upgrade\" \
     token.",
);
const KEY: Rule = Rule::new(
    "4.1",
    "The value of this header field MUST be a nonce consisting of a randomly selected 16-byte \
     value that has been base64-encoded (see Section 4 of [RFC4648]).",
);
const FRESH_KEY: Rule = Rule::new(
    "4.1",
    "The nonce MUST be selected randomly for each connection.",
);
const VERSION: Rule = Rule::new("4.1", "The value of this header field MUST be 13.");
const ORIGIN: Rule = Rule::new(
    "4.1",
    "The value of this header field is the ASCII serialization of origin of the context in which \
     the code establishing the connection is running.",
);
const SUBPROTOCOLS: Rule = Rule::new(
    "4.1",
    "The elements that comprise this value MUST be non-empty strings with characters in the range \
     U+0021 to U+007E not including separator characters as defined in [RFC2616] and MUST all be \
     unique strings.",
);
const VALID: Rule = Rule::new(
    "4.1",
    "The handshake MUST be a valid HTTP request as specified by [RFC2616].",
);

/// What is looked at, one case each.
#[rustfmt::skip]
const PARTS: [(&str, &Rule, RequestPart, &str); 15] = [
    ("4.1-request-method", &METHOD, RequestPart::Method,
        "The method of a client's request is GET"),
    ("4.1-request-http-version", &METHOD, RequestPart::HttpVersion,
        "The version of a client's request is HTTP/1.1"),
    ("4.1-request-target", &TARGET, RequestPart::Target,
        "The target of a client's request is the path of the URL, or the whole URL"),
    ("4.1-request-host", &HOST, RequestPart::Host,
        "A client sends one Host header, with the port if it is not 80"),
    ("4.1-request-upgrade", &UPGRADE, RequestPart::Upgrade,
        "A client sends Upgrade with websocket"),
    ("4.1-request-connection", &CONNECTION, RequestPart::Connection,
        "A client sends Connection with Upgrade"),
    ("4.1-request-key", &KEY, RequestPart::Key,
        "A client sends one Sec-WebSocket-Key, of 16 bytes in base64"),
    ("4.1-request-fresh-key", &FRESH_KEY, RequestPart::FreshKey,
        "A client sends another Sec-WebSocket-Key for each connection"),
    ("4.1-request-version", &VERSION, RequestPart::Version,
        "A client sends one Sec-WebSocket-Version, which is 13"),
    ("4.1-request-origin", &ORIGIN, RequestPart::Origin,
        "The Origin of a client, if it sends one, is a scheme and a host, or null"),
    ("4.1-request-subprotocols", &SUBPROTOCOLS, RequestPart::Subprotocols,
        "The subprotocols that a client offers, if any, are different tokens"),
    ("9.1-request-extensions", &MALFORMED_NEGOTIATION, RequestPart::Extensions,
        "The extensions that a client offers, if any, are well formed"),
    ("4.1-request-lines", &VALID, RequestPart::Lines,
        "Each line of a client's request ends with CR and LF, and each header has a valid name"),
    ("4.1-request-body", &VALID, RequestPart::Body,
        "A client's request has no body"),
    ("4.1-request-waits", &CLIENT_WAITS, RequestPart::Early,
        "A client sends nothing more until the response has come"),
];

pub(super) fn cases() -> Vec<Case> {
    PARTS
        .into_iter()
        .map(|(id, rule, part, claim)| {
            let mut play = ResponsePlay::new("").allows(Grade::Passed, Reaction::Opens);
            play.looks_at = Some(part);
            Case::must(id, claim, rule)
                .of(Role::Client)
                .play(Play::Response(play))
        })
        .collect()
}
