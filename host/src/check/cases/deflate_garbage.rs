//! RFC 7692 section 7.2.2: compressed messages that cannot be inflated, or end in the wrong place.
//! No RFC says what a peer does with them, but what comes back must be what was sent.

use super::deflate_messages::{HELLO, OFFER, compressed, compressed_binary};
use super::deflate_rules::INFLATED;
use crate::check::answer::{binary_back, text_back};
use crate::check::case::Case;
use crate::check::compression::blocks::{Blocks, Final, Symbol, literals};
use crate::check::frame::continuation;
use crate::check::session::{End, Grade};

/// What is right for compressed bytes that are no message: RFC 7692 names no code.
const BAD_BYTES: &[u16] = &[1002, 1007];

/// The words of the id, what it is, and the bytes.
type Garbage = (&'static str, &'static str, Vec<u8>);

pub(super) fn cases() -> Vec<Case> {
    let all = no_blocks().into_iter().chain(references()).chain(codes());
    let invalid = all.map(|(words, what, message)| {
        let claim = format!("{what} fails the connection");
        Case::robust(format!("rfc7692-7.2.2-{words}"), claim, &INFLATED)
            .offers(OFFER)
            .sends([compressed_binary(message)])
            .fails(BAD_BYTES)
    });
    invalid.chain(after_what_is_right()).chain(cut()).collect()
}

/// Bytes that are no blocks.
fn no_blocks() -> [Garbage; 6] {
    let gzip = b"\x1F\x8B\x08\0\0\0\0\0\0\x03";
    [
        (
            "block-of-type-3",
            "A block of type 3, which there is not,",
            Blocks::new().of_no_type().message(),
        ),
        ("only-ff", "A message of bytes 0xFF", vec![0xFF; 16]),
        (
            "garbage",
            "A text that is not compressed, but has the bit of compression,",
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
            [&gzip[..], HELLO].concat(),
        ),
        (
            "complement-of-length",
            "A stored block whose length and its complement do not fit",
            b"\x00\x05\x00\xFA\xFEHello\x00".to_vec(),
        ),
    ]
}

/// References that go too far.
fn references() -> [Garbage; 3] {
    let copy = |len, distance| {
        let symbols = [Symbol::Literal(b'a'), Symbol::Copy { len, distance }];
        Blocks::new().fixed(&symbols, Final::No).message()
    };
    let at_start = [Symbol::Copy {
        len: 3,
        distance: 1,
    }];
    [
        (
            "distance-before-the-start",
            "A reference to before the first byte",
            copy(3, 2),
        ),
        (
            "farthest-distance-before-the-start",
            "A reference over 32,768 bytes in a message of one byte",
            copy(258, 32_768),
        ),
        (
            "reference-at-the-start",
            "A reference before any other byte",
            Blocks::new().fixed(&at_start, Final::No).message(),
        ),
    ]
}

/// Codes that there are not.
fn codes() -> [Garbage; 5] {
    let dynamic = || Blocks::new().raw_bits(0b100, 3);
    // The fixed code of literals with symbol 286.
    let length = Blocks::new().raw_bits(0b010, 3).raw_bits(0b0110_0011, 8);
    // Literal "0", a length of 3, and the fixed code of distances with symbol 30.
    let distance = Blocks::new()
        .raw_bits(0b010, 3)
        .raw_bits(0b0000_0110, 8)
        .raw_bits(0b100_0000, 7)
        .raw_bits(0b01111, 5);
    // 19 symbols of one bit each.
    let too_many = dynamic().raw_bits(0, 10).raw_bits(15, 4);
    let too_many = (0..19).fold(too_many, |blocks, _| blocks.raw_bits(1, 3));
    let none = dynamic().raw_bits(0, 10 + 4 + 12);
    let too_long = dynamic().raw_bits(31, 5).raw_bits(31, 5).raw_bits(15, 4);
    [
        (
            "length-symbol-286",
            "A length that there is not (symbol 286)",
            length.raw_bits(0, 8).message(),
        ),
        (
            "distance-symbol-30",
            "A distance that there is not (symbol 30)",
            distance.raw_bits(0, 8).message(),
        ),
        (
            "too-many-codes",
            "A block whose code has too many symbols",
            too_many.raw_bits(0, 32).message(),
        ),
        (
            "no-codes",
            "A block without any code",
            none.raw_bits(0, 32).stored(&[0; 64], Final::No).message(),
        ),
        (
            "too-many-lengths",
            "A block that says it has 288 codes of literals",
            too_long
                .raw_bits(u32::MAX, 32)
                .raw_bits(u32::MAX, 32)
                .message(),
        ),
    ]
}

/// Bytes behind something that is right.
fn after_what_is_right() -> [Case; 2] {
    let wrong = || Blocks::new().of_no_type().message();
    [
        Case::robust(
            "rfc7692-7.2.2-garbage-behind-a-message",
            "A second message that cannot be inflated fails the connection, after the first came \
             back",
            &INFLATED,
        )
        .offers(OFFER)
        .sends([compressed(HELLO)])
        .answers([text_back("Hello")])
        .sends([compressed(wrong())])
        .fails(BAD_BYTES),
        Case::robust(
            "rfc7692-7.2.2-garbage-in-the-second-fragment",
            "A message whose second fragment cannot be inflated fails the connection",
            &INFLATED,
        )
        .offers(OFFER)
        .sends([
            compressed(Blocks::new().stored(b"abc", Final::No).bytes()).not_final(),
            continuation(wrong()),
        ])
        .fails(BAD_BYTES),
    ]
}

/// Messages that end too early or too late. zlib, which nearly all use, does not find them: which
/// it is, is noted.
fn cut() -> [Case; 3] {
    let case = |id: &'static str, what: &str, bytes: Vec<u8>, seen: &'static [u8]| {
        Case::robust(id, format!("{what} fails the connection"), &INFLATED)
            .offers(OFFER)
            .sends([compressed_binary(bytes)])
            .fails(BAD_BYTES)
            .or(Grade::Informational, [binary_back(seen)], End::Open)
    };
    let hello = Blocks::new().fixed(&literals(b"Hello"), Final::Yes).bytes();
    [
        case(
            "rfc7692-7.2.2-cut-inside-a-code",
            "A message that ends inside a code",
            HELLO[..3].to_vec(),
            b"Heh",
        ),
        case(
            "rfc7692-7.2.2-cut-inside-a-stored-block",
            "A message that ends inside a block that is not compressed",
            b"\x00\x05\x00\xFA\xFFHe".to_vec(),
            b"He\x00\x00\xFF",
        ),
        case(
            "rfc7692-7.2.2-garbage-behind-a-final-block",
            "A message with bytes that are no block behind its final block",
            [&hello[..], &[0xFF; 4]].concat(),
            b"Hello",
        ),
    ]
}
