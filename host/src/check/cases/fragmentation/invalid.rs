//! RFC 6455 section 5.4: fragments that continue nothing, and messages that are woven together.

use crate::check::answer::text_back;
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::NOT_INTERLEAVED;
use crate::check::frame::{Frame, binary, continuation, ping, text};
use crate::check::session::{Cut, End, Grade};

const BEGINNING: Rule = Rule::new(
    "5.4",
    "A fragmented message consists of a single frame with the FIN bit clear and an opcode other \
     than 0, followed by zero or more frames with the FIN bit clear and the opcode set to 0, and \
     terminated by a single frame with the FIN bit set and an opcode of 0.",
);

/// How the frames of a case are cut, and the end of its id.
const CUTS: [(Cut, &str); 3] = [
    (Cut::Whole, ""),
    (Cut::Frames, "-frame-by-frame"),
    (Cut::Bytes, "-byte-by-byte"),
];

pub(super) fn cases() -> Vec<Case> {
    [
        nothing_to_continue(),
        behind_a_message(),
        repeated(),
        woven(),
    ]
    .concat()
}

/// A continuation at the beginning, and a text message behind it.
fn nothing_to_continue() -> Vec<Case> {
    let begun = || continuation("non-continuation payload");
    let kinds = [
        (
            begun(),
            "final",
            "A final continuation",
            ["5.9", "5.10", "5.11"],
        ),
        (
            begun().not_final(),
            "not-final",
            "A continuation that is not final",
            ["5.12", "5.13", "5.14"],
        ),
    ];
    let mut cases = Vec::new();
    for (frame, name, what, numbers) in kinds {
        for ((cut, how), number) in CUTS.into_iter().zip(numbers) {
            let case = Case::must(
                format!("5.4-continuation-of-nothing-{name}{how}"),
                format!("{what} fails the connection if there is no message to continue"),
                &BEGINNING,
            )
            .autobahn(number)
            .sends_cut(cut, [frame.clone(), text("Hello, world!")])
            .fails(&[1002]);
            cases.push(case);
        }
        for (payload, how) in [("", "-empty"), ("alone", "-alone")] {
            let mut frame = frame.clone();
            frame.payload = payload.into();
            let case = Case::must(
                format!("5.4-continuation-of-nothing-{name}{how}"),
                format!("{what} fails the connection also if nothing follows it"),
                &BEGINNING,
            )
            .sends([frame])
            .fails(&[1002]);
            cases.push(case);
        }
    }
    cases
}

/// A continuation when the message before it is complete.
fn behind_a_message() -> Vec<Case> {
    vec![
        Case::must(
            "5.4-continuation-behind-a-fragmented-message",
            "A continuation fails the connection if the message before it has ended",
            &BEGINNING,
        )
        .autobahn("5.15")
        .sends([
            text("fragment1").not_final(),
            continuation("fragment2"),
            continuation("fragment3").not_final(),
            text("fragment4"),
        ])
        .answers([text_back("fragment1fragment2")])
        .fails(&[1002])
        .or(Grade::NotStrict, [], End::Fails(&[1002])),
        Case::must(
            "5.4-continuation-behind-a-whole-message",
            "A continuation fails the connection if the message before it was in one frame",
            &BEGINNING,
        )
        .sends([text("whole")])
        .answers([text_back("whole")])
        .sends([continuation("more")])
        .fails(&[1002]),
        Case::must(
            "5.4-continuation-behind-a-ping",
            "A continuation does not continue a Ping: it fails the connection",
            &BEGINNING,
        )
        .sends([ping("ping")])
        .answers([crate::check::answer::pong_back("ping")])
        .sends([continuation("more")])
        .fails(&[1002]),
    ]
}

fn repeated() -> Vec<Case> {
    [
        (continuation("fragment1").not_final(), "not-final", "5.16"),
        (continuation("fragment1"), "final", "5.17"),
    ]
    .into_iter()
    .map(|(frame, name, number)| {
        let once = [
            frame,
            text("fragment2").not_final(),
            continuation("fragment3"),
        ];
        Case::must(
            format!("5.4-continuation-of-nothing-{name}-before-fragments"),
            "A continuation of nothing fails the connection also if a fragmented message follows it",
            &BEGINNING,
        )
        .autobahn(number)
        .sends([once.clone(), once].concat())
        .fails(&[1002])
    })
    .collect()
}

/// A message that begins inside another one.
fn woven() -> Vec<Case> {
    let case = |(name, what, frames): (&str, &str, Vec<Frame>)| {
        let case = Case::must(
            format!("5.4-{name}"),
            format!("{what} fails the connection, because only continuations may follow"),
            &NOT_INTERLEAVED,
        )
        .sends(frames)
        .fails(&[1002]);
        match name {
            "text-in-text" => case.autobahn("5.18"),
            _ => case,
        }
    };
    let cases = inside_another().into_iter().chain(in_turn());
    cases.map(case).collect()
}

/// The end of an id, what is sent in words, and the frames.
fn inside_another() -> [(&'static str, &'static str, Vec<Frame>); 5] {
    let begun = || text("fragment1").not_final();
    [
        (
            "text-in-text",
            "A second text frame",
            vec![begun(), text("fragment2")],
        ),
        (
            "binary-in-text",
            "A binary message inside a text message",
            vec![begun(), binary("fragment2"), continuation("fragment3")],
        ),
        (
            "text-in-binary",
            "A text message inside a binary message",
            vec![
                binary("fragment1").not_final(),
                text("fragment2"),
                continuation("fragment3"),
            ],
        ),
        (
            "empty-text-in-text",
            "An empty text frame inside a text message",
            vec![begun(), text(""), continuation("fragment2")],
        ),
        (
            "text-behind-a-ping-in-text",
            "A text frame inside a text message, behind a Ping,",
            vec![begun(), text("fragment2").not_final(), ping("late")],
        ),
    ]
}

/// The same with fragments of two messages in turn.
fn in_turn() -> [(&'static str, &'static str, Vec<Frame>); 2] {
    let begun = || text("fragment1").not_final();
    [
        (
            "two-texts-woven",
            "A text message that begins inside another one, with fragments of both in turn,",
            vec![
                begun(),
                text("other1").not_final(),
                continuation("fragment2"),
                continuation("other2"),
            ],
        ),
        (
            "text-and-binary-woven",
            "A binary message that begins inside a text message, with fragments of both in turn,",
            vec![
                begun(),
                binary("other1").not_final(),
                continuation("fragment2").not_final(),
                continuation("other2").not_final(),
                continuation("fragment3"),
                continuation("other3"),
            ],
        ),
    ]
}
