//! RFC 6455 section 4.1: what is right and wrong in the request of a client.

use crate::check::case::{Case, Play, Rule};
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
const EXTENSIONS: Rule = Rule::new(
    "9.1",
    "If a value is received by either the client or the server during negotiation that does not \
     conform to the ABNF below, the recipient of such malformed data MUST immediately _Fail the \
     WebSocket Connection_.",
);
const VALID: Rule = Rule::new(
    "4.1",
    "The handshake MUST be a valid HTTP request as specified by [RFC2616].",
);
const WAITS: Rule = Rule::new(
    "4.1",
    "Once the client's opening handshake has been sent, the client MUST wait for a response from \
     the server before sending any further data.",
);

/// What is looked at, one case each.
#[rustfmt::skip]
const PARTS: [(&str, &str, &Rule, RequestPart); 15] = [
    ("4.1-request-method", "The method of a client's request is GET", &METHOD, RequestPart::Method),
    ("4.1-request-http-version", "The version of a client's request is HTTP/1.1", &METHOD,
        RequestPart::HttpVersion),
    ("4.1-request-target", "The target of a client's request is the path of the URL, or the whole URL",
        &TARGET, RequestPart::Target),
    ("4.1-request-host", "A client sends one Host header, with the port if it is not 80", &HOST,
        RequestPart::Host),
    ("4.1-request-upgrade", "A client sends Upgrade with websocket", &UPGRADE, RequestPart::Upgrade),
    ("4.1-request-connection", "A client sends Connection with Upgrade", &CONNECTION,
        RequestPart::Connection),
    ("4.1-request-key", "A client sends one Sec-WebSocket-Key, of 16 bytes in base64", &KEY,
        RequestPart::Key),
    ("4.1-request-fresh-key", "A client sends another Sec-WebSocket-Key for each connection", &FRESH_KEY,
        RequestPart::FreshKey),
    ("4.1-request-version", "A client sends one Sec-WebSocket-Version, which is 13", &VERSION,
        RequestPart::Version),
    ("4.1-request-origin", "The Origin of a client, if it sends one, is a scheme and a host, or null",
        &ORIGIN, RequestPart::Origin),
    ("4.1-request-subprotocols", "The subprotocols that a client offers, if any, are different tokens",
        &SUBPROTOCOLS, RequestPart::Subprotocols),
    ("9.1-request-extensions", "The extensions that a client offers, if any, are well formed",
        &EXTENSIONS, RequestPart::Extensions),
    ("4.1-request-lines", "Each line of a client's request ends with CR and LF, and each header has a valid \
        name", &VALID, RequestPart::Lines),
    ("4.1-request-body", "A client's request has no body", &VALID, RequestPart::Body),
    ("4.1-request-waits", "A client sends nothing more until the response has come", &WAITS,
        RequestPart::Early),
];

pub(super) fn cases() -> Vec<Case> {
    PARTS
        .into_iter()
        .map(|(id, claim, rule, part)| {
            let mut play = ResponsePlay::new("").allows(Grade::Passed, Reaction::Opens);
            play.looks_at = Some(part);
            Case::must(id, claim, rule)
                .of(Role::Client)
                .play(Play::Response(play))
        })
        .collect()
}
