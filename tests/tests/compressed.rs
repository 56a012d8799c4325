//! Compressed messages, which pass the core as they came (RFC 7692 section 6).

use std::slice::from_ref;

use ws_echo_core::{
    Agreed, Buffer, CloseCode, CompressedMessages, Connection, Event, Fin, Kind, MIN_BUFFER_LEN,
    Message, Messages, ProtocolError, Role, SendError, Window,
};
use ws_echo_tests::deflate::agreed;
use ws_echo_tests::driver::{
    self, Cuts, echo_always, echo_always_with, echo_in_pieces_with, echo_with,
};
use ws_echo_tests::wire::{
    self, BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, RSV1, TEXT, masked, masked_close,
    mirrored,
};

const COMPRESSED_TEXT: u8 = TEXT | RSV1;
const COMPRESSED_BINARY: u8 = BINARY | RSV1;
/// The first byte of a fragment that is neither the first nor the last.
const MORE: u8 = 0x00;

/// No text, and no stream that can be inflated: nobody looks.
const JUNK: [u8; 9] = [0xFF, 0x80, 0xE4, 0xB8, 0x00, 0xC0, 0xF0, 0x9F, 0xED];

/// Compression was agreed on.
fn deflate() -> Agreed {
    agreed(Window::MAX)
}

type Client = ws_echo_core::Client<fn() -> [u8; 4]>;

fn client(agreed: Agreed) -> Connection<Client> {
    Connection::client(agreed, || [0x37, 0xFA, 0x21, 0x3D])
}

fn encoded(frames: &[Frame]) -> Vec<u8> {
    let frames = frames.iter();
    frames
        .flat_map(|frame| masked(frame.first, &frame.payload))
        .collect()
}

/// What an echo server sends for frames that break no rule.
fn answers(frames: &[Frame]) -> Vec<Frame> {
    let answer = |frame: &Frame| match frame.first {
        PING => Some(Frame::new(PONG, &frame.payload)),
        PONG => None,
        CLOSE => Some(Frame::new(CLOSE, &frame.payload[..2])),
        _ => Some(frame.clone()),
    };
    frames.iter().filter_map(answer).collect()
}

/// Checks that frames come back as they were, with RSV1 on the same ones, cut at every place,
/// through small and large buffers, and by both roles.
fn assert_echoed(frames: &[Frame]) {
    let (input, answers) = (encoded(frames), answers(frames));
    let outcome = echo_always_with(deflate(), &input);
    assert_eq!(outcome.frames, answers);
    assert_eq!(outcome.error, None);
    let joined = wire::joined(&answers);
    for at in 0..input.len() {
        for len in [MIN_BUFFER_LEN, 61, MIN_BUFFER_LEN + input.len()] {
            let cuts = Cuts::cycle([at, usize::MAX]);
            let outcome = echo_with(deflate(), &input, &cuts, &Cuts::whole(), len);
            assert_eq!(outcome.joined().frames, joined, "cut at {at}, {len}");
            let outcome = echo_in_pieces_with(deflate(), &input, &cuts, len);
            assert_eq!(outcome.joined().frames, joined, "cut at {at}, lent {len}");
        }
    }
}

mod the_first_byte {
    use super::*;

