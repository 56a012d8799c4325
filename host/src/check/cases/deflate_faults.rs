//! RFC 7692 sections 6.1 and 7.2: compressed messages that are wrong, and the bit of compression
//! where it must not be.

use super::deflate_messages::{HELLO, OFFER, compressed, compressed_binary};
use super::deflate_rules::{EITHER, FIRST_ONLY, INFLATED, RESERVED, UTF8};
use crate::check::answer::{binary_back, text_back};
use crate::check::case::{Case, Rule};
use crate::check::compression::blocks::{Blocks, Final, Symbol, literals};
use crate::check::frame::{Frame, binary, close, continuation, ping, pong, text};
use crate::check::payload::Payload;
use crate::check::session::{End, Grade};

/// What is right for compressed bytes that are no message. RFC 7692 names no code.
const BAD_BYTES: &[u16] = &[1002, 1007];

pub(super) fn cases() -> Vec<Case> {
    [bits(), invalid(), cut(), text_faults(), bombs()].concat()
}

/// Reserved bits where they must not be.
fn bits() -> Vec<Case> {
    let case = |id: &'static str, what: &str, rule: &'static Rule, frames: Vec<Frame>| {
        Case::must(id, format!("{what} fails the connection"), rule)
            .offers(OFFER)
            .sends(frames)
            .fails(&[1002])
    };
    vec![
        case(
            "rfc7692-6.1-ping-with-rsv1",
            "A Ping with the bit of compression (RSV1)",
            &FIRST_ONLY,
            vec![ping("abc").reserved_bits(4)],
        ),
        case(
            "rfc7692-6.1-pong-with-rsv1",
            "A Pong with the bit of compression (RSV1)",
            &FIRST_ONLY,
            vec![pong("abc").reserved_bits(4)],
        ),
        case(
            "rfc7692-6.1-close-with-rsv1",
            "A Close with the bit of compression (RSV1)",
            &FIRST_ONLY,
            vec![close(1000, "").reserved_bits(4)],
        ),
        case(
            "rfc7692-6.1-ping-with-rsv1-between-fragments",
            "A Ping with the bit of compression (RSV1) between compressed fragments",
            &FIRST_ONLY,
            vec![
                compressed(&HELLO[..3]).not_final(),
                ping("abc").reserved_bits(4),
                continuation(&HELLO[3..]),
            ],
        ),
        case(
            "rfc7692-6.1-second-fragment-with-rsv1",
            "A second compressed fragment with the bit of compression (RSV1)",
            &FIRST_ONLY,
            vec![
                compressed(&HELLO[..3]).not_final(),
                continuation(&HELLO[3..]).reserved_bits(4),
            ],
        ),
        case(
            "rfc7692-6.1-only-second-fragment-with-rsv1",
            "A message of which only the second fragment has the bit of compression (RSV1)",
            &FIRST_ONLY,
            vec![text("He").not_final(), continuation(HELLO).reserved_bits(4)],
        ),
        case(
            "5.2-rsv2-with-compression",
            "A compressed message with another reserved bit (RSV2)",
            &RESERVED,
            vec![compressed(HELLO).reserved_bits(4 + 2)],
        ),
        case(
            "5.2-rsv3-with-compression",
            "A compressed message with another reserved bit (RSV3)",
            &RESERVED,
            vec![compressed(HELLO).reserved_bits(4 + 1)],
        ),
        case(
            "5.2-rsv2-alone-with-compression",
            "A message with a bit that permessage-deflate does not use (RSV2)",
            &RESERVED,
            vec![text("Hello").reserved_bits(2)],
        ),
        case(
            "5.2-rsv3-alone-with-compression",
            "A message with a bit that permessage-deflate does not use (RSV3)",
            &RESERVED,
            vec![text("Hello").reserved_bits(1)],
        ),
        case(
            "5.2-reserved-opcode-with-rsv1",
            "A frame with a reserved opcode and the bit of compression (RSV1)",
            &RESERVED,
            vec![binary(HELLO).opcode(3).reserved_bits(4)],
        ),
    ]
}

