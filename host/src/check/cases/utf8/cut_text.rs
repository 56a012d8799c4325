//! Text that is UTF-8, cut inside its characters: by fragments, and by the network.

use super::rules::{PARTIAL, TEXT};
use super::valid_sequences::GREEK;
use crate::check::answer::{pong_back, text_back};
use crate::check::case::Case;
use crate::check::frame::{Frame, continuation, ping, text};

/// Autobahn's text with characters of one and two bytes.
const GERMAN: &str = "Hello-µ@ßöäüàá-UTF-8!!";
/// A name, and a character with more than one byte.
const CHARACTERS: &[(&str, &str)] = &[
    ("2-bytes", "é"),
    ("3-bytes", "€"),
    ("4-bytes", "😀"),
    ("combined", "e\u{301}"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = autobahn();
    cases.extend(CHARACTERS.iter().flat_map(of_a_character));
    cases.push(
        Case::must(
            "8.1-greek-cut-anywhere",
            "A text comes back unchanged wherever the network cuts its bytes",
            &TEXT,
        )
        .sends([text(GREEK)])
        .answers([text_back(GREEK)])
        .cut_everywhere(),
    );
    cases
}

fn autobahn() -> Vec<Case> {
    let middle = "middle frame payload";
    let halves = ("Hello-µ@ßöä", "üàá-UTF-8!!");
    vec![
        Case::must(
            "8.1-empty-text",
            "A text without any bytes comes back as an empty text",
            &TEXT,
        )
        .autobahn("6.1.1")
        .sends([text("")])
        .answers([text_back("")]),
        Case::must(
            "8.1-three-empty-fragments",
            "A text of three empty fragments comes back as an empty text",
            &TEXT,
        )
        .autobahn("6.1.2")
        .sends([
            text("").not_final(),
            continuation("").not_final(),
            continuation(""),
        ])
        .answers([text_back("")]),
        Case::must(
            "8.1-empty-fragments-around",
            "A text with an empty fragment before and behind it comes back unchanged",
            &TEXT,
        )
        .autobahn("6.1.3")
        .sends([
            text("").not_final(),
            continuation(middle).not_final(),
            continuation(""),
        ])
        .answers([text_back(middle)]),
        Case::must(
            "8.1-german-in-one-frame",
            "A text with characters of two bytes comes back unchanged",
            &TEXT,
        )
        .autobahn("6.2.1")
        .sends([text(GERMAN)])
        .answers([text_back(GERMAN)]),
        Case::must(
            "8.1-german-in-two-fragments",
            "A text in two fragments, cut between two characters, comes back unchanged",
            &TEXT,
        )
        .autobahn("6.2.2")
        .sends([text(halves.0).not_final(), continuation(halves.1)])
        .answers([text_back(GERMAN)]),
        byte_by_byte("8.1-german-in-fragments-of-1-byte", GERMAN).autobahn("6.2.3"),
        byte_by_byte("8.1-greek-in-fragments-of-1-byte", GREEK).autobahn("6.2.4"),
    ]
}

fn byte_by_byte(id: &'static str, sent: &'static str) -> Case {
    Case::must(
        id,
        "A text in fragments of one byte, which cut its characters, comes back unchanged",
        &PARTIAL,
    )
    .sends(fragments(sent.as_bytes(), &[1]))
    .answers([text_back(sent)])
}

/// A character between others, cut at each place by fragments, with something between them, and by
/// the network.
fn of_a_character(&(name, character): &(&'static str, &'static str)) -> Vec<Case> {
    let sent = format!("a{character}z");
    let len = character.len();
    let claim = format!("A text with {sent:?} in two fragments, cut behind");
    let mut cases = Vec::new();
    for cut in 1..len {
        let (before, after) = sent.as_bytes().split_at(1 + cut);
        cases.push(
            Case::must(
                format!("8.1-{name}-cut-at-{cut}-by-fragments"),
                format!("{claim} byte {cut} of {len} of the character, comes back unchanged"),
                &PARTIAL,
            )
            .sends([
                text(before.to_vec()).not_final(),
                continuation(after.to_vec()),
            ])
            .answers([text_back(sent.clone())]),
        );
        cases.push(
            Case::must(
                format!("8.1-{name}-cut-at-{cut}-by-a-ping"),
                format!(
                    "{claim} byte {cut} of {len}, with a Ping between them, comes back unchanged"
                ),
                &PARTIAL,
            )
            .sends([
                text(before.to_vec()).not_final(),
                ping("é"),
                continuation("").not_final(),
                continuation(after.to_vec()),
            ])
            .answers([pong_back("é"), text_back(sent.clone())]),
        );
    }
    cases.push(
        Case::must(
            format!("8.1-{name}-cut-anywhere"),
            format!(
                "A text with {sent:?} comes back unchanged wherever the network cuts its bytes"
            ),
            &TEXT,
        )
        .sends([text(sent.clone())])
        .answers([text_back(sent)])
        .cut_everywhere(),
    );
    cases
}

/// A text in fragments of these lengths, the last one again and again.
pub(super) fn fragments(mut bytes: &[u8], lens: &[usize]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut lens = lens.iter();
    let mut len = bytes.len();
    loop {
        len = lens.next().copied().unwrap_or(len).min(bytes.len());
        let (fragment, rest) = bytes.split_at(len);
        bytes = rest;
        let frame = match frames.is_empty() {
            true => text(fragment.to_vec()),
            false => continuation(fragment.to_vec()),
        };
        if bytes.is_empty() {
            frames.push(frame);
            return frames;
        }
        frames.push(frame.not_final());
    }
}
