//! RFC 6455 section 5.4: messages in fragments, with control frames between them.

use crate::check::answer::{binary_back, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::cases::rules::{
    FRAGMENTED_AND_NOT, FRAGMENTS_OF_ANY_SIZE, HANDLES_CONTROL_BETWEEN,
};
use crate::check::frame::{Frame, binary, continuation, ping, pong, text};
use crate::check::session::Cut;

const SAME_TYPE: Rule = Rule::new(
    "5.4",
    "As a consequence of these rules, all fragments of a message are of the same type, as set by \
     the first fragment's opcode.",
);

/// How the frames of a case are cut, the end of its id, and the end of its claim.
const CUTS: [(Cut, &str, &str); 3] = [
    (Cut::Whole, "", ""),
    (
        Cut::Frames,
        "-frame-by-frame",
        ", if the frames arrive one by one",
    ),
    (
        Cut::Bytes,
        "-byte-by-byte",
        ", if the bytes arrive one by one",
    ),
];

pub(super) fn cases() -> Vec<Case> {
    [
        two_fragments(),
        ping_between(),
        pings_in_turn(),
        empty_fragments(),
        others(),
        several_messages(),
    ]
    .concat()
}

fn two_fragments() -> Vec<Case> {
    let numbers = ["5.3", "5.4", "5.5"];
    let mut cases = Vec::new();
    for ((cut, how, also), number) in CUTS.into_iter().zip(numbers) {
        let text_case = Case::must(
            format!("5.4-text-in-two-fragments{how}"),
            format!("A text message in two fragments comes back{also}"),
            &FRAGMENTED_AND_NOT,
        )
        .autobahn(number)
        .sends_cut(
            cut,
            [text("fragment1").not_final(), continuation("fragment2")],
        )
        .answers([text_back("fragment1fragment2")]);
        let binary_case = Case::must(
            format!("5.4-binary-in-two-fragments{how}"),
            format!("A binary message in two fragments comes back{also}"),
            &FRAGMENTED_AND_NOT,
        )
        .sends_cut(
            cut,
            [binary(b"\xFE\x00").not_final(), continuation(b"\xFF\xFD")],
        )
        .answers([binary_back(b"\xFE\x00\xFF\xFD")]);
        cases.extend([text_case, binary_case]);
    }
    cases
}

fn ping_between() -> Vec<Case> {
    let numbers = ["5.6", "5.7", "5.8"];
    let case = |((cut, how, also), number): ((Cut, &str, &str), &'static str)| {
        Case::must(
            format!("5.4-ping-between-fragments{how}"),
            format!(
                "A Ping between two fragments is answered, and the message comes back whole{also}"
            ),
            &HANDLES_CONTROL_BETWEEN,
        )
        .autobahn(number)
        .sends_cut(
            cut,
            [
                text("fragment1").not_final(),
                ping("ping payload"),
                continuation("fragment2"),
            ],
        )
        .answers([pong_back("ping payload"), text_back("fragment1fragment2")])
    };
    CUTS.into_iter().zip(numbers).map(case).collect()
}

/// Pings among five fragments, and the rest comes later.
fn pings_in_turn() -> Vec<Case> {
    let cuts = [(CUTS[0], "5.19"), (CUTS[1], "5.20")];
    let case = |((cut, how, also), number): ((Cut, &str, &str), &'static str)| {
        Case::must(
            format!("5.4-pings-among-five-fragments{how}"),
            format!(
                "A Ping inside a message is answered before the message has ended, and another one \
                 too{also}"
            ),
            &HANDLES_CONTROL_BETWEEN,
        )
        .autobahn(number)
        .sends_cut(
            cut,
            [
                text("fragment1").not_final(),
                continuation("fragment2").not_final(),
                ping("pongme 1!"),
            ],
        )
        .answers([pong_back("pongme 1!")])
        .sends_cut(
            cut,
            [
                continuation("fragment3").not_final(),
                continuation("fragment4").not_final(),
                ping("pongme 2!"),
                continuation("fragment5"),
            ],
        )
        .answers([
            pong_back("pongme 2!"),
            text_back("fragment1fragment2fragment3fragment4fragment5"),
        ])
    };
    cuts.into_iter().map(case).collect()
}

fn empty_fragments() -> Vec<Case> {
    let case = |(name, which, frames, whole): (&str, &str, Vec<Frame>, &'static str)| {
        Case::must(
            format!("5.4-empty-fragment-{name}"),
            format!("A text message {which} comes back"),
            &FRAGMENTS_OF_ANY_SIZE,
        )
        .sends(frames)
        .answers([text_back(whole)])
    };
    with_empty_fragments().map(case).to_vec()
}

fn others() -> Vec<Case> {
    vec![
        Case::must(
            "5.4-pong-between-fragments",
            "A Pong between two fragments is taken without an answer, and the message comes back",
            &HANDLES_CONTROL_BETWEEN,
        )
        .sends([
            text("frag").not_final(),
            pong("nobody asked"),
            continuation("ment"),
        ])
        .answers([text_back("fragment")]),
        Case::must(
            "5.4-ping-alone-inside-a-message",
            "A Ping inside a message is answered although the rest of the message has not come",
            &HANDLES_CONTROL_BETWEEN,
        )
        .sends([text("frag").not_final(), ping("now")])
        .answers([pong_back("now")])
        .sends([continuation("ment")])
        .answers([text_back("fragment")]),
    ]
}

fn several_messages() -> Vec<Case> {
    vec![
        Case::must(
            "5.4-ping-before-each-fragment",
            "A Ping before, between and behind all fragments is answered",
            &HANDLES_CONTROL_BETWEEN,
        )
        .sends([
            ping("1"),
            binary("a").not_final(),
            ping("2"),
            continuation("b").not_final(),
            ping("3"),
            continuation("c"),
            ping("4"),
        ])
        .answers([
            pong_back("1"),
            pong_back("2"),
            pong_back("3"),
            binary_back("abc"),
            pong_back("4"),
        ]),
        Case::must(
            "5.4-fragmented-and-whole-messages",
            "Messages in fragments and messages in one frame take turns, and each has its own type",
            &SAME_TYPE,
        )
        .sends([
            text("te").not_final(),
            continuation("xt"),
            binary("binary"),
            binary("bin").not_final(),
            continuation("ary"),
            text("text"),
        ])
        .answers([
            text_back("text"),
            binary_back("binary"),
            binary_back("binary"),
            text_back("text"),
        ]),
    ]
}

/// The end of an id, what is sent in words, the frames, and the whole text.
fn with_empty_fragments() -> [(&'static str, &'static str, Vec<Frame>, &'static str); 6] {
    let more = |payload: &'static str| continuation(payload).not_final();
    let begun = |payload: &'static str| text(payload).not_final();
    [
        (
            "first",
            "whose first fragment is empty",
            vec![begun(""), continuation("rest")],
            "rest",
        ),
        (
            "last",
            "whose last fragment is empty",
            vec![begun("whole"), continuation("")],
            "whole",
        ),
        (
            "middle",
            "with an empty fragment in the middle",
            vec![begun("be"), more(""), continuation("gun")],
            "begun",
        ),
        (
            "all",
            "of three empty fragments",
            vec![begun(""), more(""), continuation("")],
            "",
        ),
        (
            "both-ends",
            "with an empty first and last fragment",
            vec![begun(""), more("inside"), continuation("")],
            "inside",
        ),
        (
            "several",
            "with several empty fragments one after the other",
            vec![
                begun("a"),
                more(""),
                more(""),
                more(""),
                more("b"),
                more(""),
                continuation("c"),
            ],
            "abc",
        ),
    ]
}
