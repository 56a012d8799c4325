//! Text that is not UTF-8, cut at each place by fragments and by the network, and text that ends
//! inside a character.

use super::cut_text::fragments;
use super::rules::{INVALID, INVALID_PAYLOAD, NEVER, PARTIAL, PROTECT, RANGE, SURROGATES};
use super::valid_sequences::GREEK;
use crate::check::answer::{binary_back, pong_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::frame::{binary, continuation, ping, text};

/// A kind of what is not UTF-8.
pub(in crate::check::cases) struct Kind {
    pub(in crate::check::cases) name: &'static str,
    /// Such as `a surrogate`.
    pub(in crate::check::cases) what: &'static str,
    pub(super) rule: &'static Rule,
    pub(in crate::check::cases) bytes: &'static [u8],
    /// With how many of the bytes it is certain that no character can come of them.
    pub(super) certain_len: usize,
}

const fn kind(
    name: &'static str,
    what: &'static str,
    rule: &'static Rule,
    bytes: &'static [u8],
    certain_len: usize,
) -> Kind {
    Kind {
        name,
        what,
        rule,
        bytes,
        certain_len,
    }
}

#[rustfmt::skip]
pub(in crate::check::cases) const KINDS: &[Kind] = &[
    kind("surrogate", "a surrogate (eda080)", &SURROGATES, b"\xED\xA0\x80", 2),
    kind("surrogate-pair", "a pair of surrogates", &SURROGATES, b"\xED\xA0\xBD\xED\xB8\x80", 2),
    kind("overlong-2", "an overlong \"/\" (c0af)", &NEVER, b"\xC0\xAF", 1),
    kind("overlong-3", "an overlong \"/\" (e080af)", &PROTECT, b"\xE0\x80\xAF", 2),
    kind("overlong-4", "an overlong \"/\" (f08080af)", &PROTECT, b"\xF0\x80\x80\xAF", 2),
    kind("beyond", "U+110000 (f4908080)", &RANGE, b"\xF4\x90\x80\x80", 2),
    kind("start-f5", "the byte f5", &NEVER, b"\xF5\x80\x80\x80", 1),
    kind("5-bytes", "a sequence of 5 bytes", &RANGE, b"\xF8\x88\x80\x80\x80", 1),
    kind("ff", "the byte ff", &NEVER, b"\xFF", 1),
    kind("continuation", "a continuation byte alone (80)", &INVALID, b"\x80", 1),
    kind("one-too-many", "a continuation byte too many (c3a9a9)", &INVALID, b"\xC3\xA9\xA9", 3),
    kind("2-unfinished", "the first of 2 bytes, then a letter", &INVALID, b"\xC3a", 2),
    kind("3-unfinished", "2 of 3 bytes, then a letter", &INVALID, b"\xE2\x82a", 3),
    kind("4-unfinished", "3 of 4 bytes, then a letter", &INVALID, b"\xF0\x9F\x98a", 4),
    kind("3-restarted", "2 of 3 bytes, then a whole character", &INVALID, b"\xE2\x82\xC3\xA9", 3),
];

/// What Autobahn's cases put around a surrogate.
const SURROGATE_IN_GREEK: [&[u8]; 3] = [GREEK.as_bytes(), b"\xED\xA0\x80", b"edited"];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = autobahn();
    cases.extend(KINDS.iter().flat_map(of_a_kind));
    cases.extend(["é", "€", "😀"].into_iter().flat_map(ends_inside));
    cases.extend(around_other_messages());
    cases
}

fn autobahn() -> Vec<Case> {
    let sent = SURROGATE_IN_GREEK.concat();
    vec![
        Case::must(
            "8.1-surrogate-in-greek",
            "A text with a surrogate between valid characters fails the connection",
            &SURROGATES,
        )
        .autobahn("6.3.1")
        .sends([text(sent.clone())])
        .fails(INVALID_PAYLOAD),
        Case::must(
            "8.1-surrogate-in-greek-in-fragments-of-1-byte",
            "A text with a surrogate, in fragments of one byte, fails the connection",
            &SURROGATES,
        )
        .autobahn("6.3.2")
        .sends(fragments(&sent, &[1; 20]))
        .fails(INVALID_PAYLOAD),
    ]
}

