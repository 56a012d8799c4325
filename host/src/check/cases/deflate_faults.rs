//! RFC 7692 section 6.1, and RFC 6455 sections 5.2 and 8.1: reserved bits where they must not be,
//! compressed text that is not UTF-8, and short messages that inflate to long ones.

use super::deflate_messages::{HELLO, OFFER, compressed, compressed_binary};
use super::deflate_rules::{FIRST_ONLY, INFLATED, RESERVED, UTF8};
use crate::check::answer::{binary_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::compression::blocks::{Blocks, Final, Symbol, literals};
use crate::check::frame::{Frame, binary, close, continuation, ping, pong, text};
use crate::check::payload::Payload;
use crate::check::session::{End, Grade};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = compression_bits();
    cases.extend(other_bits());
    cases.extend(text_faults());
    cases.extend(compressed_characters());
    cases.extend(bombs());
    cases
}

fn bits(id: &'static str, what: &str, rule: &'static Rule, frames: Vec<Frame>) -> Case {
    Case::must(id, format!("{what} fails the connection"), rule)
        .offers(OFFER)
        .sends(frames)
        .fails(&[1002])
}

/// The bit of compression where it must not be.
fn compression_bits() -> Vec<Case> {
    let first = || compressed(&HELLO[..3]).not_final();
    let last = || continuation(&HELLO[3..]);
    let frames: [(&str, &str, Vec<Frame>); 6] = [
        (
            "rfc7692-6.1-ping-with-rsv1",
            "A Ping",
            vec![ping("abc").reserved_bits(4)],
        ),
        (
            "rfc7692-6.1-pong-with-rsv1",
            "A Pong",
            vec![pong("abc").reserved_bits(4)],
        ),
        (
            "rfc7692-6.1-close-with-rsv1",
            "A Close",
            vec![close(1000, "").reserved_bits(4)],
        ),
        (
            "rfc7692-6.1-ping-with-rsv1-between-fragments",
            "A Ping between compressed fragments",
            vec![first(), ping("abc").reserved_bits(4), last()],
        ),
        (
            "rfc7692-6.1-second-fragment-with-rsv1",
            "A second compressed fragment",
            vec![first(), last().reserved_bits(4)],
        ),
        (
            "rfc7692-6.1-only-second-fragment-with-rsv1",
            "A second fragment, of a message that is not compressed,",
            vec![text("He").not_final(), continuation(HELLO).reserved_bits(4)],
        ),
    ];
    let case = |(id, what, frames): (&'static str, &str, Vec<Frame>)| {
        let what = format!("{what} with the bit of compression (RSV1)");
        bits(id, &what, &FIRST_ONLY, frames)
    };
    frames.map(case).into()
}

/// Other bits, and an opcode that is reserved.
fn other_bits() -> [Case; 5] {
    [
        bits(
            "5.2-rsv2-with-compression",
            "A compressed message with another reserved bit (RSV2)",
            &RESERVED,
            vec![compressed(HELLO).reserved_bits(4 + 2)],
        ),
        bits(
            "5.2-rsv3-with-compression",
            "A compressed message with another reserved bit (RSV3)",
            &RESERVED,
            vec![compressed(HELLO).reserved_bits(4 + 1)],
        ),
        bits(
            "5.2-rsv2-alone-with-compression",
            "A message with a bit that permessage-deflate does not use (RSV2)",
            &RESERVED,
            vec![text("Hello").reserved_bits(2)],
        ),
        bits(
            "5.2-rsv3-alone-with-compression",
            "A message with a bit that permessage-deflate does not use (RSV3)",
            &RESERVED,
            vec![text("Hello").reserved_bits(1)],
        ),
        bits(
            "5.2-reserved-opcode-with-rsv1",
            "A frame with a reserved opcode and the bit of compression (RSV1)",
            &RESERVED,
            vec![binary(HELLO).opcode(3).reserved_bits(4)],
        ),
    ]
}