    /// What the frame before has begun.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Inside {
        Nothing,
        Message,
        CompressedMessage,
    }

    impl Inside {
        fn begin(self) -> Vec<u8> {
            match self {
                Self::Nothing => Vec::new(),
                Self::Message => masked(TEXT ^ FIN, "begun"),
                Self::CompressedMessage => masked(COMPRESSED_TEXT ^ FIN, JUNK),
            }
        }
    }

    /// What is wrong with a first byte, whatever follows: the rules, read one by one.
    fn broken(first: u8, inside: Inside, is_agreed: bool) -> Vec<ProtocolError> {
        let (rsv, opcode) = (first & 0x70, first & 0x0F);
        let may_be_compressed = is_agreed && inside == Inside::Nothing && [1, 2].contains(&opcode);
        let is_control = [8, 9, 10].contains(&opcode);
        let mut broken = Vec::new();
        // The bits that are wrong, or some of them.
        let reserved = if may_be_compressed { rsv & 0x30 } else { rsv };
        let bits = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70];
        let wrong = bits
            .into_iter()
            .filter(|bits| bits & !reserved == 0 && reserved != 0);
        broken.extend(wrong.map(ProtocolError::ReservedBits));
        if [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].contains(&opcode) {
            broken.push(ProtocolError::ReservedOpcode(opcode));
        }
        if is_control && first & FIN == 0 {
            broken.push(ProtocolError::FragmentedControlFrame);
        }
        if opcode == 0 && inside == Inside::Nothing {
            broken.push(ProtocolError::UnexpectedContinuation);
        }
        if [1, 2].contains(&opcode) && inside != Inside::Nothing {
            broken.push(ProtocolError::UnexpectedMessage);
        }
        broken
    }

    // > An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first
    // > fragments of a data message. [...] (RFC 7692 section 6)
    // > MUST be 0 unless an extension is negotiated that defines meanings for non-zero values.
    // > (RFC 6455 section 5.2)
    #[test]
    fn each_of_the_256_is_judged_as_the_rfcs_say_in_every_place() {
        for is_agreed in [false, true] {
            let agreed = if is_agreed {
                deflate()
            } else {
                Agreed::NOTHING
            };
            let places = [Inside::Nothing, Inside::Message, Inside::CompressedMessage];
            for inside in &places[..2 + usize::from(is_agreed)] {
                for first in 0..=255 {
                    assert_judged(first, *inside, agreed);
                }
            }
        }
    }

    fn assert_judged(first: u8, inside: Inside, agreed: Agreed) {
        let what = format!("{first:#04x}, inside {inside:?}, {agreed:?}");
        let broken = broken(first, inside, agreed.deflate.is_some());
        let begun = inside.begin();
        let before = echo_with(agreed, &begun, &Cuts::whole(), &Cuts::whole(), 200);
        assert_eq!(before.error, None, "{what}");
        let input = [&begun[..], &[first]].concat();
        for cuts in [Cuts::whole(), Cuts::bytes()] {
            let outcome = echo_with(agreed, &input, &cuts, &Cuts::whole(), 200);
            assert_eq!(outcome.error.is_some(), !broken.is_empty(), "{what}");
            assert_eq!(outcome.done, outcome.error.is_some(), "{what}");
            let mut frames = before.frames.clone();
            if let Some(error) = outcome.error {
                assert!(broken.contains(&error), "{error:?}: {what}");
                frames.push(Frame::close(1002));
            }
            assert_eq!(outcome.frames, frames, "{what}");
        }
    }

    #[test]
    fn rsv1_fails_the_connection_wherever_it_is_cut_if_nothing_was_agreed_on() {
        for first in [COMPRESSED_TEXT, COMPRESSED_BINARY ^ FIN] {
            let input = [masked(TEXT, "hi"), masked(first, JUNK)].concat();
            let outcome = echo_always(&input);
            assert_eq!(outcome.error, Some(ProtocolError::ReservedBits(RSV1)));
            let hi = Frame::new(TEXT, "hi");
            assert_eq!(outcome.frames, [hi, Frame::close(1002)]);
        }
    }

    #[test]
    fn rsv1_fails_the_connection_wherever_it_is_cut_inside_a_compressed_message() {
        for first in [CONTINUATION, MORE, PING, PONG, CLOSE] {
            let begun = Frame::new(COMPRESSED_TEXT ^ FIN, JUNK);
            let payload = 1000_u16.to_be_bytes();
            let frames = [begun.clone(), Frame::new(first | RSV1, payload)];
            let outcome = echo_always_with(deflate(), &encoded(&frames));
            assert_eq!(outcome.error, Some(ProtocolError::ReservedBits(RSV1)));
            assert_eq!(outcome.frames, [begun, Frame::close(1002)]);
        }
    }

    #[test]
    fn a_pooled_connection_lets_rsv1_pass_only_for_the_client_that_has_agreed() {
        let compressed = masked(COMPRESSED_BINARY, JUNK);
        let mut connection = Connection::server(deflate());
        for (now, is_agreed) in [
            (deflate(), true),
            (Agreed::NOTHING, false),
            (agreed(Window::MAX.fresh()), true),
            (Agreed::NOTHING, false),
        ] {
            for is_whole in [false, true] {
                let mut connection = connection.clone();
                connection.reuse(now);
                assert_eq!(connection.agreed(), now);
                let mut buffer = Buffer::new([0; 100]);
                receive(&mut buffer, &compressed);
                let mut exchange = connection.exchange(&mut buffer);
                if is_whole {
                    assert_eq!(exchange.echo_whole_messages(), is_agreed);
                }
                match exchange.next_event() {
                    Ok(Some(Event::Data(chunk))) => exchange.echo(chunk),
                    Ok(None) => assert!(is_whole && is_agreed),
                    Err(ProtocolError::ReservedBits(RSV1)) => {}
                    other => panic!("{other:?}"),
                }
                let expected = match is_agreed {
                    true => Frame::new(COMPRESSED_BINARY, JUNK),
                    false => Frame::close(1002),
                };
                assert_eq!(wire::unmasked(buffer.ready()).0, [expected]);
            }
            connection.reuse(now);
        }
    }
}

