//! What an application may do with a chunk: look at it, echo it, gather its message, ignore it, and
//! nothing once it is stale. And what it knows of the chunks that follow.

use ws_echo_core::{
    Agreed, Buffer, Chunk, CloseCode, Connection, Event, Kind, MIN_BUFFER_LEN, Message,
    MessageBuffer, MessageStorage, MessageTooLong, Role,
};
use ws_echo_tests::driver::{self, Cuts};
use ws_echo_tests::wire::{BINARY, CONTINUATION, FIN, Frame, PING, TEXT, masked, mirrored};

fn receive(buffer: &mut Buffer<[u8; 256]>, bytes: &[u8]) {
    buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
    buffer.commit(bytes.len());
}

fn next_chunk(connection: &mut Connection, buffer: &mut Buffer<[u8; 256]>) -> Chunk {
    match connection.exchange(buffer).next_event() {
        Ok(Some(Event::Data(chunk))) => chunk,
        other => panic!("{other:?} is not a chunk"),
    }
}

#[test]
fn a_chunk_has_a_kind_a_length_bytes_and_text() {
    let (mut connection, mut buffer) = (Connection::server(Agreed::NOTHING), Buffer::new([0; 256]));
    receive(&mut buffer, &masked(TEXT, "gr\u{fc}n"));
    receive(&mut buffer, &masked(BINARY & 0x7F, [0xFF]));
    let mut exchange = connection.exchange(&mut buffer);
    let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
        panic!("a text was received");
    };
    assert_eq!((chunk.kind(), chunk.ends_message()), (Kind::Text, true));
    assert_eq!((chunk.len(), chunk.is_empty()), (5, false));
    assert_eq!(exchange.text(&chunk), Some("gr\u{fc}n"));
    let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
        panic!("a binary fragment was received");
    };
    assert_eq!((chunk.kind(), chunk.ends_message()), (Kind::Binary, false));
    assert_eq!(exchange.bytes(&chunk), [0xFF]);
    assert_eq!(exchange.text(&chunk), None);
}

#[test]
fn a_stale_chunk_has_no_bytes_and_is_not_sent() {
    for first in ["ab", ""] {
        let (mut connection, mut buffer) =
            (Connection::server(Agreed::NOTHING), Buffer::new([0; 256]));
        receive(&mut buffer, &masked(TEXT, first));
        let stale = next_chunk(&mut connection, &mut buffer);
        // The next chunk is placed at the same position.
        receive(&mut buffer, &masked(TEXT, "\u{20ac}xy"));
        let fresh = next_chunk(&mut connection, &mut buffer);
        let mut exchange = connection.exchange(&mut buffer);
        assert_eq!(exchange.bytes(&stale), b"");
        exchange.echo(stale);
        assert_eq!(exchange.text(&fresh), Some("\u{20ac}xy"));
        exchange.echo(fresh);
        assert_eq!(buffer.ready(), b"\x81\x05\xe2\x82\xacxy", "after {first:?}");
    }
}

#[test]
fn a_chunk_longer_than_the_other_buffers_input_is_stale() {
    let frames = [
        masked(BINARY, "longer than the other"),
        masked(BINARY, "short"),
    ];
    let [(_, _, longer), (mut connection, mut buffer, _)] = frames.map(|frame| {
        let (mut connection, mut buffer) =
            (Connection::server(Agreed::NOTHING), Buffer::new([0; 256]));
        receive(&mut buffer, &frame);
        let chunk = next_chunk(&mut connection, &mut buffer);
        (connection, buffer, chunk)
    });
    let mut exchange = connection.exchange(&mut buffer);
    assert_eq!(exchange.bytes(&longer), b"");
    exchange.echo(longer);
    assert_eq!(exchange.next_event(), Ok(None));
    assert!(buffer.is_empty());
}

#[test]
fn an_ignored_chunk_is_not_sent_and_does_no_harm() {
    let (mut connection, mut buffer) = (Connection::server(Agreed::NOTHING), Buffer::new([0; 256]));
    for _ in 0..50 {
        receive(&mut buffer, &masked(TEXT, "left alone"));
        let _ = next_chunk(&mut connection, &mut buffer);
        receive(&mut buffer, &masked(BINARY, "echoed"));
        let chunk = next_chunk(&mut connection, &mut buffer);
        connection.exchange(&mut buffer).echo(chunk);
        assert_eq!(buffer.ready(), b"\x82\x06echoed");
        buffer.consume(usize::MAX);
    }
}