/// What is not UTF-8 between valid characters, in two fragments that are cut at each place in it,
/// and with its bytes cut by the network.
fn of_a_kind(kind: &Kind) -> Vec<Case> {
    let Kind {
        name,
        what,
        rule,
        bytes,
        ..
    } = *kind;
    let sent = ["é".as_bytes(), bytes, b"z"].concat();
    let mut cases: Vec<Case> = (0..=bytes.len())
        .map(|cut| {
            let (before, after) = sent.split_at("é".len() + cut);
            let place = match cut {
                0 => "before it".to_owned(),
                _ if cut == bytes.len() => "behind it".to_owned(),
                _ => format!("behind byte {cut} of it"),
            };
            Case::must(
                format!("8.1-{name}-cut-at-{cut}-by-fragments"),
                format!("A text with {what}, in two fragments cut {place}, fails the connection"),
                rule,
            )
            .sends([
                text(before.to_vec()).not_final(),
                continuation(after.to_vec()),
            ])
            .fails(INVALID_PAYLOAD)
        })
        .collect();
    cases.push(
        Case::must(
            format!("8.1-{name}-cut-anywhere"),
            format!("A text with {what} fails the connection wherever the network cuts its bytes"),
            rule,
        )
        .sends([text(sent)])
        .fails(INVALID_PAYLOAD)
        .cut_everywhere(),
    );
    cases
}

/// Messages that end inside a character, in one frame, in two, and with an empty last one.
fn ends_inside(character: &'static str) -> Vec<Case> {
    let len = character.len();
    let mut cases = Vec::new();
    for end in 1..len {
        let sent = [b"a", &character.as_bytes()[..end]].concat();
        let claim = |how: &str| {
            format!(
                "A text that ends{how} behind byte {end} of {len} of a character fails the \
                     connection"
            )
        };
        cases.push(
            Case::must(format!("8.1-ends-at-{end}-of-{len}"), claim(""), &PARTIAL)
                .sends([text(sent.clone())])
                .fails(INVALID_PAYLOAD),
        );
        cases.push(
            Case::must(
                format!("8.1-ends-at-{end}-of-{len}-with-an-empty-fragment"),
                claim(", with an empty last fragment,"),
                &PARTIAL,
            )
            .sends([text(sent.clone()).not_final(), continuation("")])
            .fails(INVALID_PAYLOAD),
        );
        let rest = character.as_bytes()[end..].to_vec();
        cases.push(
            Case::must(
                format!("8.1-ends-at-{end}-of-{len}-and-goes-on-in-the-next-message"),
                claim(", with the rest of it in the next message,"),
                &PARTIAL,
            )
            .sends([text(sent), text(rest)])
            .fails(INVALID_PAYLOAD),
        );
    }
    cases
}

/// What is not UTF-8 where another message or a control frame could hide it.
fn around_other_messages() -> Vec<Case> {
    vec![
        Case::must(
            "8.1-invalid-behind-valid",
            "A text that is not UTF-8 fails the connection also behind texts that are",
            &INVALID,
        )
        .sends([text("é")])
        .answers([text_back("é")])
        .sends([binary(b"\xC3")])
        .answers([binary_back(b"\xC3")])
        .sends([text(b"\xC3")])
        .fails(INVALID_PAYLOAD),
        Case::must(
            "8.1-binary-does-not-end-a-character",
            "A binary message does not count for the text behind it",
            &INVALID,
        )
        .sends([binary(b"\xE2\x82")])
        .answers([binary_back(b"\xE2\x82")])
        .sends([text(b"\xAC")])
        .fails(INVALID_PAYLOAD),
        Case::must(
            "8.1-ping-does-not-end-a-character",
            "The payload of a Ping is not a part of the text around it",
            &INVALID,
        )
        .sends([text(b"\xE2\x82").not_final(), ping(b"\xAC")])
        .answers([pong_back(b"\xAC")])
        .sends([continuation("z")])
        .fails(INVALID_PAYLOAD),
    ]
}
