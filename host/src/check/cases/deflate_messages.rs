//! RFC 7692 sections 6 and 7.2.3: compressed messages as the RFC has them, empty ones, and messages
//! that are not compressed although that was agreed on.

use super::deflate_rules::{EITHER, INFLATED, TAIL};
use crate::check::answer::{binary_back, text_back};
use crate::check::case::{Case, Severity};
use crate::check::compression::blocks::{Blocks, Final, literals};
use crate::check::content::Content;
use crate::check::frame::{Frame, binary, continuation, text};
use crate::check::session::{End, Grade};

/// The offer of most clients.
pub(super) const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// `Hello`, as the RFC compresses it in section 7.2.3.1.
pub(super) const HELLO: &[u8] = b"\xF2\x48\xCD\xC9\xC9\x07\x00";

/// A compressed text in one frame.
pub(super) fn compressed(bytes: impl Into<Vec<u8>>) -> Frame {
    text(bytes.into()).reserved_bits(4)
}

/// A compressed binary message in one frame.
pub(super) fn compressed_binary(bytes: impl Into<Vec<u8>>) -> Frame {
    binary(bytes.into()).reserved_bits(4)
}

pub(super) fn cases() -> Vec<Case> {
    [examples(), empty(), uncompressed(), mixed().into()].concat()
}

/// A message in these bytes is this text.
pub(super) fn inflates(
    id: &'static str,
    what: &str,
    bytes: impl Into<Vec<u8>>,
    text: &'static str,
) -> Case {
    let claim = format!("{what} comes back as it was");
    Case::must(format!("rfc7692-{id}"), claim, &INFLATED)
        .offers(OFFER)
        .sends([compressed(bytes)])
        .answers([text_back(text)])
}

/// The examples of section 7.2.3.
fn examples() -> Vec<Case> {
    vec![
        inflates("7.2.3.1-one-block", "Hello in one block", HELLO, "Hello"),
        inflates(
            "7.2.3.3-stored-block",
            "Hello in a block that is not compressed",
            b"\x00\x05\x00\xFA\xFF\x48\x65\x6C\x6C\x6F\x00",
            "Hello",
        ),
        inflates(
            "7.2.3.4-final-block",
            "Hello in a block that is marked as the final one",
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00",
            "Hello",
        ),
        inflates(
            "7.2.3.5-two-blocks",
            "Hello in two blocks",
            b"\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00",
            "Hello",
        ),
        Case::must(
            "rfc7692-7.2.3.1-two-fragments",
            "Hello in one block, but two fragments, comes back as it was",
            &INFLATED,
        )
        .offers(OFFER)
        .sends([
            compressed(&HELLO[..3]).not_final(),
            continuation(&HELLO[3..]),
        ])
        .answers([text_back("Hello")]),
    ]
}

/// Messages without content, and tails that were not left out.
fn empty() -> Vec<Case> {
    let mut no_bytes = inflates("7.2.2-no-bytes-at-all", "A message of no bytes", b"", "").or(
        Grade::Informational,
        [],
        End::Fails(&[1002, 1007]),
    );
    no_bytes.severity = Severity::Robustness;
    let tail = |id, what, bytes: &[u8], text| {
        let mut case = inflates(id, what, bytes, text);
        case.rule = &TAIL;
        case
    };
    vec![
        inflates("7.2.3.6-empty-message", "An empty text (0x00)", b"\x00", ""),
        inflates(
            "7.2.1-empty-fixed-block",
            "An empty text (0x02 0x00)",
            b"\x02\x00",
            "",
        ),
        tail(
            "7.2.2-tail-left-on",
            "A text with the tail that is to be left out",
            b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF",
            "Hello",
        )
        // With the tail appended once more, the last block is cut.
        .or(Grade::Informational, [], End::Fails(&[1002, 1007])),
        inflates(
            "7.2.1-empty-messages",
            "Each of three empty texts",
            b"\x00",
            "",
        )
        .sends([compressed(b"\x02\x00"), compressed(b"\x00")])
        .answers([text_back(""), text_back("")]),
        Case::must(
            "rfc7692-7.2.3.6-empty-last-fragment",
            "A text whose last fragment is an empty block comes back as it was",
            &INFLATED,
        )
        .offers(OFFER)
        .sends([
            compressed(b"\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF").not_final(),
            continuation(b"\x00"),
        ])
        .answers([text_back("Hello")]),
        no_bytes,
    ]
}

fn either(id: &'static str, claim: &'static str) -> Case {
    Case::must(id, claim, &EITHER).offers(OFFER)
}

/// Messages that are not compressed, although that was agreed on.
fn uncompressed() -> Vec<Case> {
    let bytes = b"\xF2\x48\xCD\xFF";
    vec![
        either(
            "rfc7692-6-plain-messages",
            "Messages that are not compressed come back as they were, although compression was \
             agreed on",
        )
        .sends([text("plain"), binary(bytes), text(""), binary("")])
        .answers([
            text_back("plain"),
            binary_back(bytes),
            text_back(""),
            binary_back(""),
        ]),
        either(
            "rfc7692-6-plain-fragments",
            "A message in fragments that is not compressed comes back as it was, although \
             compression was agreed on",
        )
        .sends([
            text("pl").not_final(),
            continuation("ai").not_final(),
            continuation("n"),
        ])
        .answers([text_back("plain")]),
    ]
}

/// Some that are compressed, and some that are not; and one that should not be.
fn mixed() -> [Case; 2] {
    let random = Content::Document.part(500, 2000);
    let longer = Blocks::new().fixed(&literals(&random), Final::No);
    [
        either(
            "rfc7692-6-compressed-and-plain-in-turns",
            "Compressed messages and others in turns come back as they were",
        )
        .sends([
            compressed(HELLO),
            text("plain"),
            compressed_binary(HELLO),
            binary("plain"),
            compressed(HELLO),
        ])
        .answers([
            text_back("Hello"),
            text_back("plain"),
            binary_back("Hello"),
            binary_back("plain"),
            text_back("Hello"),
        ]),
        either(
            "rfc7692-6-random-bytes",
            "Bytes that get longer when they are compressed come back as they were",
        )
        .sends([compressed_binary(longer.message())])
        .answers([binary_back(random)]),
    ]
}