mod echoes {
    use super::*;

    #[test]
    fn of_single_frames() {
        assert_echoed(&[
            Frame::new(COMPRESSED_TEXT, JUNK),
            Frame::new(COMPRESSED_BINARY, JUNK),
            Frame::new(COMPRESSED_TEXT, ""),
            Frame::new(COMPRESSED_BINARY, ""),
            Frame::new(COMPRESSED_TEXT, "\u{4e16}\u{754c}"),
        ]);
    }

    #[test]
    fn of_fragments_with_control_frames_and_empty_fragments_between() {
        assert_echoed(&[
            Frame::new(COMPRESSED_TEXT ^ FIN, &JUNK[..3]),
            Frame::new(PING, "?"),
            Frame::new(MORE, ""),
            Frame::new(MORE, &JUNK[3..4]),
            Frame::new(PONG, "!"),
            Frame::new(MORE, &JUNK[4..]),
            Frame::new(CONTINUATION, ""),
            Frame::new(COMPRESSED_BINARY ^ FIN, ""),
            Frame::new(PING, ""),
            Frame::new(CONTINUATION, JUNK),
        ]);
    }

    #[test]
    fn of_compressed_and_plain_messages_alternately() {
        assert_echoed(&[
            Frame::new(COMPRESSED_TEXT, JUNK),
            Frame::new(TEXT, "gr\u{fc}\u{df}e"),
            Frame::new(COMPRESSED_BINARY ^ FIN, JUNK),
            Frame::new(CONTINUATION, &JUNK[4..]),
            Frame::new(TEXT ^ FIN, "\u{4e16}"),
            Frame::new(CONTINUATION, "\u{754c}"),
            Frame::new(COMPRESSED_TEXT ^ FIN, &JUNK[..1]),
            Frame::new(CONTINUATION, &JUNK[1..]),
            Frame::new(BINARY, JUNK),
        ]);
    }

    #[test]
    fn end_with_a_close_inside_a_compressed_message() {
        assert_echoed(&[
            Frame::new(TEXT, "hi"),
            Frame::new(COMPRESSED_TEXT ^ FIN, JUNK),
            Frame::new(MORE, JUNK),
            Frame::new(CLOSE, b"\x03\xe8bye"),
        ]);
    }

    #[test]
    fn of_every_form_of_length() {
        for len in [0, 1, 124, 125, 126, 127, 1000, 65535, 65536] {
            for first in [COMPRESSED_TEXT, COMPRESSED_BINARY] {
                let payload: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
                let frame = Frame::new(first, payload);
                let input = encoded(from_ref(&frame));
                for (cuts, takes) in
                    Cuts::many(len)
                        .into_iter()
                        .take(if len < 2000 { 9 } else { 1 })
                {
                    let outcome = echo_with(deflate(), &input, &cuts, &takes, len + 34);
                    assert_eq!(outcome.frames, from_ref(&frame), "{cuts:?}");
                    let outcome = echo_in_pieces_with(deflate(), &input, &cuts, 61).joined();
                    assert_eq!(outcome.frames, from_ref(&frame), "{cuts:?}");
                }
            }
        }
    }

