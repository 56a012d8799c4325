//! Framing, masking, fragmentation and control frames (RFC 6455 sections 5.1 to 5.5).

use ws_echo_core::{
    Agreed, Buffer, CompressedMessages, Connection, Event, Kind, MIN_BUFFER_LEN, Messages,
    ProtocolError,
};
use ws_echo_tests::driver::{self, Cuts, Outcome, echo, echo_always, echo_in_pieces};
use ws_echo_tests::wire::{
    BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, TEXT, masked, masked_with,
};

/// The first byte of a text message's first fragment.
const TEXT_BEGINS: u8 = 0x01;
/// The first byte of a binary message's first fragment.
const BINARY_BEGINS: u8 = 0x02;
/// The first byte of a fragment that is neither the first nor the last.
const MORE: u8 = 0x00;

/// Section 5.7: "Hello", and the same masked with 0x37fa213d.
const HELLO: [u8; 5] = [0x48, 0x65, 0x6c, 0x6c, 0x6f];
const MASKED_HELLO: [u8; 9] = [0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

/// Two bytes, eight of extended payload length, and four of masking key.
const MAX_HEADER_LEN: usize = 14;

const RESERVED_OPCODES: [u8; 10] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

/// The transmitted bytes.
fn transmitted(input: &[u8]) -> Vec<u8> {
    let mut connection = Connection::server(Agreed::NOTHING);
    let whole = Cuts::whole();
    driver::run(input, &whole, &whole, input.len() + 100, |buffer| {
        let mut exchange = connection.exchange(buffer);
        while let Some(event) = exchange.next_event().unwrap() {
            if let Event::Data(chunk) = event {
                exchange.echo(chunk);
            }
        }
    })
}

/// The frames that answer a session without errors, the same ones however it is cut.
fn answers(input: &[u8]) -> Vec<Frame> {
    let outcome = echo_always(input);
    assert_eq!(outcome.error, None);
    outcome.frames
}

/// Checks that `input` fails, however it is cut, and not before its last byte.
fn assert_fails_at_last_byte(input: &[u8], error: ProtocolError) {
    let before = echo_always(&input[..input.len() - 1]);
    assert_eq!(before.error, None, "{input:x?} fails too early");
    assert!(!before.done);
    let outcome = echo_always(input);
    assert_eq!(outcome.error, Some(error), "{input:x?}");
    assert!(outcome.done);
    let (last, others) = outcome.frames.split_last().unwrap();
    assert_eq!(last, &Frame::close(1002), "{input:x?}");
    assert_eq!(others, before.frames, "{input:x?}");
}

mod section_5_7 {
    use super::*;

    #[test]
    fn a_masked_hello_comes_back_as_the_unmasked_one() {
        let input = [&[0x81, 0x85], &MASKED_HELLO[..]].concat();
        assert_eq!(
            transmitted(&input),
            [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        );
        assert_eq!(answers(&input), [Frame::new(TEXT, HELLO)]);
    }

    #[test]
    fn a_fragmented_hello_comes_back_as_the_unmasked_one() {
        let input = [
            masked(TEXT_BEGINS, &HELLO[..3]),
            masked(CONTINUATION, &HELLO[3..]),
        ]
        .concat();
        let expected = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
        assert_eq!(transmitted(&input), expected);
    }

    #[test]
    fn a_ping_is_answered_by_a_pong_with_its_payload() {
        let ping = [&[0x89, 0x85], &MASKED_HELLO[..]].concat();
        assert_eq!(
            transmitted(&ping),
            [0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        );
        assert_eq!(answers(&ping), [Frame::new(PONG, HELLO)]);
    }

    #[test]
    fn the_masked_pong_is_an_event_and_not_answered() {
        let pong = [&[0x8a, 0x85], &MASKED_HELLO[..]].concat();
        let outcome = echo_always(&pong);
        assert_eq!(outcome.pongs, [HELLO]);
        assert_eq!(outcome.frames, []);
    }

    #[test]
    fn headers_for_256_bytes_and_for_64_kib_match_the_rfc() {
        let output = transmitted(&masked(BINARY, [7; 256]));
        assert_eq!(output, [&[0x82, 0x7e, 0x01, 0x00], &[7; 256][..]].concat());
        let output = transmitted(&masked(BINARY, [7; 65536]));
        let header = [0x82, 0x7f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00];
        assert_eq!(output, [&header, &[7; 65536][..]].concat());
    }

    #[test]
    fn the_unmasked_hello_of_a_client_is_an_error() {
        assert_fails_at_last_byte(&[0x81, 0x05], ProtocolError::Unmasked);
        assert_eq!(
            echo_always(b"\x81\x05Hello").frames,
            [Frame::close(1002)],
            "nothing but Close"
        );
    }
}

mod headers {
    use super::*;

    /// All rules that the first two bytes of a frame break, whatever follows: the RFC's list, read
    /// line by line.
    fn broken(first: u8, second: u8, inside_message: bool) -> Vec<ProtocolError> {
        let (fin, rsv, opcode) = (first >> 7, first & 0b0111_0000, first & 15);
        let (mask, len) = (second >> 7, second & 127);
        let is_control = [8, 9, 10].contains(&opcode);
        let mut broken = Vec::new();
        let mut rule = |is_broken, error| {
            if is_broken {
                broken.push(error);
            }
        };
        let is_reserved = RESERVED_OPCODES.contains(&opcode);
        rule(rsv != 0, ProtocolError::ReservedBits(rsv));
        rule(is_reserved, ProtocolError::ReservedOpcode(opcode));
        rule(mask == 0, ProtocolError::Unmasked);
        let is_fragment = is_control && fin == 0;
        rule(is_fragment, ProtocolError::FragmentedControlFrame);
        let is_too_long = is_control && len > 125;
        rule(is_too_long, ProtocolError::ControlFrameTooLong);
        let is_lost = opcode == 0 && !inside_message;
        rule(is_lost, ProtocolError::UnexpectedContinuation);
        let is_inside = [1, 2].contains(&opcode) && inside_message;
        rule(is_inside, ProtocolError::UnexpectedMessage);
        broken
    }

    /// A payload of the length that a header announces, the shortest one for 126 and 127. In a
    /// Close frame it is a code and a reason.
    fn payload(first: u8, second: u8) -> Vec<u8> {
        let len = match second & 127 {
            127 => 65536,
            len => usize::from(len),
        };
        let mut payload = vec![b'a'; len];
        if let (CLOSE, [high, low, ..]) = (first, &mut payload[..]) {
            [*high, *low] = 1000_u16.to_be_bytes();
        }
        payload
    }

    fn assert_header(first: u8, second: u8, inside_message: bool, outcome: Outcome) {
        let how = || format!("{first:#04x} {second:#04x}, inside a message: {inside_message}");
        let broken = broken(first, second, inside_message);
        let mut frames = outcome.frames;
        if inside_message {
            assert_eq!(frames.remove(0), Frame::new(TEXT_BEGINS, "begun"));
        }
        if let Some(error) = outcome.error {
            let is_close_cut = (first, second) == (CLOSE, 0x81);
            let expected = is_close_cut && error == ProtocolError::CloseCodeCut;
            assert!(broken.contains(&error) || expected, "{error}: {}", how());
            assert_eq!(frames, [Frame::close(1002)], "{}", how());
            return;
        }
        assert_eq!(broken, [], "{}", how());
        let payload = payload(first, second);
        let expected = match first {
            PING => vec![Frame::new(PONG, payload)],
            PONG => vec![],
            CLOSE => vec![Frame::new(CLOSE, &payload[..payload.len().min(2)])],
            _ => vec![Frame::new(first, payload)],
        };
        assert_eq!(frames, expected, "{}", how());
        assert_eq!(outcome.pings.len(), usize::from(first == PING), "{}", how());
        assert_eq!(outcome.pongs.len(), usize::from(first == PONG), "{}", how());
        assert_eq!(outcome.done, first == CLOSE, "{}", how());
    }

    fn assert_all_headers(inside_message: bool) {
        for (first, second) in (0..=255).flat_map(|a| (0..=255).map(move |b| (a, b))) {
            let mut input = Vec::new();
            if inside_message {
                input.extend(masked(TEXT_BEGINS, "begun"));
            }
            let mut frame = masked(first, payload(first, second));
            frame[1] = second;
            if !broken(first, second, inside_message).is_empty() {
                // The error is reported without waiting for the payload.
                frame.truncate(MAX_HEADER_LEN);
            }
            input.extend(frame);
            let len = 32 + input.len();
            for cuts in [Cuts::whole(), Cuts::bytes()] {
                let outcome = echo(&input, &cuts, &Cuts::whole(), len);
                assert_header(first, second, inside_message, outcome);
            }
            let outcome = echo_in_pieces(&input, &Cuts::whole(), len);
            assert_header(first, second, inside_message, outcome);
        }
    }

    #[test]
    fn each_of_the_65536_is_judged_as_the_rfc_says() {
        assert_all_headers(false);
    }

    #[test]
    fn each_of_the_65536_is_judged_as_the_rfc_says_inside_a_message() {
        assert_all_headers(true);
    }
}

mod errors_are_reported_at_the_first_invalid_byte {
    use super::*;

    /// Checks it at the start of a session, after a message, and after a Ping inside a message.
    fn assert_fails_at_last_byte_anywhere(input: &[u8], error: ProtocolError) {
        assert_fails_at_last_byte(input, error);
        let after_message = [&masked(TEXT, "hi"), input].concat();
        assert_fails_at_last_byte(&after_message, error);
        let inside = [&masked(TEXT_BEGINS, "hi"), &masked(PING, ""), input].concat();
        assert_fails_at_last_byte(&inside, error);
    }

    // > RSV1, RSV2, RSV3: [...] MUST be 0 unless an extension is negotiated that defines meanings
    // > for non-zero values. (section 5.2)
    #[test]
    fn reserved_bits() {
        for rsv in [0x40, 0x20, 0x10, 0x60, 0x70] {
            for first in [TEXT, BINARY, CONTINUATION, MORE, CLOSE, PING, PONG] {
                let error = ProtocolError::ReservedBits(rsv);
                assert_fails_at_last_byte_anywhere(&[first | rsv], error);
            }
        }
    }

    // > If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket
    // > Connection_. (section 5.2)
    #[test]
    fn reserved_opcodes() {
        for opcode in RESERVED_OPCODES {
            for first in [opcode, opcode | 0x80] {
                let error = ProtocolError::ReservedOpcode(opcode);
                assert_fails_at_last_byte_anywhere(&[first], error);
            }
        }
    }

    // > All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
    // > fragmented. (section 5.5)
    #[test]
    fn control_frames_that_are_fragmented_or_too_long() {
        for first in [CLOSE, PING, PONG] {
            let error = ProtocolError::FragmentedControlFrame;
            assert_fails_at_last_byte_anywhere(&[first & 0x0F], error);
            for second in [0x80 | 126, 0x80 | 127] {
                let error = ProtocolError::ControlFrameTooLong;
                assert_fails_at_last_byte_anywhere(&[first, second], error);
            }
        }
    }

    // > The server MUST close the connection upon receiving a frame that is not masked.
    // > (section 5.1)
    #[test]
    fn frames_that_are_not_masked() {
        for first in [CLOSE, PING, PONG] {
            for second in 0..126 {
                let error = ProtocolError::Unmasked;
                assert_fails_at_last_byte_anywhere(&[first, second], error);
            }
        }
        for second in 0..128 {
            let error = ProtocolError::Unmasked;
            assert_fails_at_last_byte(&[TEXT, second], error);
            let inside = [&masked(BINARY_BEGINS, "hi")[..], &[CONTINUATION, second]].concat();
            assert_fails_at_last_byte(&inside, error);
        }
    }

    // > The fragments of one message MUST NOT be interleaved between the fragments of another
    // > message unless an extension has been negotiated [...] (section 5.4)
    #[test]
    fn fragments_out_of_order() {
        let begun = masked(BINARY_BEGINS, "begun");
        let ended = [&begun[..], &masked(CONTINUATION, "ended")].concat();
        for first in [CONTINUATION, MORE] {
            let error = ProtocolError::UnexpectedContinuation;
            assert_fails_at_last_byte(&[first], error);
            assert_fails_at_last_byte(&[&masked(TEXT, "hi")[..], &[first]].concat(), error);
            assert_fails_at_last_byte(&[&ended[..], &[first]].concat(), error);
        }
        for first in [TEXT, BINARY, TEXT_BEGINS, BINARY_BEGINS] {
            let error = ProtocolError::UnexpectedMessage;
            assert_fails_at_last_byte(&[&begun[..], &[first]].concat(), error);
            let ping_between = [&begun[..], &masked(PING, "hi"), &[first]].concat();
            assert_fails_at_last_byte(&ping_between, error);
        }
    }

    // > Note that in all cases, the minimal number of bytes MUST be used to encode the length,
    // > [...] (section 5.2)
    #[test]
    fn lengths_that_are_not_minimal() {
        for len in 0..126_u16 {
            let input = [&[TEXT, 0x80 | 126], &len.to_be_bytes()[..]].concat();
            let error = ProtocolError::LengthNotMinimal(len);
            assert_fails_at_last_byte(&input, error);
        }
        for len in [0, 125, 126, 255, 256, 65535_u16] {
            let input = [&[BINARY, 0x80 | 127], &u64::from(len).to_be_bytes()[..]].concat();
            assert_fails_at_last_byte(&input, ProtocolError::LengthNotMinimal(len));
        }
    }

    // > [...] (the most significant bit MUST be 0) [...] (section 5.2)
    #[test]
    fn lengths_with_the_most_significant_bit() {
        for len in [1 << 63, 1 << 63 | 1, u64::MAX] {
            let input = [&[BINARY, 0x80 | 127], &len.to_be_bytes()[..]].concat();
            assert_fails_at_last_byte(&input, ProtocolError::LengthTooLarge);
        }
    }
}

mod lengths {
    use super::*;

    #[test]
    fn every_form_of_length_comes_back_in_the_same_form() {
        for len in [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 1000] {
            for first in [TEXT, BINARY] {
                let payload = vec![b'x'; len];
                let input = masked(first, &payload);
                assert_eq!(answers(&input), [Frame::new(first, payload)], "{len}");
            }
        }
    }

    #[test]
    fn lengths_around_16_bits_come_back_in_one_frame() {
        for len in [65535, 65536, 65537] {
            let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let input = masked(BINARY, &payload);
            for (cuts, takes) in Cuts::many(len) {
                let outcome = echo(&input, &cuts, &takes, len + 17);
                assert_eq!(outcome.frames, [Frame::new(BINARY, &payload)], "{cuts:?}");
            }
        }
    }

    #[test]
    fn the_greatest_length_is_a_frame_like_any_other() {
        let len = (1_u64 << 63) - 1;
        let header = [&[BINARY, 0x80 | 127], &len.to_be_bytes()[..], &[0; 4]].concat();
        for come in [0, 1, 2, 1000] {
            let input = [&header, &vec![7; come][..]].concat();
            for (cuts, takes) in Cuts::many(input.len()) {
                for buffer_len in [MIN_BUFFER_LEN, 200, 4096] {
                    let outcome = echo(&input, &cuts, &takes, buffer_len);
                    assert_eq!((outcome.error, outcome.done), (None, false));
                    assert_eq!(payload(&outcome.frames), vec![7; come]);
                }
            }
        }
    }

    // > Octet i of the transformed data ("transformed-octet-i") is the XOR of octet i of the
    // > original data [...] with octet at index i modulo 4 of the masking key [...] (section 5.3)
    #[test]
    fn every_masking_key_is_removed() {
        let payload: Vec<u8> = (0..=255).collect();
        for key in [
            [0; 4],
            [0xFF; 4],
            [1, 2, 3, 4],
            [0x80, 0, 0, 0],
            [0, 0, 0, 1],
        ] {
            let input = masked_with(key, BINARY, &payload);
            assert_eq!(answers(&input), [Frame::new(BINARY, &payload)], "{key:?}");
        }
    }

    pub(super) fn payload(frames: &[Frame]) -> Vec<u8> {
        frames
            .iter()
            .flat_map(|frame| frame.payload.clone())
            .collect()
    }
}

mod frame_in_frame_out {
    use super::*;

    /// Checks that frames come back as they are.
    fn assert_same(frames: &[Frame]) {
        let input: Vec<u8> = frames
            .iter()
            .flat_map(|frame| masked(frame.first, &frame.payload))
            .collect();
        assert_eq!(answers(&input), frames);
    }

    #[test]
    fn messages_come_back_in_order_with_their_opcode() {
        assert_same(&[
            Frame::new(TEXT, "one"),
            Frame::new(BINARY, "two"),
            Frame::new(TEXT, ""),
            Frame::new(BINARY, ""),
            Frame::new(BINARY, [0, 0xFF, 0x80]),
            Frame::new(TEXT, "\0"),
        ]);
    }

    #[test]
    fn fragments_come_back_with_their_fin_bits_even_empty_ones() {
        assert_same(&[
            Frame::new(TEXT_BEGINS, "one"),
            Frame::new(MORE, ""),
            Frame::new(MORE, "two"),
            Frame::new(CONTINUATION, "three"),
            Frame::new(BINARY_BEGINS, ""),
            Frame::new(MORE, ""),
            Frame::new(CONTINUATION, ""),
            Frame::new(TEXT_BEGINS, ""),
            Frame::new(CONTINUATION, "end"),
            Frame::new(BINARY_BEGINS, [0xFF; 3]),
            Frame::new(CONTINUATION, ""),
        ]);
    }

    #[test]
    fn a_thousand_fragments_are_a_message() {
        let mut frames = vec![Frame::new(MORE, "x"); 1000];
        frames[0].first = BINARY_BEGINS;
        frames[999].first = CONTINUATION;
        assert_same(&frames);
    }

    #[test]
    fn a_frame_that_just_fits_the_buffer_is_not_cut() {
        for buffer_len in (MIN_BUFFER_LEN..300).chain([66000]) {
            let longest = buffer_len - 17;
            for first in [TEXT, BINARY] {
                let frame = Frame::new(first, vec![b'x'; longest]);
                let input = masked(first, &frame.payload);
                let input = [&masked(BINARY, "before")[..], &input, &input].concat();
                let expected = [Frame::new(BINARY, "before"), frame.clone(), frame];
                for (cuts, takes) in Cuts::many(longest) {
                    let outcome = echo(&input, &cuts, &takes, buffer_len);
                    assert_eq!(outcome.frames, expected, "{cuts:?}, buffer of {buffer_len}");
                }
            }
        }
    }

    #[test]
    fn a_burst_comes_back_in_order() {
        let frames: Vec<_> = (0..1000_u32)
            .map(|i| Frame::new(TEXT, i.to_string()))
            .collect();
        let input: Vec<u8> = frames
            .iter()
            .flat_map(|frame| masked(TEXT, &frame.payload))
            .collect();
        for (cuts, takes) in Cuts::many(input.len()) {
            for buffer_len in [MIN_BUFFER_LEN, 1024] {
                assert_eq!(echo(&input, &cuts, &takes, buffer_len).frames, frames);
            }
        }
    }

    #[test]
    fn random_sessions_come_back_as_they_are() {
        let mut random = fastrand::Rng::with_seed(6455);
        for _ in 0..150 {
            let mut frames = Vec::new();
            for _ in 0..random.usize(1..6) {
                let fragments = random.usize(1..5);
                for i in 0..fragments {
                    let opcode = if i == 0 { random.u8(1..=2) } else { 0 };
                    let fin = if i + 1 == fragments { 0x80 } else { 0 };
                    let len = [0, 1, 30, 126, 300][random.usize(0..5)];
                    let payload = std::iter::repeat_with(|| random.u8(b' '..=b'~'));
                    let payload: Vec<u8> = payload.take(len).collect();
                    frames.push(Frame::new(fin | opcode, payload));
                }
            }
            assert_same(&frames);
        }
    }
}

mod longer_than_the_buffer {
    use super::*;
    use crate::lengths::payload;

    const BUFFER_LEN: usize = 64;

    // > A sender MAY create fragments of any size for non-control messages. (section 5.4)
    #[test]
    fn a_message_comes_back_in_fragments_while_it_arrives() {
        let whole: Vec<u8> = (0..2000).map(|i| i as u8).collect();
        let input = masked(BINARY, &whole);
        let header_len = input.len() - whole.len();
        for come in 0..=whole.len() {
            let input = &input[..header_len + come];
            let outcome = echo(input, &Cuts::cycle([37]), &Cuts::whole(), BUFFER_LEN);
            assert!(payload(&outcome.frames) == whole[..come], "{come} bytes");
            let outcome = echo_in_pieces(input, &Cuts::whole(), BUFFER_LEN);
            assert!(payload(&outcome.frames) == whole[..come], "{come} bytes");
        }
    }

    #[test]
    fn only_its_first_fragment_has_the_opcode_and_only_its_last_has_fin() {
        let input = masked(BINARY, [7; 2000]);
        for (cuts, takes) in Cuts::many(input.len()) {
            let frames = echo(&input, &cuts, &takes, BUFFER_LEN).frames;
            assert!(frames.len() > 1);
            for (i, frame) in frames.iter().enumerate() {
                let opcode = if i == 0 { 0x02 } else { 0x00 };
                let fin = if i + 1 == frames.len() { 0x80 } else { 0 };
                assert_eq!(frame.first, fin | opcode, "fragment {i}, {cuts:?}");
            }
            assert_eq!(payload(&frames), [7; 2000]);
        }
    }

    #[test]
    fn nothing_else_comes_between_its_long_fragments() {
        let input = [
            masked(BINARY_BEGINS, [1; 300]),
            masked(PING, "between"),
            masked(MORE, [2; 300]),
            masked(MORE, ""),
            masked(CONTINUATION, [3; 300]),
            masked(TEXT, "after"),
        ]
        .concat();
        let whole = [[1; 300], [2; 300], [3; 300]].concat();
        let expected = [
            Frame::new(PONG, "between"),
            Frame::new(BINARY, whole),
            Frame::new(TEXT, "after"),
        ];
        assert_eq!(echo_always(&input).joined().frames, expected);
    }
}

mod control_frames {
    use super::*;

    // > A Pong frame sent in response to a Ping frame must have identical "Application data" as
    // > found in the message body of the Ping frame being replied to. (section 5.5.3)
    #[test]
    fn a_ping_of_every_length_is_answered_with_its_payload() {
        for len in 0..=125 {
            let payload: Vec<u8> = (0..len).map(|i| 0xFF - i).collect();
            let input = [masked(PING, &payload), masked(TEXT, "after")].concat();
            let expected = [Frame::new(PONG, payload), Frame::new(TEXT, "after")];
            assert_eq!(answers(&input), expected, "{len} bytes");
        }
    }

    // > An endpoint MUST be capable of handling control frames in the middle of a fragmented
    // > message. (section 5.4)
    #[test]
    fn a_ping_between_fragments_is_answered_before_the_rest_arrives() {
        let begun = [
            masked(TEXT_BEGINS, "Hel"),
            masked(PING, "now"),
            masked(MORE, "l"),
            masked(PING, ""),
        ]
        .concat();
        let mut expected = vec![
            Frame::new(TEXT_BEGINS, "Hel"),
            Frame::new(PONG, "now"),
            Frame::new(MORE, "l"),
            Frame::new(PONG, ""),
        ];
        assert_eq!(answers(&begun), expected);
        let ended = [&begun[..], &masked(CONTINUATION, "o")].concat();
        expected.push(Frame::new(CONTINUATION, "o"));
        assert_eq!(answers(&ended), expected);
    }

    #[test]
    fn a_close_between_fragments_is_answered_and_ends_the_message() {
        let input = [
            masked(TEXT_BEGINS, "Hel"),
            masked(CLOSE, 1001_u16.to_be_bytes()),
            masked(CONTINUATION, "lo"),
        ]
        .concat();
        let expected = [Frame::new(TEXT_BEGINS, "Hel"), Frame::close(1001)];
        assert_eq!(answers(&input), expected);
    }

    // > A Pong frame MAY be sent unsolicited. [...] A response to an unsolicited Pong frame is
    // > not expected. (section 5.5.3)
    #[test]
    fn pongs_are_not_answered_even_between_fragments() {
        let input = [
            masked(PONG, [0xFF; 125]),
            masked(BINARY_BEGINS, "a"),
            masked(PONG, ""),
            masked(CONTINUATION, "b"),
            masked(PONG, "c"),
        ]
        .concat();
        let outcome = echo_always(&input);
        let expected = [
            Frame::new(BINARY_BEGINS, "a"),
            Frame::new(CONTINUATION, "b"),
        ];
        assert_eq!(outcome.frames, expected);
        assert_eq!(outcome.pongs, [vec![0xFF; 125], vec![], b"c".to_vec()]);
        assert_eq!(outcome.error, None);
    }

    #[test]
    fn pings_and_pongs_of_every_length_are_events_with_their_payload() {
        for len in 0..=125 {
            let payload: Vec<u8> = (0..len).map(|i| 0xFF - i).collect();
            let first: Vec<u8> = payload.iter().rev().copied().collect();
            let input = [
                masked(PONG, &first),
                masked(PING, &payload),
                masked(TEXT, "between"),
                masked(PONG, &payload),
                masked(PING, &first),
            ];
            let outcome = echo_always(&input.concat());
            assert_eq!(outcome.pings, [&payload[..], &first], "{len} bytes");
            assert_eq!(outcome.pongs, [&first[..], &payload], "{len} bytes");
        }
    }

    #[test]
    fn the_payload_of_a_ping_or_pong_is_there_until_the_next_event() {
        let mut connection = Connection::server(Agreed::NOTHING);
        let mut buffer = Buffer::new([0; 200]);
        let input = [
            masked(PONG, "pong"),
            masked(TEXT, "text"),
            masked(PING, "ping"),
            masked(PING, "cut")[..8].to_vec(),
        ]
        .concat();
        buffer.spare_mut()[..input.len()].copy_from_slice(&input);
        buffer.commit(input.len());
        let mut exchange = connection.exchange(&mut buffer);
        assert_eq!(exchange.control_payload(), b"", "before the first event");
        let mut next = || {
            let event = exchange.next_event().unwrap();
            let payload = exchange.control_payload().to_vec();
            (event, payload)
        };
        assert_eq!(next(), (Some(Event::Pong), b"pong".to_vec()));
        assert!(matches!(next(), (Some(Event::Data(_)), payload) if payload.is_empty()));
        assert_eq!(next(), (Some(Event::Ping), b"ping".to_vec()));
        assert_eq!(next(), (None, vec![]), "inside the next Ping");
    }

    #[test]
    fn each_of_many_pings_is_answered_in_order() {
        let pings = (0..300_u16).flat_map(|i| masked(PING, i.to_be_bytes()));
        let pongs = (0..300_u16).map(|i| Frame::new(PONG, i.to_be_bytes()));
        let (pings, pongs): (Vec<u8>, Vec<_>) = (pings.collect(), pongs.collect());
        assert_eq!(answers(&pings), pongs);
    }
}

#[test]
fn whole_messages_that_are_echoed_at_once_are_measured() {
    let lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];
    for first in [TEXT, BINARY] {
        for several in [&lengths[..], &[0], &[125], &[126], &[65_535], &[65_536]] {
            let frames: Vec<u8> = several
                .iter()
                .flat_map(|len| masked(first, vec![b'x'; *len]))
                .collect();
            for (rest, is_all) in [(vec![], true), (masked(TEXT, "cut")[..8].to_vec(), false)] {
                let input = [&frames[..], &rest].concat();
                let mut buffer = Buffer::new(vec![0; input.len() + 100]);
                let mut connection = Connection::server(Agreed::NOTHING);
                buffer.spare_mut()[..input.len()].copy_from_slice(&input);
                buffer.commit(input.len());
                let echoed = connection
                    .exchange(&mut buffer)
                    .echo_and_measure(CompressedMessages::Leave);
                assert_eq!(echoed.is_all(), is_all);
                let read_len = input.len() - buffer.received().len();
                let expected = Messages {
                    count: several.len(),
                    payload_len: several.iter().sum(),
                };
                let messages = echoed.messages(read_len, buffer.ready().len());
                assert_eq!(messages, expected, "{several:?}");
                let kind = match first {
                    TEXT => Kind::Text,
                    _ => Kind::Binary,
                };
                assert_eq!(echoed.kind(), Some(kind));
            }
        }
    }
}

#[test]
fn whole_messages_that_are_echoed_at_once_have_a_type_if_it_is_that_of_all() {
    let (text, binary) = (masked(TEXT, "a"), masked(BINARY, "b"));
    let (ping, invalid) = (masked(PING, ""), masked(TEXT, [0xFF]));
    for (frames, kind) in [
        (vec![], None),
        (vec![&ping], None),
        (vec![&invalid], None),
        (vec![&text, &text], Some(Kind::Text)),
        (vec![&binary, &ping, &text], Some(Kind::Binary)),
        (vec![&binary, &invalid], Some(Kind::Binary)),
        (vec![&text, &binary, &text], None),
    ] {
        let input: Vec<u8> = frames.into_iter().flatten().copied().collect();
        let mut buffer = Buffer::new(vec![0; input.len() + 100]);
        buffer.spare_mut()[..input.len()].copy_from_slice(&input);
        buffer.commit(input.len());
        let mut connection = Connection::server(Agreed::NOTHING);
        let echoed = connection
            .exchange(&mut buffer)
            .echo_and_measure(CompressedMessages::Leave);
        assert_eq!(echoed.kind(), kind, "{input:x?}");
    }
}