/// A message in one frame.
fn in_one_frame(bytes: &[u8]) -> Vec<Frame> {
    let blocks = Blocks::new().fixed(&literals(bytes), Final::No);
    vec![compressed(blocks.message())]
}

/// A message that is cut behind its first byte.
fn in_two_fragments(bytes: &[u8]) -> Vec<Frame> {
    let message = Blocks::new().stored(bytes, Final::No).message();
    // The header of the block has five bytes.
    let (before, after) = message.split_at(6);
    vec![compressed(before).not_final(), continuation(after.to_vec())]
}

/// Text that is not UTF-8 after it was inflated.
fn text_faults() -> Vec<Case> {
    let faults: [(&str, &str, Vec<Frame>); 6] = [
        ("ff", "has the byte 0xFF", in_one_frame(b"abc\xFFdef")),
        (
            "surrogate",
            "has a surrogate",
            in_one_frame(b"abc\xED\xA0\x80def"),
        ),
        (
            "overlong",
            "has a character that is too long (0xC0 0xAF)",
            in_one_frame(b"abc\xC0\xAFdef"),
        ),
        (
            "beyond",
            "has a character beyond U+10FFFF",
            in_one_frame(b"abc\xF4\x90\x80\x80def"),
        ),
        (
            "cut-character",
            "ends inside a character",
            in_one_frame(b"abc\xE2\x82"),
        ),
        (
            "cut-character-in-fragments",
            "ends inside a character in its second fragment",
            in_two_fragments(b"\xE2\x82"),
        ),
    ];
    let case = |(words, what, frames): (&str, &str, Vec<Frame>)| {
        let claim = format!("A compressed text that {what} fails the connection");
        Case::must(format!("8.1-compressed-text-{words}"), claim, &UTF8)
            .offers(OFFER)
            .sends(frames)
            .fails(&[1007])
    };
    faults.map(case).into()
}

/// Bytes that are right, although parts of them are not UTF-8.
fn compressed_characters() -> [Case; 2] {
    let bytes = b"\xFF\xED\xA0\x80";
    let blocks = Blocks::new().fixed(&literals(bytes), Final::No);
    [
        Case::must(
            "8.1-compressed-character-in-two-fragments",
            "A compressed text with a character that is cut by fragments comes back as it was",
            &UTF8,
        )
        .offers(OFFER)
        .sends(in_two_fragments("€".as_bytes()))
        .answers([text_back("€")]),
        Case::must(
            "8.1-compressed-binary-is-no-text",
            "A compressed binary message need not be UTF-8",
            &UTF8,
        )
        .offers(OFFER)
        .sends([compressed_binary(blocks.message())])
        .answers([binary_back(bytes)]),
    ]
}

/// Short messages that inflate to long ones.
fn bombs() -> Vec<Case> {
    [(1, "1-mib"), (16, "16-mib")]
        .into_iter()
        .map(|(mib, words)| {
            let len: usize = mib << 20;
            // 258 zeros for each two symbols of a block.
            let copies = vec![
                Symbol::Copy {
                    len: 256,
                    distance: 1
                };
                len / 256 - 1
            ];
            let first = [
                Symbol::Literal(0),
                Symbol::Copy {
                    len: 255,
                    distance: 1,
                },
            ];
            let bomb = Blocks::new()
                .fixed(&[&first[..], &copies].concat(), Final::No)
                .message();
            Case::robust(
                format!("rfc7692-8-bomb-of-{words}"),
                format!(
                    "A message of {} KiB that inflates to {mib} MiB comes back, or is refused",
                    bomb.len() >> 10
                ),
                &INFLATED,
            )
            .offers(OFFER)
            .sends([compressed_binary(bomb)])
            .answers([binary_back(Payload::repeated("\0", len))])
            .or(Grade::Passed, [], End::Fails(&[1009, 1008]))
        })
        .collect()
}
