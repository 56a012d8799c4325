//! Frames of a server in, whole and cut anywhere; what is found out.

use ws_echo_core::Deflate;

use super::*;
use crate::bench::frame::TEXT;
use crate::deflate::deflater::Deflater;
use crate::options::bench::{Echo, PayloadKind};

const ALL: [Comparison; 3] = [Comparison::Every, Comparison::Next, Comparison::Off];

/// What was agreed on where each message is compressed for itself.
const FRESH: Deflate = Deflate {
    server: Window::MAX.fresh(),
    client: Window::MAX.fresh(),
};
/// What was agreed on where the windows are kept.
const KEPT: Deflate = Deflate {
    server: Window::MAX,
    client: Window::MAX,
};
/// `Hello` compressed, and the same again in a window that is kept (RFC 7692 section 7.2.3).
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
const HELLO_AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";
/// `Hello` in a block that is not compressed (section 7.2.3.3).
const HELLO_STORED: &[u8] = b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";

fn new_checker(echo: Echo) -> EchoChecker {
    EchoChecker::new(FrameReader::new(echo), None)
}

fn inflating_checker(agreed: Deflate) -> EchoChecker {
    let mut frames = FrameReader::new(Echo::Messages);
    frames.accept_compressed();
    EchoChecker::new(frames, Some(MessageInflater::new(agreed)))
}

/// The text `Hello`, which was sent compressed.
fn hello() -> PreparedMessage {
    PreparedMessage {
        opcode: TEXT,
        echo_payload: b"Hello".into(),
        compressed: Some(HELLO.into()),
        echo_frame: EchoFrame::new(TEXT | RSV1, HELLO.len()),
        frame_len: 0,
        batch: Vec::new(),
    }
}

/// A compressed text of one frame.
fn compressed(payload: &[u8]) -> Vec<u8> {
    [&[0xC1, payload.len() as u8], payload].concat()
}

fn checked(
    comparison: Comparison,
    message: &PreparedMessage,
    parts: &[&[u8]],
) -> Result<(u64, Vec<u8>), String> {
    let mut checker = match message.compressed {
        Some(_) => inflating_checker(FRESH),
        None => new_checker(Echo::Messages),
    };
    checker.comparison = comparison;
    let mut pongs = Vec::new();
    let mut count = 0;
    for part in parts {
        let progress = checker.check(part, message, &mut pongs);
        count += progress.map_err(|error| error.to_string())?.count;
    }
    Ok((count, pongs))
}

