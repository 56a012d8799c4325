//! RFC 7692 sections 7.1.1 and 7.1.2: windows of all sizes, kept between messages or not, in both
//! directions.

use super::deflate_messages::{HELLO, OFFER, compressed, compressed_binary};
use super::deflate_rules::{CLIENT_LIMITED, FORGOTTEN, SERVER_BITS, TAKEN_OVER};
use crate::check::answer::{Kind, binary_back, pong_back, text_back};
use crate::check::case::Case;
use crate::check::compression::blocks::{Blocks, Final, Symbol};
use crate::check::compression::parameters::Answer;
use crate::check::content::Content;
use crate::check::frame::{ping, pong, text};
use crate::check::negotiation::{Need, Negotiation};
use crate::check::payload::Payload;
use crate::check::received::FaultKind;
use crate::check::session::{End, Grade, Message, Step};

/// `Hello` once more, by a reference to the message before (section 7.2.3.2).
const HELLO_AGAIN: &[u8] = b"\xF2\x00\x11\x00\x00";

/// No parameters.
const NOTHING: Answer = Answer {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: None,
    client_max_window_bits: None,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = taken_over();
    cases.extend(forgotten());
    for bits in 8..=15 {
        cases.push(far_reference(bits));
        cases.push(far_reference_to_a_message_before(bits));
        cases.push(own_window(bits));
    }
    cases
}

/// A compressed text is sent, and then others that refer to it.
fn referring(id: &'static str, claim: &'static str) -> Case {
    Case::must(id, claim, &TAKEN_OVER)
        .negotiates(Negotiation::both(OFFER, NOTHING).needing(Need::SenderKeeps))
        .sends([compressed(HELLO)])
}

/// Messages that refer to earlier ones.
fn taken_over() -> Vec<Case> {
    let hello = || text_back("Hello");
    vec![
        referring(
            "rfc7692-7.2.3.2-reference-to-the-message-before",
            "A text that refers to the compressed message before it is inflated",
        )
        .sends([compressed(HELLO_AGAIN), compressed(HELLO_AGAIN)])
        .answers([hello(), hello(), hello()]),
        referring(
            "rfc7692-7.2.2-reference-over-plain-messages",
            "A text that refers to the last compressed message is inflated, although messages \
             between were not compressed",
        )
        .sends([text("abcdefgh"), text("ijklmnop"), compressed(HELLO_AGAIN)])
        .answers([
            hello(),
            text_back("abcdefgh"),
            text_back("ijklmnop"),
            hello(),
        ]),
        referring(
            "rfc7692-7.2.2-reference-over-control-frames",
            "A text that refers to the message before it is inflated, although control frames are \
             between",
        )
        .sends([ping("abc"), pong("def"), compressed(HELLO_AGAIN)])
        .answers([hello(), pong_back("abc"), hello()]),
        referring(
            "rfc7692-7.2.2-reference-over-empty-messages",
            "A text that refers to a compressed message is inflated, although empty messages are \
             between",
        )
        .sends([
            compressed(b"\x00"),
            compressed(b"\x02\x00"),
            compressed(HELLO_AGAIN),
        ])
        .answers([hello(), text_back(""), text_back(""), hello()]),
        referring(
            "rfc7692-7.2.2-reference-to-the-other-kind",
            "A binary message that refers to a text before it is inflated",
        )
        .sends([compressed_binary(HELLO_AGAIN)])
        .answers([hello(), binary_back("Hello")]),
    ]
}

/// No window is taken over, if the peer agrees on that.
fn without_takeover(need: Need) -> Negotiation {
    let offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                 client_max_window_bits";
    let accept = Answer {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..NOTHING
    };
    Negotiation::both(offer, accept).needing(need)
}