    #[test]
    fn are_of_messages_that_are_known_to_be_compressed_from_their_header_to_their_end() {
        let begun = masked(COMPRESSED_BINARY ^ FIN, JUNK);
        let ended = [masked(PING, ""), masked(CONTINUATION, JUNK)].concat();
        let input = [begun, ended, masked(TEXT, "plain")].concat();
        let mut connection = Connection::server(deflate());
        let mut received = 0;
        let (cuts, takes) = (Cuts::bytes(), Cuts::whole());
        driver::run(&input, &cuts, &takes, 100, |buffer| {
            let mut exchange = connection.exchange(buffer);
            while let Some(event) = exchange.next_event().unwrap() {
                if let Event::Data(chunk) = event {
                    exchange.echo(chunk);
                }
            }
            if buffer.ready().is_empty() {
                received += 1;
                // Two frames of 15 bytes, and a Ping of 6 between them.
                let is_compressed = (6..15 + 6 + 15).contains(&received);
                let what = format!("after {received} bytes");
                assert_eq!(connection.is_message_compressed(), is_compressed, "{what}");
            }
        });
    }

    #[test]
    fn of_plain_text_are_checked_beside_compressed_ones() {
        let input = encoded(&[
            Frame::new(COMPRESSED_TEXT, JUNK),
            Frame::new(TEXT, "hi"),
            Frame::new(TEXT, JUNK),
        ]);
        let outcome = echo_always_with(deflate(), &input);
        assert_eq!(outcome.error, Some(ProtocolError::InvalidText));
        assert_eq!(outcome.frames.last(), Some(&Frame::close(1007)));
        assert_eq!(outcome.frames.len(), 3);
    }

    /// Sends a fragment of text byte by byte, and returns what comes back after each.
    fn echoes_of_bytes(first: u8, text: &str) -> Vec<Vec<u8>> {
        let mut connection = Connection::server(deflate());
        let mut echoes = Vec::new();
        let cuts = Cuts::bytes();
        let input = masked(first, text);
        driver::run_in_pieces(&input, &cuts, MIN_BUFFER_LEN, |buffer| {
            let mut exchange = connection.exchange(buffer);
            while let Some(event) = exchange.next_event().unwrap() {
                let Event::Data(chunk) = event else {
                    panic!("{event:?}");
                };
                assert_eq!(chunk.kind(), Kind::Text);
                assert_eq!(chunk.is_compressed(), first & RSV1 != 0);
                assert_eq!(exchange.text(&chunk).is_some(), !chunk.is_compressed());
                echoes.push(exchange.bytes(&chunk).to_vec());
                exchange.echo(chunk);
            }
        });
        echoes
    }

    #[test]
    fn of_compressed_text_are_cut_anywhere_and_of_plain_text_never_inside_a_character() {
        let text = "a\u{4e16}\u{1f980}";
        let bytes = text.bytes().map(|byte| vec![byte]);
        assert_eq!(
            echoes_of_bytes(COMPRESSED_TEXT, text),
            bytes.collect::<Vec<_>>()
        );
        let characters = text.chars().map(|char| char.to_string().into_bytes());
        assert_eq!(echoes_of_bytes(TEXT, text), characters.collect::<Vec<_>>());
    }
}

fn receive(buffer: &mut Buffer<impl ws_echo_core::Storage>, bytes: &[u8]) {
    buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
    buffer.commit(bytes.len());
}

mod whole_messages {
    use super::*;

    /// What is ready after whole messages were echoed, how many there were and how long they are,
    /// and how many bytes are left.
    fn echo_whole(
        input: &[u8],
        before: &[u8],
        compressed: CompressedMessages,
    ) -> (Vec<u8>, Messages, usize) {
        let mut connection = Connection::server(deflate());
        let mut buffer = Buffer::new(vec![0; 4096]);
        buffer.make_ready(before);
        receive(&mut buffer, input);
        let echoed = connection
            .exchange(&mut buffer)
            .echo_and_measure(compressed);
        let left = buffer.received().len();
        assert_eq!(echoed.is_all(), left == 0);
        let ready = buffer.ready().strip_prefix(before).unwrap();
        let messages = echoed.messages(input.len() - left, ready.len());
        (ready.to_vec(), messages, left)
    }