/// Bytes that cannot be inflated.
fn invalid() -> Vec<Case> {
    let new = Blocks::new;
    let copy = |len, distance| [Symbol::Literal(b'a'), Symbol::Copy { len, distance }];
    let messages: [(&str, &str, Vec<u8>); 14] = [
        (
            "block-of-type-3",
            "A block of type 3, which there is not,",
            new().of_no_type().message(),
        ),
        ("only-ff", "A message of bytes 0xFF", vec![0xFF; 16]),
        (
            "garbage",
            "Garbage",
            b"this is not compressed at all, but has the bit".to_vec(),
        ),
        (
            "zlib-header",
            "A message with a header of zlib (0x78 0x9C)",
            [b"\x78\x9C", HELLO].concat(),
        ),
        (
            "gzip-header",
            "A message with a header of gzip (0x1F 0x8B)",
            [&b"\x1F\x8B\x08\0\0\0\0\0\0\x03"[..], HELLO].concat(),
        ),
        (
            "distance-before-the-start",
            "A reference to before the first byte",
            new().fixed(&copy(3, 2), Final::No).message(),
        ),
        (
            "farthest-distance-before-the-start",
            "A reference over 32,768 bytes in a message of one",
            new().fixed(&copy(258, 32_768), Final::No).message(),
        ),
        (
            "reference-at-the-start",
            "A reference as the first of all",
            new()
                .fixed(
                    &[Symbol::Copy {
                        len: 3,
                        distance: 1,
                    }],
                    Final::No,
                )
                .message(),
        ),
        (
            "complement-of-length",
            "A stored block whose length and its complement do not fit",
            b"\x00\x05\x00\xFA\xFEHello\x00".to_vec(),
        ),
        // The fixed code of literals with symbol 286, and that of distances with symbol 30.
        (
            "length-symbol-286",
            "A length that there is not (symbol 286)",
            new()
                .raw_bits(0b010, 3)
                .raw_bits(0b0110_0011, 8)
                .raw_bits(0, 8)
                .message(),
        ),
        (
            "distance-symbol-30",
            "A distance that there is not (symbol 30)",
            new()
                .raw_bits(0b010, 3)
                .raw_bits(0b1000_0110, 8)
                .raw_bits(0b100_0000, 7)
                .raw_bits(0b01111, 5)
                .message(),
        ),
        (
            "too-many-codes",
            "A block whose code has too many symbols",
            // 19 symbols of one bit each.
            new()
                .raw_bits(0b100, 3)
                .raw_bits(0, 10)
                .raw_bits(15, 4)
                .raw_bits(0x0924_9249, 28)
                .raw_bits(0x0924_9249, 28)
                .raw_bits(0, 8)
                .message(),
        ),
        (
            "no-codes",
            "A block without any code",
            new()
                .raw_bits(0b100, 3)
                .raw_bits(0, 10)
                .raw_bits(0, 4)
                .raw_bits(0, 12)
                .raw_bits(0, 8)
                .message(),
        ),
        (
            "too-many-lengths",
            "A block that says it has 288 codes of literals",
            new()
                .raw_bits(0b100, 3)
                .raw_bits(31, 5)
                .raw_bits(31, 5)
                .raw_bits(15, 4)
                .raw_bits(u32::MAX, 32)
                .raw_bits(u32::MAX, 32)
                .message(),
        ),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for (words, what, message) in messages {
        let claim = format!("{what} fails the connection");
        let case = Case::robust(format!("rfc7692-7.2.2-{words}"), claim, &INFLATED);
        cases.push(
            case.offers(OFFER)
                .sends([compressed_binary(message)])
                .fails(BAD_BYTES),
        );
    }
    let claim = "A second message that cannot be inflated fails the connection, after the first \
                 came back";
    cases.push(
        Case::robust("rfc7692-7.2.2-garbage-behind-a-message", claim, &INFLATED)
            .offers(OFFER)
            .sends([compressed(HELLO)])
            .answers([text_back("Hello")])
            .sends([compressed(new().of_no_type().message())])
            .fails(BAD_BYTES),
    );
    cases.push(
        Case::robust(
            "rfc7692-7.2.2-garbage-in-the-second-fragment",
            "A message whose second fragment cannot be inflated fails the connection",
            &INFLATED,
        )
        .offers(OFFER)
        .sends([
            compressed(new().stored(b"abc", Final::No).bytes()).not_final(),
            continuation(new().of_no_type().message()),
        ])
        .fails(BAD_BYTES),
    );
    cases
}

/// Messages that end too early or too late. No RFC says what comes of them, and zlib, which nearly
/// all use, does not find them: what is noted is which it is.
fn cut() -> Vec<Case> {
    let new = Blocks::new;
    let case = |id: &'static str, what: &str, bytes: Vec<u8>, seen: Vec<u8>| {
        let claim = format!("{what} fails the connection");
        Case::robust(id, claim, &INFLATED)
            .offers(OFFER)
            .sends([compressed_binary(bytes)])
            .fails(BAD_BYTES)
            .or(Grade::Informational, [binary_back(seen)], End::Open)
    };
    let mut behind = case(
        "rfc7692-7.2.2-garbage-behind-a-final-block",
        "A message with bytes that are no block behind its final block",
        [
            new().fixed(&literals(b"Hello"), Final::Yes).bytes(),
            vec![0xFF; 4],
        ]
        .concat(),
        b"Hello".to_vec(),
    );
    behind.rule = &EITHER;
    vec![
        case(
            "rfc7692-7.2.2-cut-inside-a-code",
            "A message that ends inside a code",
            HELLO[..3].to_vec(),
            b"Heh".to_vec(),
        ),
        case(
            "rfc7692-7.2.2-cut-inside-a-stored-block",
            "A message that ends inside a block that is not compressed",
            b"\x00\x05\x00\xFA\xFFHe".to_vec(),
            b"He\x00\x00\xFF".to_vec(),
        ),
        behind,
    ]
}

