//! RFC 6455 section 10.4: long messages, and many. They are also what a peer's speed shows in.

use crate::check::answer::{Answer, Kind};
use crate::check::case::Case;
use crate::check::cases::rules::{FRAGMENTED_AND_NOT, LENGTH_LIMITS, RECEIVED};
use crate::check::frame::{Frame, binary, continuation, fragments, text};
use crate::check::payload::Payload;
use crate::check::session::{Cut, End, Grade};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

pub(super) fn cases() -> Vec<Case> {
    let both = |of: fn(Kind) -> Vec<Case>| [of(Kind::Text), of(Kind::Binary)].concat();
    [
        both(long_messages),
        both(many_fragments),
        both(many_pieces),
        both(many_messages),
        vec![in_fragments_of_1300_bytes()],
    ]
    .concat()
}

/// What a kind of message is called in an id and in a claim.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Binary | Kind::Pong => "binary",
    }
}

/// A message that is made of a unit, and its echo.
fn message(kind: Kind, unit: &'static [u8], len: usize) -> (Frame, Answer) {
    let payload = Payload::repeated(unit, len);
    let frame = match kind {
        Kind::Text => text(payload.clone()),
        Kind::Binary | Kind::Pong => binary(payload.clone()),
    };
    (frame, Answer { kind, payload })
}

/// The unit of long messages, as in Autobahn's suite.
fn unit(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Text => b"BAsd7&jh23",
        Kind::Binary | Kind::Pong => b"\x00\xFE\x23\xFA\xF0",
    }
}

/// The same for messages in fragments.
fn short_unit(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Text => b"*",
        Kind::Binary | Kind::Pong => b"\xFE",
    }
}

/// A length in words.
fn size(len: usize) -> String {
    match len {
        _ if len >= MIB && len.is_multiple_of(MIB) => format!("{} MiB", len / MIB),
        _ if len >= KIB && len.is_multiple_of(KIB) => format!("{} KiB", len / KIB),
        len => format!("{len} bytes"),
    }
}

/// The same in an id.
fn size_in_id(len: usize) -> String {
    size(len).replace(' ', "-").to_lowercase()
}

/// A case whose message may be too long for a peer that has a limit, and says so. A peer may be
/// busy with it for long, so no other case is played meanwhile.
fn may_be_too_long(case: Case) -> Case {
    case.or(Grade::Informational, [], End::Fails(&[1008, 1009]))
        .alone()
}

fn long_messages(kind: Kind) -> Vec<Case> {
    let (group, name) = match kind {
        Kind::Text => ("9.1", name(kind)),
        Kind::Binary | Kind::Pong => ("9.2", name(kind)),
    };
    [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]
        .into_iter()
        .zip(1..)
        .map(|(len, number)| {
            let (frame, answer) = message(kind, unit(kind), len);
            let case = Case::robust(
                format!("10.4-{name}-of-{}", size_in_id(len)),
                format!(
                    "A {name} message of {} comes back, or is refused with code 1009",
                    size(len)
                ),
                &LENGTH_LIMITS,
            )
            .autobahn(format!("{group}.{number}"))
            .sends([frame])
            .answers([answer]);
            may_be_too_long(case)
        })
        .collect()
}

fn many_fragments(kind: Kind) -> Vec<Case> {
    let (group, name) = match kind {
        Kind::Text => ("9.3", name(kind)),
        Kind::Binary | Kind::Pong => ("9.4", name(kind)),
    };
    let lens = [
        64,
        256,
        KIB,
        4 * KIB,
        16 * KIB,
        64 * KIB,
        256 * KIB,
        MIB,
        4 * MIB,
    ];
    lens.into_iter()
        .zip(1..)
        .map(|(len, number)| {
            let (frame, answer) = message(kind, short_unit(kind), 4 * MIB);
            let case = Case::robust(
                format!("10.4-{name}-of-4-mib-in-fragments-of-{}", size_in_id(len)),
                format!(
                    "A {name} message of 4 MiB in fragments of {} comes back, or is refused with \
                     code 1009",
                    size(len)
                ),
                &LENGTH_LIMITS,
            )
            .autobahn(format!("{group}.{number}"))
            .sends(with_empty_end(fragments(&frame, len)))
            .answers([answer]);
            may_be_too_long(case)
        })
        .collect()
}

/// The same fragments, and an empty one at the end, as Autobahn's suite has it: some limits of
/// fragments are reached by just that one.
fn with_empty_end(mut fragments: Vec<Frame>) -> Vec<Frame> {
    if let Some(last) = fragments.pop() {
        fragments.extend([last.not_final(), continuation("")]);
    }
    fragments
}

fn many_pieces(kind: Kind) -> Vec<Case> {
    let (group, name) = match kind {
        Kind::Text => ("9.5", name(kind)),
        Kind::Binary | Kind::Pong => ("9.6", name(kind)),
    };
    [64, 128, 256, 512, 1024, 2048]
        .into_iter()
        .zip(1..)
        .map(|(len, number)| {
            let (frame, answer) = message(kind, unit(kind), MIB);
            let case = Case::robust(
                format!("10.4-{name}-of-1-mib-in-pieces-of-{len}-bytes"),
                format!(
                    "A {name} message of 1 MiB that arrives in pieces of {len} bytes comes back, \
                     or is refused with code 1009"
                ),
                &LENGTH_LIMITS,
            )
            .autobahn(format!("{group}.{number}"))
            .sends_cut(Cut::Chunks(len), [frame])
            .answers([answer]);
            may_be_too_long(case)
        })
        .collect()
}

/// Messages one after the other; each waits for the echo of the one before.
fn many_messages(kind: Kind) -> Vec<Case> {
    const COUNT: usize = 1000;
    let (group, name) = match kind {
        Kind::Text => ("9.7", name(kind)),
        Kind::Binary | Kind::Pong => ("9.8", name(kind)),
    };
    [0, 16, 64, 256, 1024, 4096]
        .into_iter()
        .zip(1..)
        .map(|(len, number)| {
            let (frame, answer) = message(kind, short_unit(kind), len);
            let case = Case::must(
                format!("6.2-thousand-{name}-messages-of-{len}-bytes"),
                format!(
                    "{COUNT} {name} messages of {len} bytes come back, each before the next is sent"
                ),
                &RECEIVED,
            )
            .autobahn(format!("{group}.{number}"));
            (0..COUNT).fold(case, |case, _| {
                case.sends([frame.clone()]).answers([answer.clone()])
            })
        })
        .collect()
}

fn in_fragments_of_1300_bytes() -> Case {
    let (frame, answer) = message(Kind::Text, b"*", 64 * KIB);
    Case::must(
        "5.4-text-of-64-kib-in-fragments-of-1300-bytes",
        "A text message of 64 KiB in fragments of 1300 bytes comes back",
        &FRAGMENTED_AND_NOT,
    )
    .autobahn("10.1.1")
    .sends(fragments(&frame, 1300))
    .answers([answer])
}