    #[test]
    fn are_echoed_and_measured_up_to_the_first_compressed_one_or_all() {
        let long = [&JUNK[..]; 40].concat();
        let frames = [
            Frame::new(TEXT, "hi"),
            Frame::new(BINARY, &long),
            Frame::new(COMPRESSED_TEXT, JUNK),
            Frame::new(TEXT, "gr\u{fc}\u{df}e"),
            Frame::new(COMPRESSED_BINARY, &long),
            Frame::new(COMPRESSED_TEXT, ""),
        ];
        for start in 0..frames.len() {
            for end in start..=frames.len() {
                let burst = &frames[start..end];
                let is_plain = |frame: &&Frame| frame.first & RSV1 == 0;
                let plain_count = burst.iter().take_while(is_plain).count();
                for (compressed, count) in [
                    (CompressedMessages::Echo, burst.len()),
                    (CompressedMessages::Leave, plain_count),
                ] {
                    for before in [&b""[..], b"ready"] {
                        let input = encoded(burst);
                        let (ready, messages, left) = echo_whole(&input, before, compressed);
                        let (echoed, rest) = burst.split_at(count);
                        assert_eq!(wire::unmasked(&ready), (echoed.to_vec(), &[][..]));
                        let payloads = echoed.iter().map(|frame| frame.payload.len());
                        let expected = Messages {
                            count,
                            payload_len: payloads.sum(),
                        };
                        assert_eq!(messages, expected);
                        assert_eq!(left, encoded(rest).len());
                    }
                }
            }
        }
    }

    #[test]
    fn of_text_are_checked_only_if_they_are_not_compressed() {
        for first in [TEXT, COMPRESSED_TEXT] {
            for payload in [&JUNK[..], &[&JUNK[..]; 40].concat()] {
                let frame = Frame::new(first, payload);
                let input = encoded(from_ref(&frame));
                let outcome = echo_always_with(deflate(), &input);
                match first {
                    TEXT => assert_eq!(outcome.error, Some(ProtocolError::InvalidText)),
                    _ => assert_eq!(outcome.frames, [frame]),
                }
            }
        }
    }
}

mod failures_of_the_application {
    use super::*;

    /// What it can find. The core finds the second one too.
    const ERRORS: [ProtocolError; 2] = [
        ProtocolError::InvalidCompression,
        ProtocolError::InvalidText,
    ];

    /// Runs a block with a server, and with a client, whose input and output are mirrored.
    macro_rules! for_each_role {
        (|$connection:ident, $mirror:ident| $run:block) => {{
            {
                let mut $connection = Connection::server(deflate());
                let $mirror = |bytes: &[u8]| bytes.to_vec();
                $run
            }
            {
                let mut $connection = client(deflate());
                let $mirror = |bytes: &[u8]| mirrored(bytes);
                $run
            }
        }};
    }

    /// Asserts that the connection is over and received bytes are forgotten.
    fn assert_over<R: Role>(connection: &mut Connection<R>, buffer: &mut Buffer<Vec<u8>>) {
        assert!(connection.is_done() && connection.is_closing());
        buffer.consume(usize::MAX);
        receive(buffer, &[0x89, 0x80, 1, 2, 3, 4]);
        let mut exchange = connection.exchange(buffer);
        exchange.fail(ProtocolError::InvalidCompression);
        assert_eq!(exchange.next_event(), Ok(None));
        assert!(buffer.is_empty());
    }

