//! RFC 6455 section 5: the frames that the peer itself sends. Each case looks for one fault in the
//! answers to the same session.

use crate::check::answer::{Answer, binary_back, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::{
    MOST_SIGNIFICANT_BIT, NOT_INTERLEAVED, PARTIAL_UTF8, SHORT_CONTROL, SHORTEST_LENGTH,
};
use crate::check::frame::{Frame, Role, binary, continuation, ping, text};
use crate::check::payload::Payload;
use crate::check::received::FaultKind;

const SERVER_MASK: Rule = Rule::new(
    "5.1",
    "A server MUST NOT mask any frames that it sends to the client.",
);
const CLIENT_MASK: Rule = Rule::new(
    "5.1",
    "To avoid confusing network intermediaries (such as intercepting proxies) and for security \
     reasons that are further discussed in Section 10.3, a client MUST mask all frames that it \
     sends to the server (see Section 5.3 for further details).",
);
const RESERVED_BITS: Rule = Rule::new(
    "5.2",
    "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values.",
);
const RESERVED_OPCODES: Rule =
    Rule::new("5.2", "%x3-7 are reserved for further non-control frames");

pub(super) fn cases() -> Vec<Case> {
    [of_headers(), of_messages()].concat()
}

fn of_headers() -> Vec<Case> {
    vec![
        watched(
            "5.1-server-masks-nothing",
            "A server masks none of its frames",
            &SERVER_MASK,
            FaultKind::Mask,
        )
        .of(Role::Server),
        watched(
            "5.1-client-masks-all",
            "A client masks each of its frames",
            &CLIENT_MASK,
            FaultKind::Mask,
        )
        .of(Role::Client),
        watched(
            "5.2-reserved-bits-are-not-sent",
            "No frame has a reserved bit set, because no extension was agreed on",
            &RESERVED_BITS,
            FaultKind::ReservedBits,
        ),
        watched(
            "5.2-reserved-opcodes-are-not-sent",
            "No frame has a reserved opcode",
            &RESERVED_OPCODES,
            FaultKind::ReservedOpcode,
        ),
        watched(
            "5.2-lengths-are-in-the-shortest-form",
            "Each frame says its length in as few bytes as possible",
            &SHORTEST_LENGTH,
            FaultKind::LongLength,
        ),
        watched(
            "5.2-lengths-are-below-2-63",
            "No frame says a length of 2^63 or more",
            &MOST_SIGNIFICANT_BIT,
            FaultKind::Length,
        ),
    ]
}

fn of_messages() -> Vec<Case> {
    vec![
        watched(
            "5.4-fragments-are-in-order",
            "Each continuation continues a message, and no message begins inside another one",
            &NOT_INTERLEAVED,
            FaultKind::Sequence,
        ),
        watched(
            "5.5-control-frames-are-short",
            "No control frame has more than 125 bytes",
            &SHORT_CONTROL,
            FaultKind::LongControl,
        ),
        watched(
            "5.5-control-frames-are-whole",
            "Each control frame is final",
            &SHORT_CONTROL,
            FaultKind::FragmentedControl,
        ),
        watched(
            "5.6-text-is-utf-8",
            "Each text message is UTF-8",
            &PARTIAL_UTF8,
            FaultKind::InvalidText,
        ),
    ]
}

/// A case that looks for a fault in the answers to frames of many kinds.
fn watched(id: &'static str, claim: &'static str, rule: &'static Rule, fault: FaultKind) -> Case {
    let (frames, answers): (Vec<Vec<Frame>>, Vec<Answer>) = session().into_iter().unzip();
    Case::must(id, claim, rule)
        .sends(frames.concat())
        .answers(answers)
        .watches(fault)
}

/// Frames, and what comes back.
fn session() -> Vec<(Vec<Frame>, Answer)> {
    let mut session = vec![
        (vec![ping("")], pong_back("")),
        (vec![ping("ping")], pong_back("ping")),
        (
            vec![ping(Payload::repeated("*", 125))],
            pong_back(Payload::repeated("*", 125)),
        ),
        (
            vec![
                text("frag").not_final(),
                ping("between"),
                continuation("ment"),
            ],
            text_back("fragment"),
        ),
        (
            vec![
                binary("").not_final(),
                continuation("").not_final(),
                continuation(""),
            ],
            binary_back(""),
        ),
    ];
    session.insert(3, (Vec::new(), pong_back("between")));
    for len in [0, 1, 125, 126, 127, 65_535, 65_536] {
        let text_of = Payload::repeated("κόσμε ", len / 11 * 11);
        let binary_of = Payload::repeated(b"\xFE", len);
        session.push((vec![text(text_of.clone())], text_back(text_of)));
        session.push((vec![binary(binary_of.clone())], binary_back(binary_of)));
    }
    session
}