/// Returns what is found, which must be the same at every cut.
fn checked_always(
    comparison: Comparison,
    message: &PreparedMessage,
    input: &[u8],
) -> Result<(u64, Vec<u8>), String> {
    let whole = checked(comparison, message, &[input]);
    for cut in 0..=input.len() {
        let (first, second) = input.split_at(cut);
        let cut_once = checked(comparison, message, &[first, second]);
        match &whole {
            Ok(_) => assert_eq!(cut_once, whole, "cut at {cut}"),
            // A wrong length may be noticed later in one of them.
            Err(_) => assert!(cut_once.is_err(), "cut at {cut}"),
        }
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(checked(comparison, message, &bytes).is_ok(), whole.is_ok());
    whole
}

fn echo(message: &PreparedMessage) -> Vec<u8> {
    [&message.echo_frame.header[..], &message.echo_payload].concat()
}

#[test]
fn whole_echoes_are_counted_at_every_split() {
    for (kind, len) in [
        (PayloadKind::Binary, 0),
        (PayloadKind::Ascii, 3),
        (PayloadKind::Chinese, 125),
        (PayloadKind::Binary, 126),
    ] {
        let message = PreparedMessage::new(kind, len, 1, Echo::Messages);
        for comparison in ALL {
            let progress = checked_always(comparison, &message, &echo(&message).repeat(5));
            assert_eq!(progress, Ok((5, vec![])), "{kind:?} {len}");
        }
    }
}

#[test]
fn a_long_echo_is_counted_across_reads() {
    let message = PreparedMessage::new(PayloadKind::Binary, 70_000, 1, Echo::Messages);
    let echoes = echo(&message).repeat(3);
    for comparison in ALL {
        for len in [7, 1_000, 69_999, 70_010, 100_000] {
            let parts: Vec<&[u8]> = echoes.chunks(len).collect();
            assert_eq!(checked(comparison, &message, &parts), Ok((3, vec![])));
        }
    }
}

#[test]
fn fragments_are_one_echo_and_pings_between_them_are_answered() {
    let message = PreparedMessage::new(PayloadKind::Ascii, 5, 1, Echo::Messages);
    let input = b"\x81\x05 !\"#$\x01\x02 !\x89\x01p\x00\x00\x80\x03\"#$\x81\x05 !\"#$";
    for comparison in ALL {
        let progress = checked_always(comparison, &message, input);
        assert_eq!(progress, Ok((3, frame::masked(PONG, b"p"))));
    }
}

#[test]
fn another_opcode_or_length_is_an_error() {
    let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
    for comparison in ALL {
        let refusal = |input: &[u8]| {
            let after_one = [&echo(&message), input].concat();
            checked_always(comparison, &message, &after_one).expect_err("a wrong echo")
        };
        assert!(refusal(b"\x82\x03 !\"").contains("a binary message, but a text message was sent"));
        assert!(refusal(b"\x81\x02 !").contains(": 2 bytes instead of 3"));
        assert!(refusal(b"\x81\x04 !\"#").contains("at least 4 bytes instead of 3"));
        assert!(refusal(b"\x01\x03 !\"\x80\x01#").contains(" instead of 3"));
        assert!(refusal(b"\x88\x05\x03\xf3a\x1bb").contains(r"with 1011: a\u{1b}b"));
    }
}

#[test]
fn a_wrong_byte_is_found_in_messages_that_are_compared() {
    let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
    let wrong = [&echo(&message)[..], b"\x81\x03 !x"].concat();
    let found = checked_always(Comparison::Every, &message, &wrong);
    assert!(found.expect_err("a wrong echo").contains("byte 2"));
    assert_eq!(
        checked_always(Comparison::Next, &message, &wrong),
        Ok((2, vec![]))
    );
    let first = checked_always(Comparison::Next, &message, b"\x81\x03 !x");
    assert!(
        first
            .expect_err("a wrong echo")
            .contains("0x78, but 0x22 was sent")
    );
}

#[test]
fn the_first_message_is_compared_even_if_a_warm_up_had_none() {
    let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
    let wrong = b"\x81\x03 !x";
    let mut checker = new_checker(Echo::Messages);
    let mut takes = |comparison, input: &[u8]| {
        checker.compare(comparison);
        checker.check(input, &message, &mut Vec::new()).is_ok()
    };
    assert!(takes(Comparison::Every, b""), "a warm-up without a message");
    assert!(takes(Comparison::Off, &echo(&message)));
    assert!(takes(Comparison::Off, wrong), "only the first is compared");
    let mut fresh = new_checker(Echo::Messages);
    fresh.compare(Comparison::Every);
    fresh.compare(Comparison::Off);
    assert!(fresh.check(wrong, &message, &mut Vec::new()).is_err());
}

#[test]
fn pings_and_empty_fragments_are_not_progress() {
    let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
    let empty = PreparedMessage::new(PayloadKind::Ascii, 0, 1, Echo::Messages);
    for comparison in ALL {
        let mut checker = new_checker(Echo::Messages);
        checker.comparison = comparison;
        let mut is_progress = |input: &[u8], message| {
            let progress = checker.check(input, message, &mut Vec::new());
            progress.expect("a valid echo").is_progress
        };
        for input in [
            &b"\x89\x01p"[..],
            b"\x8a\x00",
            b"\x01\x00",
            b"\x00\x00",
            b"\x00",
        ] {
            assert!(!is_progress(input, &message), "{input:?}");
        }
        assert!(is_progress(b"\x02 !", &message));
        assert!(is_progress(b"\x80\x01\"", &message));
        assert!(is_progress(&echo(&message), &message));
        assert!(is_progress(&echo(&empty), &empty));
    }
}

#[test]
fn an_echo_of_bytes_is_the_frame_that_was_sent() {
    for len in [0, 5, 200, 70_000] {
        let message = PreparedMessage::new(PayloadKind::Ascii, len, 1, Echo::Bytes);
        for comparison in ALL {
            let mut checker = new_checker(Echo::Bytes);
            checker.comparison = comparison;
            let progress = checker.check(&message.batch.repeat(3), &message, &mut Vec::new());
            assert_eq!(progress.map_or(0, |progress| progress.count), 3);
        }
    }
}

#[test]
fn a_compressed_echo_may_be_compressed_in_another_way_and_cut_anywhere() {
    let message = hello();
    for echo in [
        compressed(HELLO),
        compressed(HELLO_STORED),
        b"\x81\x05Hello".into(),
        b"\x41\x03\xf2\x48\xcd\x00\x00\x80\x04\xc9\xc9\x07\x00".into(),
        // The first bytes are those that were sent.
        b"\x41\x02\xf2\x48\x80\x0a\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00".into(),
    ] {
        for comparison in ALL {
            let checked = checked_always(comparison, &message, &echo.repeat(3));
            assert_eq!(checked, Ok((3, vec![])), "{echo:x?}");
        }
    }
    let all = [
        compressed(HELLO),
        compressed(HELLO_STORED),
        b"\x81\x05Hello".into(),
    ];
    let checked = checked_always(Comparison::Off, &message, &all.concat().repeat(2));
    assert_eq!(checked, Ok((6, vec![])));
}

#[test]
fn a_compressed_echo_of_something_else_is_an_error() {
    let message = hello();
    for (payload, expected) in [
        (&b"\xff"[..], "cannot be inflated"),
        (b"", "0 bytes instead of 5"),
        // A distance before the first byte, and a code that is cut.
        (HELLO_AGAIN, "cannot be inflated"),
        (b"\xf2\x48\xcd", "cannot be inflated"),
        (
            b"\x00\x05\x00\xfa\xffHellO\x00",
            "byte 4 of the message is 0x4f",
        ),
        (b"\x00\x04\x00\xfb\xffHell\x00", "4 bytes instead of 5"),
        (
            b"\x00\x06\x00\xf9\xffHello!\x00",
            "at least 6 bytes instead of 5",
        ),
    ] {
        let refusal = checked_always(Comparison::Every, &message, &compressed(payload));
        let refusal = refusal.expect_err(expected);
        assert!(refusal.contains(expected), "{refusal}");
    }
    let binary = [&[0xC2, HELLO.len() as u8], HELLO].concat();
    let refusal = checked_always(Comparison::Off, &message, &binary);
    assert!(
        refusal
            .expect_err("a binary message")
            .contains("a binary message, but")
    );
}

#[test]
fn only_an_echo_as_long_as_a_right_one_is_not_inflated_while_measuring() {
    let message = hello();
    let mut checker = inflating_checker(FRESH);
    checker.compare(Comparison::Off);
    let mut check = |payload| checker.check(&compressed(payload), &message, &mut Vec::new());
    assert!(check(HELLO_STORED).is_ok(), "the first is compared");
    assert!(check(&[0xFF; HELLO_STORED.len()]).is_ok(), "not inflated");
    assert!(check(HELLO).is_ok(), "as it was sent");
    assert!(check(&[0xFF; HELLO_STORED.len()]).is_err());
}

#[test]
fn what_a_server_compresses_in_a_window_that_is_kept_is_inflated_in_order() {
    let message = hello();
    let echoes = [compressed(HELLO), compressed(HELLO_AGAIN).repeat(3)].concat();
    for comparison in ALL {
        let mut checker = inflating_checker(KEPT);
        checker.comparison = comparison;
        let mut pongs = Vec::new();
        for byte in &echoes {
            let checked = checker.check(&[*byte], &message, &mut pongs);
            assert!(checked.is_ok(), "{checked:?}");
        }
        let progress = checker.check(&compressed(HELLO_AGAIN).repeat(2), &message, &mut pongs);
        assert_eq!(progress.map_or(0, |progress| progress.count), 2);
        let wrong = compressed(&[0xFF; HELLO_AGAIN.len()]);
        assert!(checker.check(&wrong, &message, &mut pongs).is_err());
    }
}

#[test]
fn a_message_that_inflates_without_end_is_an_error_at_once() {
    let zeros = 16 << 20;
    let mut bomb = Vec::new();
    Deflater::new(Window::MAX).compress(&vec![0; zeros], &mut bomb);
    let header = frame::unmasked_header(TEXT | RSV1, bomb.len());
    let checked = checked(Comparison::Off, &hello(), &[&header, &bomb]);
    let refusal = checked.expect_err("a bomb");
    assert!(refusal.contains("instead of 5"), "{refusal}");
}

#[test]
fn a_compressed_message_is_an_error_unless_it_was_agreed_on() {
    for (input, is_agreed) in [
        (&b"\xc1\x00"[..], false),
        (b"\xe1\x00", true),
        (b"\xd1\x00", true),
        (b"\x41\x00\xc0\x00", true),
        (b"\xc9\x00", true),
    ] {
        let mut checker = match is_agreed {
            true => inflating_checker(FRESH),
            false => new_checker(Echo::Messages),
        };
        let checked = checker.check(input, &hello(), &mut Vec::new());
        let refusal = checked.expect_err("a reserved bit").to_string();
        assert!(refusal.contains("reserved bits"), "{refusal}");
    }
}