    /// Asks for events until nothing is ready, and returns what was transmitted. The error must be
    /// the only event.
    fn fail<R: Role>(
        connection: &mut Connection<R>,
        buffer: &mut Buffer<Vec<u8>>,
        error: ProtocolError,
    ) -> Vec<u8> {
        let (mut transmitted, mut errors) = (Vec::new(), 0);
        loop {
            match connection.exchange(buffer).next_event() {
                Ok(None) => {}
                Err(seen) if seen == error => errors += 1,
                other => panic!("{other:?}"),
            }
            if buffer.ready().is_empty() {
                break;
            }
            transmitted.extend(buffer.ready());
            buffer.consume(usize::MAX);
        }
        assert_eq!(errors, 1);
        transmitted
    }

    #[test]
    fn are_returned_once_and_close_with_1007_before_or_after_an_echo_of_the_first_piece() {
        for error in ERRORS {
            for is_echoed in [false, true] {
                for_each_role!(|connection, mirror| {
                    let begun = masked(COMPRESSED_TEXT ^ FIN, JUNK);
                    let later = [masked(CONTINUATION, JUNK), masked(PING, "")].concat();
                    let mut buffer = Buffer::new(vec![0; 200]);
                    receive(&mut buffer, &mirror(&[begun, later].concat()));
                    let mut exchange = connection.exchange(&mut buffer);
                    let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
                        panic!("a piece was received");
                    };
                    let mut expected = Vec::new();
                    if is_echoed {
                        exchange.echo(chunk);
                        expected.push(Frame::new(COMPRESSED_TEXT ^ FIN, JUNK));
                        exchange.fail(error);
                    } else {
                        exchange.fail(error);
                        assert_eq!(exchange.bytes(&chunk), b"");
                        exchange.echo(chunk);
                    }
                    let transmitted = mirror(&fail(&mut connection, &mut buffer, error));
                    expected.push(Frame::close(1007));
                    assert_eq!(wire::unmasked(&transmitted), (expected, &[][..]));
                    assert_over(&mut connection, &mut buffer);
                });
            }
        }
    }

    #[test]
    fn close_with_the_code_of_the_error() {
        for (error, code) in [
            (ProtocolError::InvalidCompression, 1007),
            (ProtocolError::InvalidText, 1007),
            (ProtocolError::ReservedOpcode(3), 1002),
        ] {
            let mut connection = Connection::server(deflate());
            let mut buffer = Buffer::new(vec![0; 100]);
            let mut exchange = connection.exchange(&mut buffer);
            exchange.fail(error);
            assert_eq!(exchange.next_event(), Err(error));
            assert_eq!(wire::unmasked(buffer.ready()).0, [Frame::close(code)]);
            assert_over(&mut connection, &mut buffer);
        }
    }

    #[test]
    fn have_no_effect_after_a_close_of_either_side() {
        for_each_role!(|connection, mirror| {
            let mut buffer = Buffer::new(vec![0; 100]);
            let mut exchange = connection.exchange(&mut buffer);
            exchange.close(CloseCode::NORMAL, "bye").unwrap();
            exchange.fail(ProtocolError::InvalidCompression);
            assert_eq!(exchange.next_event(), Ok(None));
            buffer.consume(usize::MAX);
            receive(&mut buffer, &mirror(&masked_close(1000, "")));
            let mut exchange = connection.exchange(&mut buffer);
            exchange.fail(ProtocolError::InvalidCompression);
            let close = Event::Close(Some(CloseCode::NORMAL));
            assert_eq!(exchange.next_event(), Ok(Some(close)));
            assert_eq!(buffer.ready(), b"");
            assert_over(&mut connection, &mut buffer);
        });
        for_each_role!(|connection, mirror| {
            let mut buffer = Buffer::new(vec![0; 100]);
            receive(&mut buffer, &mirror(&masked_close(1001, "reason")));
            let mut exchange = connection.exchange(&mut buffer);
            let close = Event::Close(Some(CloseCode::GOING_AWAY));
            assert_eq!(exchange.next_event(), Ok(Some(close)));
            exchange.fail(ProtocolError::InvalidCompression);
            assert_eq!(exchange.next_event(), Ok(None));
            let ready = mirror(buffer.ready());
            assert_eq!(wire::unmasked(&ready).0, [Frame::close(1001)]);
            assert_eq!(connection.close_reason(), "reason");
            assert_over(&mut connection, &mut buffer);
        });
    }

    #[test]
    fn do_not_replace_what_the_connection_has_found_before_there_was_room() {
        for_each_role!(|connection, mirror| {
            let mut buffer = Buffer::new(vec![0; 100]);
            receive(&mut buffer, &mirror(&masked(PING | 0x10, "")));
            fill(&mut buffer);
            let mut exchange = connection.exchange(&mut buffer);
            assert_eq!(exchange.next_event(), Ok(None));
            exchange.fail(ProtocolError::InvalidCompression);
            assert_eq!(exchange.next_event(), Ok(None));
            buffer.consume(usize::MAX);
            let mut exchange = connection.exchange(&mut buffer);
            let error = ProtocolError::ReservedBits(0x10);
            assert_eq!(exchange.next_event(), Err(error));
            let ready = mirror(buffer.ready());
            assert_eq!(wire::unmasked(&ready).0, [Frame::close(1002)]);
            assert_over(&mut connection, &mut buffer);
        });
    }

    /// Makes bytes ready until there is no room.
    fn fill(buffer: &mut Buffer<Vec<u8>>) {
        while buffer.make_ready(b"x") > 0 {}
    }

    #[test]
    fn wait_for_room() {
        for_each_role!(|connection, mirror| {
            let mut buffer = Buffer::new(vec![0; 100]);
            fill(&mut buffer);
            let mut exchange = connection.exchange(&mut buffer);
            exchange.fail(ProtocolError::InvalidCompression);
            for _ in 0..2 {
                assert_eq!(exchange.next_event(), Ok(None));
            }
            assert!(connection.awaits_room() && !connection.is_done());
            buffer.consume(usize::MAX);
            let mut exchange = connection.exchange(&mut buffer);
            let error = ProtocolError::InvalidCompression;
            assert_eq!(exchange.next_event(), Err(error));
            let ready = mirror(buffer.ready());
            assert_eq!(wire::unmasked(&ready).0, [Frame::close(1007)]);
            assert_over(&mut connection, &mut buffer);
        });
    }

    #[test]
    fn come_after_a_pong_of_which_no_part_or_some_part_is_ready() {
        for ready_len in 0..63 {
            for_each_role!(|connection, mirror| {
                let mut buffer = Buffer::new(vec![0; 80]);
                buffer.make_ready(&vec![b'x'; ready_len]);
                // It arrives byte by byte, because there is little room.
                for byte in mirror(&masked(PING, [b'p'; 50])) {
                    receive(&mut buffer, &[byte]);
                    let event = connection.exchange(&mut buffer).next_event();
                    assert!(matches!(event, Ok(None | Some(Event::Ping))));
                }
                connection
                    .exchange(&mut buffer)
                    .fail(ProtocolError::InvalidCompression);
                let error = ProtocolError::InvalidCompression;
                let transmitted = fail(&mut connection, &mut buffer, error);
                let ready = mirror(&transmitted[ready_len..]);
                let expected = vec![Frame::new(PONG, [b'p'; 50]), Frame::close(1007)];
                assert_eq!(wire::unmasked(&ready), (expected, &[][..]));
                assert_over(&mut connection, &mut buffer);
            });
        }
    }

    #[test]
    fn end_a_message_that_the_application_has_begun_to_send() {
        for_each_role!(|connection, mirror| {
            let mut buffer = Buffer::new(vec![0; 100]);
            let mut exchange = connection.exchange(&mut buffer);
            let begun = Message::Text("begun");
            exchange.send_fragment(begun, Fin::More).unwrap();
            exchange.fail(ProtocolError::InvalidText);
            assert_eq!(exchange.next_event(), Err(ProtocolError::InvalidText));
            let begun = Frame::new(TEXT ^ FIN, "begun");
            let ready = mirror(buffer.ready());
            assert_eq!(wire::unmasked(&ready).0, [begun, Frame::close(1007)]);
            assert_over(&mut connection, &mut buffer);
        });
    }
}

