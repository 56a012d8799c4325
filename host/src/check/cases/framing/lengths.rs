//! RFC 6455 section 5.2: lengths that are not in the shortest form, or that no peer can take.

use crate::check::answer::{Answer, Kind};
use crate::check::case::Case;
use crate::check::cases::rules::{MOST_SIGNIFICANT_BIT, PLATFORM_LIMITS, SHORTEST_LENGTH};
use crate::check::frame::{Frame, Length, binary, text};
use crate::check::payload::Payload;
use crate::check::session::{End, Grade};
use crate::quantity::Count;

pub(super) fn cases() -> Vec<Case> {
    [not_shortest(), too_long(), very_long()].concat()
}

/// A sender must not write such a length. What a receiver does is left open.
fn not_shortest() -> Vec<Case> {
    let lens = [
        (Length::In16Bits, "16", &[0, 1, 124, 125][..]),
        (Length::In64Bits, "64", &[0, 1, 125, 126, 127, 65_535]),
    ];
    let mut cases = Vec::new();
    for (form, bits, lens) in lens {
        for &len in lens {
            for (kind, name) in [(Kind::Text, "text"), (Kind::Binary, "binary")] {
                let payload = Payload::repeated("*", len);
                let frame: Frame = match kind {
                    Kind::Text => text(payload.clone()),
                    Kind::Binary | Kind::Pong => binary(payload.clone()),
                };
                let case = Case::should(
                    format!("5.2-{name}-length-{len}-in-{bits}-bits"),
                    format!(
                        "A {name} frame of {} fails the connection if it says its length in {bits} \
                         bits, because fewer are enough",
                        Count(len as u64, "byte")
                    ),
                    &SHORTEST_LENGTH,
                )
                .sends([frame.length(form)])
                .fails(&[1002])
                .or(Grade::Informational, [Answer { kind, payload }], End::Open);
                cases.push(case);
            }
        }
    }
    cases
}

/// Lengths with the most significant bit.
fn too_long() -> Vec<Case> {
    [
        (1 << 63, "2-63"),
        ((1 << 63) + 5, "2-63-and-5"),
        (u64::MAX, "2-64-less-1"),
    ]
    .into_iter()
    .map(|(len, name)| {
        Case::robust(
            format!("5.2-length-{name}"),
            format!("A frame that says it has {len} bytes fails the connection at its header"),
            &MOST_SIGNIFICANT_BIT,
        )
        .sends([binary("Hello").length(Length::Claimed(len))])
        .fails(&[1002, 1009])
    })
    .collect()
}

/// Lengths that are allowed, and that nobody has room for.
fn very_long() -> Vec<Case> {
    let lens = [
        (1 << 31, "2-31"),
        ((1 << 31) - 1, "2-31-less-1"),
        (1 << 32, "2-32"),
        ((1 << 32) + 5, "2-32-and-5"),
        ((1 << 63) - 1, "2-63-less-1"),
        ((1 << 63) - 5, "2-63-less-5"),
    ];
    let mut cases = Vec::new();
    for (len, name) in lens {
        for (frame, kind) in [(text("Hello"), "text"), (binary("Hello"), "binary")] {
            let case = Case::robust(
                format!("10.4-{kind}-length-{name}"),
                format!(
                    "A {kind} frame that says it has {len} bytes is refused, or its bytes are \
                     waited for; it is not taken for a short one"
                ),
                &PLATFORM_LIMITS,
            )
            .sends([frame.length(Length::Claimed(len))])
            .fails(&[1009])
            .or(Grade::Passed, [], End::Waiting);
            cases.push(case);
        }
    }
    cases
}