#[test]
fn an_empty_chunk_is_still_sent_after_a_message_of_the_application() {
    let (mut connection, mut buffer) = (Connection::server(Agreed::NOTHING), Buffer::new([0; 256]));
    receive(
        &mut buffer,
        &[masked(TEXT, ""), masked(TEXT, "next")].concat(),
    );
    let chunk = next_chunk(&mut connection, &mut buffer);
    let mut exchange = connection.exchange(&mut buffer);
    let pinged = exchange.ping(b"").is_ok();
    exchange.echo(chunk);
    let chunk = next_chunk(&mut connection, &mut buffer);
    connection.exchange(&mut buffer).echo(chunk);
    let ping: &[u8] = if pinged { b"\x89\x00" } else { b"" };
    assert_eq!(buffer.ready(), [ping, b"\x81\x00\x81\x04next"].concat());
}

/// A message of two frames with a Ping between them; the first frame ends in a character.
fn message() -> (String, Vec<u8>) {
    let text = "\u{20ac}".repeat(70);
    let (first, second) = text.as_bytes().split_at(100);
    let frames = [
        masked(TEXT & 0x7F, first),
        masked(PING, "between"),
        masked(CONTINUATION, second),
    ];
    (text.clone(), frames.concat())
}

#[test]
fn the_length_of_a_frame_is_known_with_its_header_whatever_was_received_of_it() {
    let (text, bytes) = message();
    // Buffers in which a frame stays until it is complete, and in which nothing stays.
    for mut buffer in [Buffer::new([0; 256]), Buffer::for_pieces([0; 256])] {
        let mut connection = Connection::server(Agreed::NOTHING);
        let (mut received, mut known) = (0, Vec::new());
        for byte in &bytes {
            buffer.spare_mut()[0] = *byte;
            buffer.commit(1);
            let mut exchange = connection.exchange(&mut buffer);
            while let Ok(Some(event)) = exchange.next_event() {
                if let Event::Data(chunk) = event {
                    received += chunk.len() as u64;
                    exchange.echo(chunk);
                }
            }
            let remaining = exchange.remaining_payload();
            assert_eq!(remaining, connection.remaining_payload());
            // What was returned and what remains is the end of the frame, at each byte of it.
            let is_known = remaining > 0;
            known.push(if is_known { received + remaining } else { 0 });
            buffer.consume(usize::MAX);
        }
        let whole = text.len() as u64;
        let ping = masked(PING, "between").len();
        let second = bytes.len() - (6 + 100) - ping;
        let expected = [
            (0, 5),
            // The second frame begins with the rest of a character.
            (100, 100 + 1 + ping + second - 111),
            (whole, 110),
            (0, 1),
        ];
        let expected = expected.map(|(end, bytes)| vec![end; bytes]).concat();
        assert_eq!(known, expected);
        assert_eq!(received, whole);
    }
}

#[test]
fn an_ignored_frame_and_a_closed_connection_have_no_remaining_payload() {
    let (mut connection, mut buffer) = (Connection::server(Agreed::NOTHING), Buffer::new([0; 256]));
    receive(&mut buffer, &masked(BINARY, [7; 100])[..50]);
    let mut exchange = connection.exchange(&mut buffer);
    assert_eq!(exchange.next_event(), Ok(None));
    assert_eq!(exchange.remaining_payload(), 100);
    assert_eq!(exchange.close(CloseCode::MESSAGE_TOO_BIG, ""), Ok(()));
    assert_eq!(exchange.remaining_payload(), 0);
    assert_eq!(exchange.next_event(), Ok(None));
    assert_eq!(exchange.remaining_payload(), 0);
}

mod whole_messages {
    use super::*;

    type Bytes = Buffer<Vec<u8>>;

    /// The longest message that is gathered.
    const LIMIT: usize = 100;

    /// The messages that an application has gathered. `None` is one that was too long.
    type Gathered = Vec<Option<Frame>>;

    fn gather<R: Role, M: MessageStorage>(
        connection: &mut Connection<R>,
        buffer: &mut Bytes,
        message: &mut MessageBuffer<M>,
        gathered: &mut Gathered,
    ) {
        let mut exchange = connection.exchange(buffer);
        while let Some(event) = exchange.next_event().unwrap() {
            let Event::Data(chunk) = event else { continue };
            match exchange.gather(&chunk, message) {
                Ok(None) => {}
                Ok(Some(Message::Text(text))) => gathered.push(Some(Frame::new(TEXT, text))),
                Ok(Some(Message::Binary(bytes))) => gathered.push(Some(Frame::new(BINARY, bytes))),
                Err(MessageTooLong) => gathered.push(None),
            }
        }
    }

