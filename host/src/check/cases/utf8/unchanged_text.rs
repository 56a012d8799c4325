//! Text that some peers change or refuse although it is UTF-8, long text with one character at the
//! boundary of a block, and binary messages, which are not looked at.

use super::rules::{BINARY, INVALID, INVALID_PAYLOAD, PARTIAL, SAME_DATA, TEXT};
use crate::check::answer::{binary_back, pong_back, text_back};
use crate::check::case::Case;
use crate::check::frame::{binary, continuation, ping, text};

/// A name, what it is, and the text.
const TEXTS: &[(&str, &str, &str)] = &[
    (
        "byte-order-mark",
        "a byte order mark before it",
        "\u{FEFF}text",
    ),
    (
        "byte-order-mark-alone",
        "a byte order mark alone",
        "\u{FEFF}",
    ),
    ("nul", "U+0000 inside", "before\0behind"),
    (
        "line-breaks",
        "line breaks of three kinds",
        "a\rb\nc\r\nd\u{85}e\u{2028}f",
    ),
    ("controls", "all control characters of ASCII", CONTROLS),
    ("spaces", "white space around it", " \t text \t "),
    (
        "not-composed",
        "a letter and a combining accent",
        "e\u{301}",
    ),
    ("composed", "an accented letter in one character", "\u{E9}"),
    (
        "right-to-left",
        "text that is written from right to left",
        "\u{202B}שלום\u{202C}",
    ),
    (
        "emoji",
        "an emoji of several characters",
        "👩\u{200D}👩\u{200D}👧\u{FE0F}",
    ),
    (
        "private-use",
        "characters for private use",
        "\u{E000}\u{F8FF}\u{100000}\u{10FFFD}",
    ),
    (
        "unassigned",
        "a code point without a character",
        "\u{378}\u{E0080}",
    ),
    (
        "escapes",
        "what looks like an escape",
        "\\u0000 %00 &#0; \\xff",
    ),
];
const CONTROLS: &str = "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{A}\u{B}\u{C}\u{D}\u{E}\
                        \u{F}\u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}\u{1A}\
                        \u{1B}\u{1C}\u{1D}\u{1E}\u{1F}\u{7F}";
/// Where validators that look at many bytes at a time have boundaries.
const PLACES: &[usize] = &[7, 15, 31, 63, 127, 1023, 4095, 16383, 65535];
/// How many letters are behind such a place.
const BEHIND: usize = 70;

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = TEXTS.iter().map(unchanged).collect();
    cases.push(of_all_planes());
    cases.extend(PLACES.iter().flat_map(|&place| at_a_place(place)));
    cases.extend(not_text());
    cases
}

fn unchanged(&(name, what, sent): &(&'static str, &'static str, &'static str)) -> Case {
    Case::must(
        format!("8.1-unchanged-{name}"),
        format!("A text with {what} comes back unchanged"),
        &TEXT,
    )
    .sends([text(sent)])
    .answers([text_back(sent)])
}

/// Characters of all planes, and of all lengths.
fn of_all_planes() -> Case {
    let characters: String = (0..=0x10_FFFF)
        .step_by(0x7F)
        .filter_map(char::from_u32)
        .collect();
    Case::must(
        "8.1-unchanged-all-planes",
        "A text with thousands of characters from all of Unicode comes back unchanged",
        &TEXT,
    )
    .sends([text(characters.clone())])
    .answers([text_back(characters)])
}

/// A character of four bytes that crosses a boundary, and what is no character there.
fn at_a_place(place: usize) -> [Case; 3] {
    let letters = |count: usize| "x".repeat(count);
    let valid = [letters(place - 1), "😀".into(), letters(BEHIND)].concat();
    let invalid = [
        letters(place).as_bytes(),
        b"\xFF",
        letters(BEHIND).as_bytes(),
    ]
    .concat();
    let cut = [letters(place).as_bytes(), b"\xF0\x9F\x98"].concat();
    [
        Case::must(
            format!("8.1-valid-at-{place}"),
            format!("A long text with a character of 4 bytes from byte {place} on comes back"),
            &TEXT,
        )
        .sends([text(valid.clone())])
        .answers([text_back(valid)]),
        Case::must(
            format!("8.1-invalid-at-{place}"),
            format!("A long text with the byte ff behind {place} letters fails the connection"),
            &INVALID,
        )
        .sends([text(invalid)])
        .fails(INVALID_PAYLOAD),
        Case::must(
            format!("8.1-ends-inside-a-character-at-{place}"),
            format!(
                "A text of {place} letters and 3 of 4 bytes of a character fails the connection"
            ),
            &PARTIAL,
        )
        .sends([text(cut)])
        .fails(INVALID_PAYLOAD),
    ]
}

/// What need not be UTF-8.
fn not_text() -> Vec<Case> {
    let bytes = b"\xFF\xC0\x80\xED\xA0\x80\xE2\x82";
    vec![
        Case::must(
            "8.1-binary-need-not-be-utf-8",
            "A binary message that is not UTF-8 comes back unchanged",
            &BINARY,
        )
        .sends([binary(bytes)])
        .answers([binary_back(bytes)]),
        Case::must(
            "8.1-binary-fragments-need-not-be-utf-8",
            "A binary message in fragments that are not UTF-8 comes back unchanged",
            &BINARY,
        )
        .sends([binary(&bytes[..3]).not_final(), continuation(&bytes[3..])])
        .answers([binary_back(bytes)]),
        Case::must(
            "8.1-ping-need-not-be-utf-8",
            "A Ping whose payload is not UTF-8 is answered with the same payload",
            &SAME_DATA,
        )
        .sends([ping(bytes)])
        .answers([pong_back(bytes)]),
        Case::must(
            "8.1-text-behind-binary",
            "A text comes back unchanged behind a binary message that is not UTF-8",
            &TEXT,
        )
        .sends([binary(bytes), text("é")])
        .answers([binary_back(bytes), text_back("é")]),
    ]
}