mod messages_of_the_application {
    use super::*;

    #[test]
    fn have_rsv1_on_their_first_fragment_only_and_need_an_agreement() {
        let mut connection = client(deflate());
        let mut buffer = Buffer::new(vec![0; 400]);
        let mut exchange = connection.exchange(&mut buffer);
        let text = |payload, fin| (Kind::Text, payload, fin);
        for (kind, payload, fin) in [
            text(&JUNK[..], Fin::Last),
            text(&JUNK[..2], Fin::More),
            text(&[], Fin::More),
            text(&JUNK[2..], Fin::Last),
            (Kind::Binary, &[], Fin::Last),
        ] {
            exchange.send_compressed(kind, payload, fin).unwrap();
        }
        exchange.send(Message::Text("plain")).unwrap();
        let mirrored = mirrored(buffer.ready());
        let expected = [
            Frame::new(COMPRESSED_TEXT, JUNK),
            Frame::new(COMPRESSED_TEXT ^ FIN, &JUNK[..2]),
            Frame::new(MORE, ""),
            Frame::new(CONTINUATION, &JUNK[2..]),
            Frame::new(COMPRESSED_BINARY, ""),
            Frame::new(TEXT, "plain"),
        ];
        assert_eq!(wire::unmasked(&mirrored), (expected.to_vec(), &[][..]));

        let mut connection = client(Agreed::NOTHING);
        let mut buffer = Buffer::new(vec![0; 400]);
        let mut exchange = connection.exchange(&mut buffer);
        let sent = exchange.send_compressed(Kind::Text, &JUNK, Fin::Last);
        assert_eq!(sent, Err(SendError::NoCompression));
        exchange.send(Message::Text("plain")).unwrap();
        assert_eq!(buffer.ready().len(), 6 + 5);
    }