    /// Gathers the messages of a session, by a server and by a client.
    fn assert_gathered<M: MessageStorage>(
        mut new: impl FnMut() -> MessageBuffer<M>,
        input: &[u8],
        expected: &Gathered,
    ) {
        for (cuts, takes) in Cuts::many(input.len()) {
            for len in [MIN_BUFFER_LEN, 61, 200, 1000] {
                let (mut message, mut gathered) = (new(), Gathered::new());
                let mut server = Connection::server(Agreed::NOTHING);
                driver::run(input, &cuts, &takes, len, |buffer| {
                    gather(&mut server, buffer, &mut message, &mut gathered);
                });
                assert_eq!(&gathered, expected, "{cuts:?}, {takes:?}, buffer of {len}");

                let (mut message, mut gathered) = (new(), Gathered::new());
                let mut client = Connection::client(Agreed::NOTHING, || [1, 2, 3, 4]);
                driver::run_in_pieces(&mirrored(input), &cuts, len, |buffer| {
                    gather(&mut client, buffer, &mut message, &mut gathered);
                });
                assert_eq!(&gathered, expected, "by a client, {cuts:?}, {len}");
            }
        }
    }

    /// The same with a fixed length, and with one that grows.
    fn assert_always_gathered(input: &[u8], expected: &Gathered) {
        assert_gathered(|| MessageBuffer::new([0xFF; LIMIT]), input, expected);
        #[cfg(feature = "std")]
        assert_gathered(|| MessageBuffer::with_limit(LIMIT), input, expected);
    }

    #[test]
    fn are_gathered_from_their_pieces() {
        let text = "\u{20ac}".repeat(30);
        let (begin, end) = text.as_bytes().split_at(55);
        let input = [
            masked(TEXT & !FIN, begin),
            masked(PING, "between"),
            masked(CONTINUATION & !FIN, ""),
            masked(CONTINUATION, end),
            masked(BINARY, [0xFF, 0]),
            masked(TEXT, ""),
            masked(BINARY & !FIN, [1; LIMIT - 1]),
            masked(CONTINUATION, [2]),
            masked(TEXT, "after"),
        ];
        let longest = [&[1; LIMIT - 1][..], &[2]].concat();
        let expected = [
            Frame::new(TEXT, text),
            Frame::new(BINARY, [0xFF, 0]),
            Frame::new(TEXT, ""),
            Frame::new(BINARY, longest),
            Frame::new(TEXT, "after"),
        ];
        assert_always_gathered(&input.concat(), &expected.map(Some).to_vec());
    }

    #[test]
    fn that_are_too_long_are_reported_once_and_the_next_is_gathered() {
        let too_long = [
            masked(BINARY, [1; LIMIT + 1]),
            [
                masked(TEXT & !FIN, [b'a'; LIMIT]),
                masked(CONTINUATION & !FIN, ""),
                masked(CONTINUATION & !FIN, "b"),
                masked(CONTINUATION & !FIN, ""),
                masked(CONTINUATION, [b'c'; 300]),
            ]
            .concat(),
            masked(TEXT, "\u{20ac}".repeat(LIMIT)),
        ];
        for message in too_long {
            let input = [masked(TEXT, "one"), message, masked(BINARY, "two")].concat();
            let [one, two] = [Frame::new(TEXT, "one"), Frame::new(BINARY, "two")];
            assert_always_gathered(&input, &vec![Some(one), None, Some(two)]);
        }
    }

    #[test]
    fn that_will_be_too_long_are_reported_with_their_first_piece() {
        let mut connection = Connection::server(Agreed::NOTHING);
        let mut buffer = Bytes::new(vec![0; 61]);
        // As long as a message can be.
        let header = [&[0x82, 0xFF, 0x7F][..], &[0xFF; 7], &[1, 2, 3, 4]].concat();
        let begun = [&header[..], &[0; 10]].concat();
        buffer.spare_mut()[..begun.len()].copy_from_slice(&begun);
        buffer.commit(begun.len());
        let mut gathered = Gathered::new();
        let mut storage = [0; LIMIT];
        let mut message = MessageBuffer::new(&mut storage[..]);
        gather(&mut connection, &mut buffer, &mut message, &mut gathered);
        assert_eq!(gathered, [None]);
    }
}
