//! RFC 6455 sections 5.6, 5.7 and 6.2: messages of all lengths come back as they were sent.

use crate::check::answer::{Answer, Kind, binary_back, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::{BINARY_DATA, RECEIVED};
use crate::check::frame::{Frame, Mask, Role, binary, continuation, ping, text};
use crate::check::payload::Payload;
use crate::check::session::Cut;
use crate::quantity::Count;

const TEXT: Rule = Rule::new("5.6", "The \"Payload data\" is text data encoded as UTF-8.");
const EXAMPLE: Rule = Rule::new(
    "5.7",
    "0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58 (contains \"Hello\")",
);

pub(super) fn cases() -> Vec<Case> {
    [
        lengths(Kind::Text),
        lengths(Kind::Binary),
        contents(),
        texts(),
        several(),
        examples(),
    ]
    .concat()
}

/// A length, and the number that Autobahn's suite has for it, without the first part.
const LENGTHS: [(usize, &str); 15] = [
    (0, ".1"),
    (1, ""),
    (2, ""),
    (124, ""),
    (125, ".2"),
    (126, ".3"),
    (127, ".4"),
    (128, ".5"),
    (255, ""),
    (256, ""),
    (65_534, ""),
    (65_535, ".6"),
    (65_536, ".7"),
    (65_537, ""),
    (131_072, ""),
];

fn message(kind: Kind, payload: Payload) -> Frame {
    match kind {
        Kind::Text => text(payload),
        Kind::Binary | Kind::Pong => binary(payload),
    }
}

/// Messages in one frame, with each form of the length and at its boundaries.
fn lengths(kind: Kind) -> Vec<Case> {
    let (name, first, unit, rule) = match kind {
        Kind::Text => ("text", "1.1", &b"*"[..], &RECEIVED),
        Kind::Binary | Kind::Pong => ("binary", "1.2", &b"\xFE"[..], &BINARY_DATA),
    };
    let of_len = |len: usize| {
        let payload = Payload::repeated(unit, len);
        (message(kind, payload.clone()), Answer { kind, payload })
    };
    let case = |(len, number): (usize, &str)| {
        let (frame, answer) = of_len(len);
        let case = Case::must(
            format!("5.6-{name}-of-{len}-bytes"),
            format!(
                "A {name} message of {} comes back",
                Count(len as u64, "byte")
            ),
            rule,
        )
        .sends([frame])
        .answers([answer]);
        match number {
            "" => case,
            number => case.autobahn(format!("{first}{number}")),
        }
    };
    let (frame, answer) = of_len(65_536);
    let in_chops = Case::must(
        format!("5.6-{name}-of-65536-bytes-in-pieces"),
        format!("A {name} message of 65536 bytes comes back also if it arrives in many pieces"),
        rule,
    )
    .autobahn(format!("{first}.8"))
    .sends_cut(Cut::Chunks(997), [frame])
    .answers([answer]);
    LENGTHS.into_iter().map(case).chain([in_chops]).collect()
}

/// Messages with bytes that something could take for its own.
fn contents() -> Vec<Case> {
    let all_bytes: Vec<u8> = (0..=255).collect();
    let binary_case = |id: &'static str, claim: &'static str, payload: Vec<u8>| {
        Case::must(id, claim, &BINARY_DATA)
            .sends([binary(payload.clone())])
            .answers([binary_back(payload)])
    };
    vec![
        binary_case(
            "5.6-binary-of-all-bytes",
            "A binary message with each of the 256 bytes comes back as it was",
            all_bytes,
        ),
        binary_case(
            "5.6-binary-like-frames",
            "A binary message whose bytes look like frames comes back as it was",
            b"\x81\x05Hello\x88\x02\x03\xE8\x89\x00".repeat(20),
        ),
        binary_case(
            "5.6-binary-that-is-no-utf-8",
            "A binary message whose bytes are no text comes back as it was",
            b"\xC0\x80\xED\xA0\x80\xF8\x88\x80\x80\x80\xFF".to_vec(),
        ),
    ]
}

/// The same as text.
fn texts() -> Vec<Case> {
    let text_case = |id: &'static str, claim: &'static str, payload: &'static str| {
        Case::must(id, claim, &TEXT)
            .sends([text(payload)])
            .answers([text_back(payload)])
    };
    vec![
        text_case(
            "5.6-text-with-control-characters",
            "A text message with control characters, also NUL, comes back as it was",
            "\0\u{1}\t\n\r\u{1B}[31m\u{7F}\u{85}",
        ),
        text_case(
            "5.6-text-of-several-lines",
            "The ends of the lines of a text message are not changed",
            "one\ntwo\r\nthree\rfour\n\n",
        ),
        text_case(
            "5.6-text-with-markup",
            "A text message that looks like markup or JSON comes back as it was",
            "{\"a\": \"<b>&amp;\\u0000</b>\"} %00 \\x00 ' \" ",
        ),
        text_case(
            "5.6-text-with-spaces-around",
            "Spaces at the beginning and the end of a text message are not cut off",
            "  two spaces around  ",
        ),
        text_case(
            "5.6-text-that-is-not-normalized",
            "Characters of a text message are not put into another form of Unicode",
            "e\u{301} \u{E9} \u{212B} \u{FB01} \u{FEFF}",
        ),
    ]
}