    #[test]
    fn are_refused_when_others_are() {
        let mut connection = Connection::server(deflate());
        let mut buffer = Buffer::new(vec![0; 100]);
        receive(&mut buffer, &masked(COMPRESSED_TEXT ^ FIN, "begun"));
        let mut exchange = connection.exchange(&mut buffer);
        let send = |exchange: &mut ws_echo_core::Exchange<'_, _>, len| {
            exchange.send_compressed(Kind::Binary, &vec![0; len], Fin::Last)
        };
        assert_eq!(send(&mut exchange, 100), Err(SendError::BufferTooShort));
        assert_eq!(send(&mut exchange, 80), Err(SendError::Full));
        let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
            panic!("a piece was received");
        };
        exchange.echo(chunk);
        assert_eq!(send(&mut exchange, 1), Err(SendError::InsideMessage));
        exchange.close(CloseCode::NORMAL, "").unwrap();
        assert_eq!(send(&mut exchange, 1), Err(SendError::Closed));
        let begun = Frame::new(COMPRESSED_TEXT ^ FIN, "begun");
        let frames = wire::unmasked(buffer.ready()).0;
        assert_eq!(frames, [begun, Frame::close(1000)]);
    }

    #[test]
    fn keep_their_place_beside_a_message_that_is_received() {
        let mut connection = client(deflate());
        let mut buffer = Buffer::new(vec![0; 400]);
        let mut exchange = connection.exchange(&mut buffer);
        let begun = exchange.send_compressed(Kind::Text, &JUNK, Fin::More);
        assert_eq!(begun, Ok(()));
        let plain = exchange.send(Message::Text("plain"));
        assert_eq!(plain, Err(SendError::InsideMessage));
        exchange.ping(b"?").unwrap();
        buffer.consume(usize::MAX);
        receive(&mut buffer, &mirrored(&masked(COMPRESSED_BINARY, JUNK)));
        let mut exchange = connection.exchange(&mut buffer);
        let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
            panic!("a message was received");
        };
        assert_eq!((chunk.kind(), chunk.is_compressed()), (Kind::Binary, true));
        assert!(chunk.ends_message());
        assert_eq!(exchange.bytes(&chunk), JUNK);
        let ended = exchange.send_compressed(Kind::Text, &JUNK, Fin::Last);
        assert_eq!(ended, Ok(()));
        let mirrored = mirrored(buffer.ready());
        assert_eq!(
            wire::unmasked(&mirrored).0,
            [Frame::new(CONTINUATION, JUNK)]
        );
    }
}
