//! Frames that may not be sent, and what follows them.

use super::*;
use crate::serve::tap::messages::{Found, MessageReader};

/// What is found, in words.
fn found(side: Side, may_compress: bool, sent: &[u8], piece_len: usize) -> Vec<String> {
    let mut messages = MessageReader::new(side, None);
    messages.may_compress = may_compress;
    let mut words = Vec::new();
    let mut note = |found: Found<'_>| match found {
        Found::Frame(..) => {}
        Found::Control(opcode, payload) => words.push(format!("control {opcode} {payload:?}")),
        Found::Invalid(fault, _) => words.push(fault.to_owned()),
        Found::Message(_) => unreachable!("no messages are gathered"),
    };
    for piece in sent.chunks(piece_len) {
        messages.read(piece, &mut note);
    }
    messages.end(&mut note);
    words
}

#[test]
fn each_fault_is_found_and_the_frames_after_it_too() {
    let other = |side| match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    };
    for side in [Side::Client, Side::Server] {
        let key = match side {
            Side::Client => "no masking key",
            Side::Server => "a masking key",
        };
        let mut long_form = frame(side, 0x82, &[0; 126]);
        long_form.truncate(4 + frame(side, 0x82, b"").len() - 2);
        long_form[3] = 0;
        let frame = |first, payload: &[u8]| frame(side, first, payload);
        for (sent, fault) in [
            (super::frame(other(side), 0x81, b"abc"), key),
            (frame(0xA1, b"abc"), "RSV2 or RSV3"),
            (frame(0x92, b"abc"), "RSV2 or RSV3"),
            (frame(0xC2, b"abc"), "RSV1 without compression"),
            (frame(0x83, b"abc"), "a reserved opcode"),
            (frame(0x8B, b"abc"), "a reserved opcode"),
            (frame(0x09, b"abc"), "a control frame without FIN"),
            (
                frame(0x89, &[7; 126]),
                "a control frame longer than 125 bytes",
            ),
            (frame(0x80, b"abc"), "a continuation of nothing"),
            (frame(0x88, b"a"), "a Close with one byte"),
            (
                frame(0x88, b"\x03\xED"),
                "a close code that must not be sent",
            ),
            (
                frame(0x88, b"\x03\xE8\xFF"),
                "a close reason that is not UTF-8",
            ),
            (long_form, "a length that is not in the shortest form"),
        ] {
            let sent = [sent, frame(0x89, b"p")].concat();
            for len in [1, 2, 5, usize::MAX] {
                let found = found(side, false, &sent, len);
                assert_eq!(found, [fault, "control 9 [112]"], "{side:?}");
            }
        }
    }
}

#[test]
fn faults_inside_a_message_leave_the_message_as_it_is() {
    let frame = |first, payload: &[u8]| frame(Side::Server, first, payload);
    let sent = [
        frame(0x41, b"a"),
        frame(0x81, b"b"),
        frame(0xC0, b"c"),
        frame(0xC9, b"d"),
        frame(0x89, b"e"),
        frame(0x80, b"f"),
        frame(0x80, b"g"),
    ]
    .concat();
    let expected = [
        "a message inside another",
        "RSV1 in a frame that begins no message",
        "RSV1 in a frame that begins no message",
        "control 9 [101]",
        "a continuation of nothing",
    ];
    for len in [1, 3, usize::MAX] {
        assert_eq!(found(Side::Server, true, &sent, len), expected);
    }
}

#[test]
fn what_does_not_end_is_said_at_the_end() {
    let frame = |first, payload: &[u8]| frame(Side::Client, first, payload);
    let half = |mut frame: Vec<u8>| {
        frame.pop();
        frame
    };
    for (sent, expected) in [
        (vec![], &[][..]),
        (frame(0x81, b"abc"), &[]),
        (vec![0x81], &["a frame that does not end"]),
        (half(frame(0x81, b"abc")), &["a frame that does not end"]),
        (half(frame(0xA1, b"abc")), &["RSV2 or RSV3"]),
        (frame(0x01, b"abc"), &["a message that does not end"]),
        (
            [&[0x82, 0xFF][..], &[0xFF; 20]].concat(),
            &["a length of 2^63 or more"],
        ),
    ] {
        assert_eq!(found(Side::Client, false, &sent, 2), expected);
    }
}

#[test]
fn the_lengths_of_many_fragments_are_not_all_kept() {
    let mut folder = Folder::new(1);
    let fragments = [
        frame(Side::Client, 0x02, b"a"),
        frame(Side::Client, 0x00, b"").repeat(messages::FRAMES_MAX),
        frame(Side::Client, 0x80, b"b"),
    ]
    .concat();
    let pieces = [
        (Side::Client, REQUEST),
        (Side::Server, RESPONSE),
        (Side::Client, &fragments),
    ];
    let lines = folder.lines(&pieces);
    let [_, _, Line::Message(message), Line::End(_)] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(message.frames.len(), messages::FRAMES_MAX);
    assert_eq!((message.is_truncated, message.len), (true, Some(2)));
    assert_eq!(message.payload, Payload::Bytes(b"ab".to_vec()));
}