/// Messages that must not refer to earlier ones.
fn forgotten() -> [Case; 3] {
    let message = |start| {
        Step::SendCompressed(Message {
            kind: Kind::Text,
            payload: json(start),
            fragment_len: None,
        })
    };
    let hello = || text_back("Hello");
    let reference = Case::robust(
        "rfc7692-7.1.1.2-reference-to-a-window-not-taken-over",
        "A message that refers to one before, although no window is taken over, is inflated by \
         that or fails the connection: nothing else comes back",
        &FORGOTTEN,
    )
    .negotiates(without_takeover(Need::SenderForgets))
    .sends([compressed(HELLO)])
    .answers([hello()])
    .sends([compressed(HELLO_AGAIN)])
    .fails(&[1002, 1007])
    .or(Grade::Passed, [hello(), hello()], End::Open);
    let for_themselves = Case::must(
        "rfc7692-7.1.1.2-messages-for-themselves",
        "Messages that refer to none before come back, if no window is taken over",
        &FORGOTTEN,
    )
    .negotiates(without_takeover(Need::SenderForgets))
    .sends([HELLO, HELLO, b"\x00", HELLO].map(compressed))
    .answers(["Hello", "Hello", "", "Hello"].map(text_back));
    let nothing_refers = Case::must(
        "rfc7692-7.1.1.1-nothing-refers-to-messages-before",
        "No message refers to the one before, if the peer was asked not to take its window over",
        &FORGOTTEN,
    )
    .negotiates(without_takeover(Need::TestedForgets))
    .then(message(0))
    .then(message(0))
    .then(message(1000))
    .answers([json(0), json(0), json(1000)].map(text_back))
    .watches(FaultKind::Compression);
    [nothing_refers, for_themselves, reference]
}

fn json(start: usize) -> Payload {
    Payload::Part {
        content: Content::Json,
        start,
        len: 2000,
    }
}

/// The distance that is as long as a window, which has to be possible; no number of 16 bits is
/// larger than that of 15.
fn window_len(bits: u8) -> u16 {
    1 << bits
}

/// A window of so many bits for the messages to the tested end.
fn limited(bits: u8) -> Negotiation {
    let accept = Answer {
        server_max_window_bits: Some(bits),
        ..NOTHING
    };
    let offer = match bits {
        15 => OFFER.to_owned(),
        bits => format!("permessage-deflate; client_max_window_bits={bits}"),
    };
    Negotiation::both(offer, accept).needing(Need::SenderBits(bits))
}

/// A message refers back as far as the window allows.
fn far_reference(bits: u8) -> Case {
    let distance = window_len(bits);
    let content = Content::Document.part(0, usize::from(distance));
    let copies = [Symbol::Copy { len: 128, distance }; 2];
    let expected = [&content[..], &content[..256]].concat();
    Case::must(
        format!("rfc7692-7.1.2-{bits}-bits-farthest-reference"),
        format!("A reference back over the whole window of {distance} bytes is inflated"),
        &CLIENT_LIMITED,
    )
    .negotiates(limited(bits))
    .sends([compressed_binary(
        Blocks::new()
            .stored(&content, Final::No)
            .fixed(&copies, Final::No)
            .message(),
    )])
    .answers([binary_back(expected)])
}

/// The same to the message before.
fn far_reference_to_a_message_before(bits: u8) -> Case {
    let distance = window_len(bits);
    let content = Content::Document.part(0, usize::from(distance));
    let len = 200;
    let copy = Symbol::Copy { len, distance };
    let expected = content[..usize::from(len)].to_vec();
    Case::must(
        format!("rfc7692-7.2.2-{bits}-bits-farthest-message-before"),
        format!(
            "A reference back over the whole window of {distance} bytes, to the message before, is \
             inflated"
        ),
        &TAKEN_OVER,
    )
    .negotiates(limited(bits).needing(Need::SenderKeeps))
    .sends([compressed_binary(
        Blocks::new().stored(&content, Final::No).message(),
    )])
    .answers([binary_back(content)])
    .sends([compressed_binary(
        Blocks::new().fixed(&[copy], Final::No).message(),
    )])
    .answers([binary_back(expected)])
}

/// What comes back keeps to the window, though there is much to refer to behind it.
fn own_window(bits: u8) -> Case {
    let accept = Answer {
        client_max_window_bits: Some(bits),
        ..NOTHING
    };
    let offer =
        format!("permessage-deflate; server_max_window_bits={bits}; client_max_window_bits");
    let len = usize::from(window_len(bits)) + 300;
    let twice = |start| {
        let part = Content::Picture.part(start, len);
        Payload::from([&part[..], &part[..], &part[..]].concat())
    };
    let message = |start| {
        Step::SendCompressed(Message {
            kind: Kind::Binary,
            payload: twice(start),
            fragment_len: None,
        })
    };
    Case::must(
        format!("rfc7692-7.1.2-{bits}-bits-nothing-beyond-the-window"),
        format!(
            "No message refers back further than the window of {bits} bits ({} bytes) that was \
             agreed on",
            window_len(bits)
        ),
        &SERVER_BITS,
    )
    .negotiates(Negotiation::both(offer, accept).needing(Need::TestedBitsMax(bits)))
    .then(message(0))
    .then(message(0))
    .then(message(1000))
    .answers([twice(0), twice(0), twice(1000)].map(binary_back))
    .watches(FaultKind::Window)
}
