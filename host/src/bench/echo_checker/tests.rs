//! Frames of a server in, whole and cut anywhere; what is found out.

use super::*;
use crate::options::bench::{Echo, PayloadKind};

const ALL: [Comparison; 3] = [Comparison::Every, Comparison::Next, Comparison::Off];

fn checked(
    comparison: Comparison,
    message: &PreparedMessage,
    parts: &[&[u8]],
) -> Result<(u64, Vec<u8>), String> {
    let mut checker = EchoChecker::new(FrameReader::new(Echo::Messages));
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
    [&message.echo_header[..], &message.echo_payload].concat()
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
    let mut checker = EchoChecker::new(FrameReader::new(Echo::Messages));
    let mut takes = |comparison, input: &[u8]| {
        checker.compare(comparison);
        checker.check(input, &message, &mut Vec::new()).is_ok()
    };
    assert!(takes(Comparison::Every, b""), "a warm-up without a message");
    assert!(takes(Comparison::Off, &echo(&message)));
    assert!(takes(Comparison::Off, wrong), "only the first is compared");
    let mut fresh = EchoChecker::new(FrameReader::new(Echo::Messages));
    fresh.compare(Comparison::Every);
    fresh.compare(Comparison::Off);
    assert!(fresh.check(wrong, &message, &mut Vec::new()).is_err());
}

#[test]
fn pings_and_empty_fragments_are_not_progress() {
    let message = PreparedMessage::new(PayloadKind::Ascii, 3, 1, Echo::Messages);
    let empty = PreparedMessage::new(PayloadKind::Ascii, 0, 1, Echo::Messages);
    for comparison in ALL {
        let mut checker = EchoChecker::new(FrameReader::new(Echo::Messages));
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
            let mut checker = EchoChecker::new(FrameReader::new(Echo::Bytes));
            checker.comparison = comparison;
            let progress = checker.check(&message.batch.repeat(3), &message, &mut Vec::new());
            assert_eq!(progress.map_or(0, |progress| progress.count), 3);
        }
    }
}
