//! RFC 7692 sections 6 and 7.2: compressed messages as they may be, in blocks and fragments of all
//! kinds.

use super::deflate_rules::{BETWEEN, EITHER, FINAL_OR_NOT, INFLATED, TAIL};
use crate::check::answer::{Answer, binary_back, pong_back, text_back};
use crate::check::case::{Case, Severity};
use crate::check::compression::blocks::{Blocks, Final, Symbol, literals};
use crate::check::content::Content;
use crate::check::frame::{Frame, binary, continuation, ping, pong, text};
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
    [examples(), blocks(), empty(), fragments(), uncompressed()].concat()
}

/// A message in these bytes is this text.
fn inflates(id: &'static str, what: &str, bytes: impl Into<Vec<u8>>, text: &'static str) -> Case {
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

/// Blocks of all types, alone and one after the other.
fn blocks() -> Vec<Case> {
    let abc = || literals(b"abc");
    let repeated = [
        &literals(b"ab")[..],
        &[Symbol::Copy {
            len: 258,
            distance: 2,
        }; 4],
        &[Symbol::Copy {
            len: 3,
            distance: 1,
        }],
    ]
    .concat();
    let repeated_text = format!("{}bbb", "ab".repeat(1 + 4 * 129));
    let new = Blocks::new;
    let mut cases = vec![
        inflates(
            "7.2.1-fixed-block",
            "A text in a block with the fixed codes",
            new().fixed(&abc(), Final::No).message(),
            "abc",
        ),
        inflates(
            "7.2.1-dynamic-block",
            "A text in a block with codes of its own",
            new().dynamic(&abc(), Final::No).message(),
            "abc",
        ),
        inflates(
            "7.2.1-blocks-of-all-types",
            "A text in blocks of all types",
            new()
                .stored(b"abc", Final::No)
                .fixed(&abc(), Final::No)
                .dynamic(&abc(), Final::No)
                .stored(b"abc", Final::No)
                .dynamic(&abc(), Final::No)
                .fixed(&abc(), Final::No)
                .message(),
            "abcabcabcabcabcabc",
        ),
        inflates(
            "7.2.1-empty-blocks-between",
            "A text with empty blocks of all types between its blocks",
            new()
                .stored(b"", Final::No)
                .fixed(&abc(), Final::No)
                .fixed(&[], Final::No)
                .dynamic(&[], Final::No)
                .stored(b"", Final::No)
                .stored(b"abc", Final::No)
                .message(),
            "abcabc",
        ),
        inflates(
            "7.2.1-reference-to-a-block-before",
            "A text whose second block refers to the first",
            new()
                .stored(b"abcdef", Final::No)
                .fixed(
                    &[Symbol::Copy {
                        len: 3,
                        distance: 6,
                    }],
                    Final::No,
                )
                .dynamic(
                    &[Symbol::Copy {
                        len: 3,
                        distance: 6,
                    }],
                    Final::No,
                )
                .message(),
            "abcdefabcdef",
        ),
    ];
    for (name, message) in [
        ("fixed", new().fixed(&repeated, Final::No).message()),
        ("dynamic", new().dynamic(&repeated, Final::No).message()),
    ] {
        let claim = format!("The longest copies, which overlap, are made in a {name} block");
        let id = format!("rfc7692-7.2.1-longest-copies-{name}");
        cases.push(
            Case::must(id, claim, &INFLATED)
                .offers(OFFER)
                .sends([compressed(message)])
                .answers([text_back(repeated_text.clone())]),
        );
    }
    let long = vec![0xA5; 65_535];
    cases.push(
        Case::must(
            "rfc7692-7.2.1-longest-stored-block",
            "A block of 65,535 bytes that is not compressed comes back as it was",
            &INFLATED,
        )
        .offers(OFFER)
        .sends([compressed_binary(new().stored(&long, Final::No).message())])
        .answers([binary_back(long)]),
    );
    cases.extend(final_blocks());
    cases
}

/// Blocks with BFINAL.
fn final_blocks() -> [Case; 5] {
    let abc = literals(b"abc");
    let new = Blocks::new;
    let final_first = new().fixed(&abc, Final::Yes).dynamic(&abc, Final::No);
    let both_final = new()
        .stored(b"abc", Final::Yes)
        .fixed(&abc, Final::Yes)
        .dynamic(&abc, Final::Yes);
    let case = |id: &'static str, what: &str, bytes: Vec<u8>, text: &'static str| {
        let mut case = inflates(id, what, bytes, text);
        case.rule = &FINAL_OR_NOT;
        case
    };
    [
        case(
            "7.2.1-final-block-before-another",
            "A text with a final block before another one",
            final_first.message(),
            "abcabc",
        ),
        case(
            "7.2.1-final-blocks-of-all-types",
            "A text in three final blocks of all types",
            both_final.message(),
            "abcabcabc",
        ),
        case(
            "7.2.1-final-block-without-tail",
            "A text that ends with a final block, without an empty block behind it,",
            new().fixed(&abc, Final::Yes).bytes(),
            "abc",
        ),
        case(
            "7.2.1-message-after-final-block",
            "A message after one with a final block",
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00".to_vec(),
            "Hello",
        )
        .sends([compressed(HELLO)])
        .answers([text_back("Hello")]),
        case(
            "7.2.1-message-after-empty-final-block",
            "A message after an empty one that is a final block",
            b"\x03\x00".to_vec(),
            "",
        )
        .sends([compressed(HELLO)])
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
        ),
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

/// A compressed text of all types of blocks.
const FOX: &str = "The quick brown fox, the quick brown fox, the slow one, and one fox: ÄÖÜ€😀";

fn fox() -> Vec<u8> {
    let bytes = FOX.as_bytes();
    Blocks::new()
        .fixed(&literals(&bytes[..21]), Final::No)
        .fixed(
            &[Symbol::Copy {
                len: 20,
                distance: 21,
            }],
            Final::No,
        )
        .stored(&bytes[41..bytes.len() - 9], Final::No)
        .fixed(&literals(&bytes[bytes.len() - 9..]), Final::No)
        .message()
}

fn fragments() -> Vec<Case> {
    let fox = fox();
    let cut = |place: usize| {
        let (before, after) = fox.split_at(place);
        [compressed(before).not_final(), continuation(after.to_vec())]
    };
    let bytewise = |between: &dyn Fn() -> Vec<Frame>| -> Vec<Frame> {
        let mut frames = vec![compressed(&fox[..1]).not_final()];
        for byte in &fox[1..] {
            frames.extend(between());
            frames.push(continuation(vec![*byte]).not_final());
        }
        frames.extend(between());
        frames.push(continuation(""));
        frames
    };
    let case =
        |id: &'static str, claim: &'static str| Case::must(id, claim, &INFLATED).offers(OFFER);
    let pings = || vec![ping("between"), pong("unasked")];
    let pongs = vec![pong_back("between"); fox.len()];
    vec![
        case(
            "rfc7692-7.2.2-cut-into-two-fragments-anywhere",
            "A compressed text comes back as it was, wherever it is cut into two fragments",
        )
        .sends((0..=fox.len()).flat_map(cut))
        .answers(vec![text_back(FOX); fox.len() + 1]),
        case(
            "rfc7692-7.2.2-a-fragment-for-each-byte",
            "A compressed text of which each byte is a fragment comes back as it was",
        )
        .sends(bytewise(&Vec::new))
        .answers([text_back(FOX)]),
        case(
            "rfc7692-7.2.2-empty-fragments-between",
            "A compressed text with empty fragments between its bytes comes back as it was",
        )
        .sends(bytewise(&|| vec![continuation("").not_final(); 2]))
        .answers([text_back(FOX)]),
        case(
            "rfc7692-7.2.2-empty-first-fragment",
            "A compressed text whose first fragment is empty comes back as it was",
        )
        .sends([compressed(b"").not_final(), continuation(fox.clone())])
        .answers([text_back(FOX)]),
        Case::must(
            "rfc7692-6.1-control-frames-between-fragments",
            "Pings between the fragments of a compressed text are answered, and do not disturb it",
            &BETWEEN,
        )
        .offers(OFFER)
        .sends(bytewise(&pings))
        .answers(
            pongs
                .into_iter()
                .chain([text_back(FOX)])
                .collect::<Vec<Answer>>(),
        ),
        case(
            "rfc7692-7.2.2-cut-into-tcp-segments-anywhere",
            "A compressed text comes back as it was, wherever its bytes are cut by TCP",
        )
        .sends([
            compressed(&fox[..20]).not_final(),
            ping("x"),
            continuation(fox[20..].to_vec()),
            compressed(HELLO),
        ])
        .answers([pong_back("x"), text_back(FOX), text_back("Hello")])
        .cut_everywhere(),
        case(
            "rfc7692-7.2.2-first-frame-with-the-handshake",
            "A compressed text that comes with the end of the opening handshake comes back",
        )
        .sends([compressed(fox.clone())])
        .answers([text_back(FOX)])
        .glued(),
    ]
}

/// Messages that are not compressed, although that was agreed on.
fn uncompressed() -> Vec<Case> {
    let case = |id: &'static str, claim: &'static str| Case::must(id, claim, &EITHER).offers(OFFER);
    vec![
        case(
            "rfc7692-6-plain-messages",
            "Messages that are not compressed come back as they were, although compression was \
             agreed on",
        )
        .sends([
            text("plain"),
            binary(b"\xF2\x48\xCD\xFF"),
            text(""),
            binary(""),
        ])
        .answers([
            text_back("plain"),
            binary_back(b"\xF2\x48\xCD\xFF"),
            text_back(""),
            binary_back(""),
        ]),
        case(
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
        case(
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
        case(
            "rfc7692-6-random-bytes",
            "Bytes that get longer when they are compressed come back as they were",
        )
        .sends([compressed_binary(
            Blocks::new()
                .fixed(&literals(&Content::Document.part(500, 2000)), Final::No)
                .message(),
        )])
        .answers([binary_back(Content::Document.part(500, 2000))]),
    ]
}
