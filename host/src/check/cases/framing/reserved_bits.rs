//! RFC 6455 section 5.2: the bits that are reserved for extensions, without an extension.

use crate::check::answer::text_back;
use crate::check::case::Case;
use crate::check::cases::rules::RESERVED_BITS;
use crate::check::frame::{Frame, binary, close_with, continuation, ping, pong, text};
use crate::check::session::{Cut, End, Grade};

pub(super) fn cases() -> Vec<Case> {
    [alone(), inside_a_message(), behind_a_message()].concat()
}

/// All combinations, RSV1 is 4.
const BITS: [(u8, &str, &str); 7] = [
    (1, "rsv3", "RSV3"),
    (2, "rsv2", "RSV2"),
    (3, "rsv2-rsv3", "RSV2 and RSV3"),
    (4, "rsv1", "RSV1"),
    (5, "rsv1-rsv3", "RSV1 and RSV3"),
    (6, "rsv1-rsv2", "RSV1 and RSV2"),
    (7, "rsv1-rsv2-rsv3", "all three reserved bits"),
];

/// Each combination, in the only frame that is sent.
fn alone() -> Vec<Case> {
    let frames: [(&str, &str, Frame); 5] = [
        ("text", "A text frame", text("Hello, world!")),
        (
            "binary",
            "A binary frame",
            binary(b"\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF"),
        ),
        ("ping", "A Ping", ping("Hello, world!")),
        ("pong", "A Pong", pong("Hello, world!")),
        ("close", "A Close", close_with("")),
    ];
    let mut cases = Vec::new();
    for (name, what, frame) in frames {
        for (bits, bits_name, set) in BITS {
            let case = Case::must(
                format!("5.2-{name}-with-{bits_name}"),
                format!(
                    "{what} with {set} set fails the connection, because no extension was agreed on"
                ),
                &RESERVED_BITS,
            )
            .sends([frame.clone().reserved_bits(bits)])
            .fails(&[1002]);
            cases.push(match (name, bits) {
                ("text", 1) => case.autobahn("3.1"),
                ("binary", 5) => case.autobahn("3.5"),
                ("binary", 6) => case.autobahn("3.6"),
                ("close", 7) => case.autobahn("3.7"),
                _ => case,
            });
        }
    }
    cases
}

/// Each combination, in the second fragment of a message.
fn inside_a_message() -> Vec<Case> {
    let case = |(bits, bits_name, set): (u8, &str, &str)| {
        Case::must(
            format!("5.2-continuation-with-{bits_name}"),
            format!("A second fragment with {set} set fails the connection"),
            &RESERVED_BITS,
        )
        .sends([
            text("Hello, ").not_final(),
            continuation("world!").reserved_bits(bits),
        ])
        .fails(&[1002])
    };
    BITS.into_iter().map(case).collect()
}

/// One bit behind a message that is right, and a Ping behind it.
fn behind_a_message() -> Vec<Case> {
    [
        (2, "rsv2", "3.2", Cut::Whole, ""),
        (3, "rsv2-rsv3", "3.3", Cut::Frames, "-frame-by-frame"),
        (4, "rsv1", "3.4", Cut::Bytes, "-byte-by-byte"),
    ]
    .into_iter()
    .map(|(bits, bits_name, number, cut, how)| {
        Case::must(
            format!("5.2-{bits_name}-behind-a-message{how}"),
            "A reserved bit fails the connection after the message before it was answered, and a \
             Ping behind it is not answered",
            &RESERVED_BITS,
        )
        .autobahn(number)
        .sends_cut(
            cut,
            [
                text("Hello, world!"),
                text("Hello, world!").reserved_bits(bits),
                ping(""),
            ],
        )
        .answers([text_back("Hello, world!")])
        .fails(&[1002])
        .or(Grade::NotStrict, [], End::Fails(&[1002]))
    })
    .collect()
}
