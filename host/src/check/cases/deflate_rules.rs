//! The sentences of RFC 7692, and some of RFC 6455, that cases of compression are about.

use crate::check::case::Rule;
pub(super) use crate::check::cases::rules::CONTROL_BETWEEN as BETWEEN;
pub(super) use crate::check::cases::rules::INVALID_UTF8 as UTF8;
pub(super) use crate::check::cases::rules::MALFORMED_NEGOTIATION as GRAMMAR;
pub(super) use crate::check::cases::rules::NO_UNASKED_EXTENSION as NOT_REQUESTED;
pub(super) use crate::check::cases::rules::RESERVED_BITS as RESERVED;

/// A sentence of RFC 7692.
const fn rule(section: &'static str, sentence: &'static str) -> Rule {
    Rule::of(7692, section, sentence)
}

pub(super) const ORDER: Rule = rule(
    "5",
    "The order of elements is important as it specifies the client's preference.",
);
pub(super) const UNKNOWN: Rule = rule(
    "7",
    "The negotiation offer contains an extension parameter not defined for use in an offer.",
);
pub(super) const INVALID: Rule = rule(
    "7",
    "The negotiation offer contains an extension parameter with an invalid value.",
);
pub(super) const TWICE: Rule = rule(
    "7",
    "The negotiation offer contains multiple extension parameters with the same name.",
);
pub(super) const ANSWER_UNKNOWN: Rule = rule(
    "7",
    "The negotiation response contains an extension parameter not defined for use in a response.",
);
pub(super) const ANSWER_INVALID: Rule = rule(
    "7",
    "The negotiation response contains an extension parameter with an invalid value.",
);
pub(super) const ANSWER_TWICE: Rule = rule(
    "7",
    "The negotiation response contains multiple extension parameters with the same name.",
);
pub(super) const SERVER_FORGETS: Rule = rule(
    "7.1.1.1",
    "A server accepts an extension negotiation offer that includes the \
     \"server_no_context_takeover\" extension parameter by including the \
     \"server_no_context_takeover\" extension parameter in the corresponding extension negotiation \
     response to send back to the client.",
);
pub(super) const CLIENT_FORGETS: Rule = rule(
    "7.1.1.2",
    "A server MAY include the \"client_no_context_takeover\" extension parameter in an extension \
     negotiation response.",
);
pub(super) const SERVER_BITS: Rule = rule(
    "7.1.2.1",
    "A server accepts an extension negotiation offer with this parameter by including the \
     \"server_max_window_bits\" extension parameter in the extension negotiation response to send \
     back to the client with the same or smaller value as the offer.",
);
pub(super) const CLIENT_BITS: Rule = rule(
    "7.1.2.2",
    "If a received extension negotiation offer doesn't have the \"client_max_window_bits\" \
     extension parameter, the corresponding extension negotiation response to the offer MUST NOT \
     include the \"client_max_window_bits\" extension parameter.",
);
pub(super) const CLIENT_LIMITED: Rule = rule(
    "7.1.2.2",
    "By including this extension parameter in an extension negotiation response, a server limits \
     the LZ77 sliding window size that the client uses to compress messages.",
);
pub(super) const FIRST_ONLY: Rule = rule(
    "6.1",
    "An endpoint MUST NOT set the \"Per-Message Compressed\" bit of control frames and non-first \
     fragments of a data message.",
);
pub(super) const EITHER: Rule = rule(
    "6",
    "On a WebSocket connection where a PMCE is in use, this bit indicates whether a message is \
     compressed or not.",
);
pub(super) const FINAL_OR_NOT: Rule = rule(
    "7.2.1",
    "An endpoint MAY use both DEFLATE blocks with the \"BFINAL\" bit set to 0 and DEFLATE blocks \
     with the \"BFINAL\" bit set to 1.",
);
pub(super) const TAIL: Rule = rule(
    "7.2.2",
    "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message.",
);
pub(super) const INFLATED: Rule = rule("7.2.2", "Decompress the resulting data using DEFLATE.");
pub(super) const TAKEN_OVER: Rule = rule(
    "7.2.2",
    "Otherwise, the server MUST decompress each new message using the LZ77 sliding window used to \
     process the last compressed message.",
);
pub(super) const FORGOTTEN: Rule = rule(
    "7.1.1.1",
    "By including this extension parameter in an extension negotiation offer, a client prevents \
     the peer server from using context takeover.",
);
/// RFC 6455.
pub(super) const ONE_HEADER: Rule = Rule::new(
    "11.3.2",
    "The |Sec-WebSocket-Extensions| header field MAY appear multiple times in an HTTP request \
     (which is logically the same as a single |Sec-WebSocket-Extensions| header field that \
     contains all values.",
);
