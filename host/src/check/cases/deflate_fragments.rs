//! RFC 7692 section 6.2: compressed messages in fragments of all kinds, and cut by TCP.

use super::deflate_messages::{HELLO, OFFER, compressed};
use super::deflate_rules::{BETWEEN, FIRST_ONLY, INFLATED};
use crate::check::answer::{Answer, binary_back, pong_back, text_back};
use crate::check::case::Case;
use crate::check::compression::blocks::{Blocks, Final, Symbol, literals};
use crate::check::content::Content;
use crate::check::frame::{Frame, Role, binary, continuation, ping, pong};
use crate::check::received::FaultKind;

/// A text of which some is repeated, and some is not ASCII.
const FOX: &str = "the quick brown fox, the quick brown fox, the slow one, and one fox: ÄÖÜ€😀";

/// The same in blocks of several types.
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

pub(super) fn cases() -> Vec<Case> {
    let mut cases = whole();
    cases.extend(bytewise());
    cases
}

fn case(id: &'static str, claim: &'static str) -> Case {
    Case::must(id, claim, &INFLATED).offers(OFFER)
}

/// In few frames.
fn whole() -> Vec<Case> {
    let fox = fox();
    let cut = |place: usize| {
        let (before, after) = fox.split_at(place);
        [compressed(before).not_final(), continuation(after.to_vec())]
    };
    vec![
        case(
            "rfc7692-7.2.2-cut-into-two-fragments-anywhere",
            "A compressed text comes back as it was, wherever it is cut into two fragments",
        )
        .sends((0..=fox.len()).flat_map(cut))
        .answers(vec![text_back(FOX); fox.len() + 1]),
        case(
            "rfc7692-7.2.2-empty-first-fragment",
            "A compressed text whose first fragment is empty comes back as it was",
        )
        .sends([compressed(b"").not_final(), continuation(fox.clone())])
        .answers([text_back(FOX)]),
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
        // > the client MUST wait for a response from the server before sending any further data
        // > (RFC 6455 section 4.1)
        .of(Role::Client)
        .sends([compressed(fox.clone())])
        .answers([text_back(FOX)])
        .glued(),
    ]
}

/// With a frame for each byte.
fn bytewise() -> [Case; 4] {
    let long = Content::Document.part(0, 1000);
    let fox = fox();
    let cut = |between: &[Frame]| -> Vec<Frame> {
        let mut frames = vec![compressed(&fox[..1]).not_final()];
        for byte in &fox[1..] {
            frames.extend_from_slice(between);
            frames.push(continuation(vec![*byte]).not_final());
        }
        frames.extend_from_slice(between);
        frames.push(continuation(""));
        frames
    };
    let pongs = vec![pong_back("between"); fox.len()];
    let pongs_and_text: Vec<Answer> = pongs.into_iter().chain([text_back(FOX)]).collect();
    [
        case(
            "rfc7692-7.2.2-a-fragment-for-each-byte",
            "A compressed text of which each byte is a fragment comes back as it was",
        )
        .sends(cut(&[]))
        .answers([text_back(FOX)]),
        case(
            "rfc7692-7.2.2-empty-fragments-between",
            "A compressed text with empty fragments between its bytes comes back as it was",
        )
        .sends(cut(&[
            continuation("").not_final(),
            continuation("").not_final(),
        ]))
        .answers([text_back(FOX)]),
        Case::must(
            "rfc7692-6.1-control-frames-between-fragments",
            "Pings between the fragments of a compressed text are answered, and do not disturb it",
            &BETWEEN,
        )
        .offers(OFFER)
        .sends(cut(&[ping("between"), pong("unasked")]))
        .answers(pongs_and_text),
        Case::must(
            "rfc7692-6.1-own-fragments-and-pongs",
            "RSV1 of a peer's own frames is set in the first of a compressed message only, and in \
             no Pong",
            &FIRST_ONLY,
        )
        .offers(OFFER)
        .sends([binary(long.clone()), ping("behind a long message")])
        .answers([binary_back(long), pong_back("behind a long message")])
        .watches(FaultKind::ReservedBits),
    ]
}