/// Text that is not UTF-8 after it was inflated.
fn text_faults() -> Vec<Case> {
    let cut_in_two = |bytes: &[u8]| {
        let message = Blocks::new().stored(bytes, Final::No).message();
        let (before, after) = message.split_at(6);
        vec![compressed(before).not_final(), continuation(after.to_vec())]
    };
    let fixed = |bytes: &[u8]| {
        vec![compressed(
            Blocks::new().fixed(&literals(bytes), Final::No).message(),
        )]
    };
    let mut cases = Vec::new();
    for (words, what, frames) in [
        ("ff", "has the byte 0xFF", fixed(b"abc\xFFdef")),
        ("surrogate", "has a surrogate", fixed(b"abc\xED\xA0\x80def")),
        (
            "overlong",
            "has a character that is too long (0xC0 0xAF)",
            fixed(b"abc\xC0\xAFdef"),
        ),
        (
            "beyond",
            "has a character beyond U+10FFFF",
            fixed(b"abc\xF4\x90\x80\x80def"),
        ),
        (
            "cut-character",
            "ends inside a character",
            fixed("abc€".as_bytes().split_at(5).0),
        ),
        (
            "cut-character-in-fragments",
            "ends inside a character of its second fragment",
            cut_in_two(b"\xE2\x82"),
        ),
    ] {
        let claim = format!("A compressed text that {what} fails the connection");
        let case = Case::must(format!("8.1-compressed-text-{words}"), claim, &UTF8);
        cases.push(case.offers(OFFER).sends(frames).fails(&[1007]));
    }
    cases.push(
        Case::must(
            "8.1-compressed-character-in-two-fragments",
            "A compressed text with a character that is cut by fragments comes back as it was",
            &UTF8,
        )
        .offers(OFFER)
        .sends(cut_in_two("€".as_bytes()))
        .answers([text_back("€")]),
    );
    cases.push(
        Case::must(
            "8.1-compressed-binary-is-no-text",
            "A compressed binary message need not be UTF-8",
            &UTF8,
        )
        .offers(OFFER)
        .sends([compressed_binary(
            Blocks::new()
                .fixed(&literals(b"\xFF\xED\xA0\x80"), Final::No)
                .message(),
        )])
        .answers([binary_back(b"\xFF\xED\xA0\x80")]),
    );
    cases
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
