//! RFC 7692 section 7.2.1: compressed messages in blocks of all types, final ones and others.

use super::deflate_messages::{HELLO, OFFER, compressed, compressed_binary, inflates};
use super::deflate_rules::{FINAL_OR_NOT, INFLATED};
use crate::check::answer::{binary_back, text_back};
use crate::check::case::Case;
use crate::check::compression::blocks::{Blocks, Final, Symbol, literals};
use crate::check::session::{End, Grade};

/// What a receiver does that misses the end of a message.
const MISSED: End = End::Fails(&[1002, 1007]);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = alone();
    cases.extend(together());
    cases.extend(longest());
    cases.extend(final_blocks());
    cases.extend(after_final_blocks());
    cases
}

/// One block.
fn alone() -> Vec<Case> {
    let abc = literals(b"abc");
    let fixed = Blocks::new().fixed(&abc, Final::No);
    let dynamic = Blocks::new().dynamic(&abc, Final::No);
    vec![
        inflates(
            "7.2.1-fixed-block",
            "A text in a block with the fixed codes",
            fixed.message(),
            "abc",
        ),
        inflates(
            "7.2.1-dynamic-block",
            "A text in a block with codes of its own",
            dynamic.message(),
            "abc",
        ),
    ]
}

/// Several blocks.
fn together() -> [Case; 3] {
    let abc = || literals(b"abc");
    let copy = [Symbol::Copy {
        len: 3,
        distance: 6,
    }];
    let all_types = Blocks::new()
        .stored(b"abc", Final::No)
        .fixed(&abc(), Final::No)
        .dynamic(&abc(), Final::No)
        .stored(b"abc", Final::No)
        .dynamic(&abc(), Final::No)
        .fixed(&abc(), Final::No);
    let empty_between = Blocks::new()
        .stored(b"", Final::No)
        .fixed(&abc(), Final::No)
        .fixed(&[], Final::No)
        .dynamic(&[], Final::No)
        .stored(b"", Final::No)
        .stored(b"abc", Final::No);
    let referring = Blocks::new()
        .stored(b"abcdef", Final::No)
        .fixed(&copy, Final::No)
        .dynamic(&copy, Final::No);
    [
        inflates(
            "7.2.1-blocks-of-all-types",
            "A text in blocks of all types",
            all_types.message(),
            "abcabcabcabcabcabc",
        ),
        inflates(
            "7.2.1-empty-blocks-between",
            "A text with empty blocks of all types between its blocks",
            empty_between.message(),
            "abcabc",
        ),
        inflates(
            "7.2.1-reference-to-a-block-before",
            "A text whose second block refers to the first",
            referring.message(),
            "abcdefabcdef",
        ),
    ]
}

/// The longest copies, and the longest block.
fn longest() -> [Case; 3] {
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
    let copies = |name: &str, blocks: Blocks| {
        let claim = format!("The longest copies, which overlap, are made in a {name} block");
        let text = format!("{}bbb", "ab".repeat(1 + 4 * 129));
        Case::must(
            format!("rfc7692-7.2.1-longest-copies-{name}"),
            claim,
            &INFLATED,
        )
        .offers(OFFER)
        .sends([compressed(blocks.message())])
        .answers([text_back(text)])
    };
    let long = vec![0xA5; 65_535];
    let stored = Blocks::new().stored(&long, Final::No);
    [
        copies("fixed", Blocks::new().fixed(&repeated, Final::No)),
        copies("dynamic", Blocks::new().dynamic(&repeated, Final::No)),
        Case::must(
            "rfc7692-7.2.1-longest-stored-block",
            "A block of 65,535 bytes that is not compressed comes back as it was",
            &INFLATED,
        )
        .offers(OFFER)
        .sends([compressed_binary(stored.message())])
        .answers([binary_back(long)]),
    ]
}

/// A text in blocks of which some are final ones.
fn with_final(id: &'static str, what: &str, bytes: impl Into<Vec<u8>>, text: &'static str) -> Case {
    let mut case = inflates(id, what, bytes, text);
    case.rule = &FINAL_OR_NOT;
    case
}

fn final_blocks() -> [Case; 3] {
    let abc = literals(b"abc");
    let final_first = Blocks::new()
        .fixed(&abc, Final::Yes)
        .dynamic(&abc, Final::No);
    let all_final = Blocks::new()
        .stored(b"abc", Final::Yes)
        .fixed(&abc, Final::Yes)
        .dynamic(&abc, Final::Yes);
    [
        with_final(
            "7.2.1-final-block-before-another",
            "A text with a final block before another one",
            final_first.message(),
            "abcabc",
        ),
        with_final(
            "7.2.1-final-blocks-of-all-types",
            "A text in three final blocks of all types",
            all_final.message(),
            "abcabcabc",
        ),
        with_final(
            "7.2.1-final-block-without-tail",
            "A text that ends with a final block, without an empty block behind it,",
            Blocks::new().fixed(&abc, Final::Yes).bytes(),
            "abc",
        )
        // A sender appends an empty block (section 7.2.1), and a strict receiver misses it.
        .or(Grade::Informational, [], MISSED),
    ]
}

/// A message after one that ended with a final block.
fn after_final_blocks() -> [Case; 2] {
    [
        with_final(
            "7.2.1-message-after-final-block",
            "A message after one with a final block",
            b"\xF3\x48\xCD\xC9\xC9\x07\x00\x00",
            "Hello",
        ),
        with_final(
            "7.2.1-message-after-empty-final-block",
            "A message after an empty one that is a final block",
            b"\x03\x00",
            "",
        )
        .or(Grade::Informational, [], MISSED),
    ]
    .map(|case| {
        case.sends([compressed(HELLO)])
            .answers([text_back("Hello")])
    })
}