/// Several messages on one connection.
fn several() -> Vec<Case> {
    let both = |count: usize| {
        let pair = |index: usize| {
            let payload = format!("message {index}");
            match index % 2 {
                0 => (text(payload.clone()), text_back(payload)),
                _ => (binary(payload.clone()), binary_back(payload)),
            }
        };
        let (frames, answers): (Vec<Frame>, Vec<Answer>) = (0..count).map(pair).unzip();
        (frames, answers)
    };
    let (hundred, hundred_back) = both(100);
    let (thousand, thousand_back) = both(1000);
    let (pieces, pieces_back) = both(20);
    let (pinged, mut pinged_back) = both(10);
    let mut with_pings = Vec::new();
    for (index, frame) in pinged.into_iter().enumerate() {
        let payload = format!("ping {index}");
        with_pings.extend([frame, ping(payload.clone())]);
        pinged_back.insert(2 * index + 1, pong_back(payload));
    }
    vec![
        Case::must(
            "5.6-hundred-messages-in-one-piece",
            "A hundred messages that arrive in one piece come back, in order",
            &RECEIVED,
        )
        .sends(hundred)
        .answers(hundred_back),
        Case::must(
            "5.6-thousand-messages-unread",
            "A thousand messages come back, in order, to a peer that reads late",
            &RECEIVED,
        )
        .then(crate::check::session::Step::SendUnread(thousand))
        .answers(thousand_back),
        Case::must(
            "5.6-messages-byte-by-byte",
            "Messages that arrive byte by byte come back, in order",
            &RECEIVED,
        )
        .sends_cut(Cut::Bytes, pieces)
        .answers(pieces_back),
        Case::must(
            "5.6-messages-and-pings",
            "Messages and Pings that take turns are all answered",
            &RECEIVED,
        )
        .sends(with_pings)
        .answers(pinged_back),
        Case::must(
            "5.6-text-behind-empty-messages",
            "Empty messages are messages: each comes back, and the next one too",
            &RECEIVED,
        )
        .sends([text(""), binary(""), text(""), text("not empty")])
        .answers([
            text_back(""),
            binary_back(""),
            text_back(""),
            text_back("not empty"),
        ]),
    ]
}

/// What the RFC has as examples.
fn examples() -> Vec<Case> {
    let key = Mask::Key([0x37, 0xFA, 0x21, 0x3D]);
    let example = |id: &'static str, claim: &'static str| Case::must(id, claim, &EXAMPLE);
    vec![
        example(
            "5.7-example-of-a-masked-text",
            "The RFC's example of a masked text message comes back",
        )
        .of(Role::Server)
        .sends([text("Hello").masked(key)])
        .answers([text_back("Hello")]),
        example(
            "5.7-example-of-a-text",
            "The RFC's example of a text message that is not masked comes back",
        )
        .of(Role::Client)
        .sends([text("Hello")])
        .answers([text_back("Hello")]),
        example(
            "5.7-example-of-a-fragmented-text",
            "The RFC's example of a fragmented text message comes back",
        )
        .sends([text("Hel").not_final(), continuation("lo")])
        .answers([text_back("Hello")]),
        example(
            "5.7-example-of-a-ping",
            "The RFC's example of a Ping is answered with its payload",
        )
        .sends([ping("Hello").masked(key)])
        .answers([pong_back("Hello")]),
        example(
            "5.7-example-of-256-bytes",
            "The RFC's example of a binary message of 256 bytes comes back",
        )
        .sends([binary(Payload::repeated(b"\x00\x01\x02\x03", 256))])
        .answers([binary_back(Payload::repeated(b"\x00\x01\x02\x03", 256))]),
        example(
            "5.7-example-of-64-kib",
            "The RFC's example of a binary message of 65536 bytes comes back",
        )
        .sends([binary(Payload::repeated(b"\x00\x01\x02\x03", 65_536))])
        .answers([binary_back(Payload::repeated(b"\x00\x01\x02\x03", 65_536))]),
    ]
}
