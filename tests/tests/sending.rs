//! What an application sends of its own, as a server and as a client: fragments (RFC 6455 section
//! 5.4), room, and masking keys (section 5.3).

use std::cell::RefCell;

use ws_echo_core::{
    Agreed, Buffer, CloseCode, Connection, Event, Exchange, Fin, MIN_BUFFER_LEN, Message, Role,
    SendError, Storage,
};
use ws_echo_tests::wire::{
    BINARY, CONTINUATION, FIN, Frame, PING, PONG, TEXT, joined, masked, masked_close, mirrored,
    unmasked,
};

type Bytes = Buffer<Vec<u8>>;

type Client = ws_echo_core::Client<fn() -> [u8; 4]>;

fn client() -> Connection<Client> {
    Connection::client(Agreed::NOTHING, || [0x37, 0xFA, 0x21, 0x3D])
}

fn receive<S: Storage>(buffer: &mut Buffer<S>, bytes: &[u8]) {
    buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
    buffer.commit(bytes.len());
}

/// Takes the next event, which must be a piece of a message, and calls a function before it is
/// echoed.
fn echo_after<S: Storage, R: Role>(
    mut exchange: Exchange<'_, S, R>,
    act: impl FnOnce(&mut Exchange<'_, S, R>),
) {
    let Ok(Some(Event::Data(chunk))) = exchange.next_event() else {
        panic!("a piece of a message was received");
    };
    act(&mut exchange);
    exchange.echo(chunk);
}

/// The frames that a client has made ready.
fn frames_of_client<S: Storage>(buffer: &Buffer<S>) -> Vec<Frame> {
    let mirrored = mirrored(buffer.ready());
    let (frames, rest) = unmasked(&mirrored);
    assert_eq!(rest, b"", "a frame is cut");
    frames
}

/// The masking keys of frames that are shorter than 126 bytes.
fn keys(mut bytes: &[u8]) -> Vec<[u8; 4]> {
    let mut keys = Vec::new();
    while let [_, second, a, b, c, d, rest @ ..] = bytes {
        assert!(second & 0x80 != 0, "a client's frame is not masked");
        keys.push([*a, *b, *c, *d]);
        bytes = &rest[usize::from(second & 0x7F)..];
    }
    keys
}

mod masking_keys {
    use super::*;

    /// Runs a client, and compares the keys that it draws with those on the wire, in any order.
    fn assert_each_is_sent_once(run: impl FnOnce(&mut dyn FnMut() -> [u8; 4]) -> Vec<u8>) {
        let drawn = RefCell::new(Vec::new());
        let output = run(&mut || {
            let key = (drawn.borrow().len() as u32 * 0x0101_0101 + 0x1234_5678).to_be_bytes();
            drawn.borrow_mut().push(key);
            key
        });
        let mut sent = keys(&output);
        sent.sort_unstable();
        assert_eq!(sent, drawn.into_inner());
    }

    /// > [...] the client MUST pick a fresh masking key from the set of allowed 32-bit values.
    #[test]
    fn are_drawn_for_each_frame() {
        assert_each_is_sent_once(|next_key| {
            let mut connection = Connection::client(Agreed::NOTHING, next_key);
            let mut buffer = Buffer::new([0; 1024]);
            let frames = [
                masked(TEXT, "hello"),
                masked(PING, "?"),
                masked(PONG, "!"),
                masked(TEXT & !FIN, "in "),
                masked(CONTINUATION, "pieces"),
            ];
            receive(&mut buffer, &mirrored(&frames.concat()));
            let mut output = Vec::new();
            for _ in frames {
                let mut exchange = connection.exchange(&mut buffer);
                if let Some(Event::Data(chunk)) = exchange.next_event().unwrap() {
                    exchange.echo(chunk);
                }
                output.extend(buffer.ready());
                buffer.consume(usize::MAX);
            }
            let mut exchange = connection.exchange(&mut buffer);
            exchange.send(Message::Text("word")).unwrap();
            exchange
                .send_fragment(Message::Binary(b"1"), Fin::More)
                .unwrap();
            exchange.ping(b"!").unwrap();
            exchange.pong(b"alive").unwrap();
            exchange
                .send_fragment(Message::Binary(b"2"), Fin::Last)
                .unwrap();
            exchange.close(CloseCode::NORMAL, "bye").unwrap();
            output.extend(buffer.ready());
            assert_eq!(unmasked(&mirrored(&output)).0.len(), 10);
            output
        });
    }

    #[test]
    fn are_drawn_for_the_answer_to_a_close_and_for_the_close_of_a_failure() {
        for frame in [masked_close(1000, "bye"), vec![0xFF, 0]] {
            assert_each_is_sent_once(|next_key| {
                let mut connection = Connection::client(Agreed::NOTHING, next_key);
                let mut buffer = Buffer::new([0; 64]);
                receive(&mut buffer, &mirrored(&frame));
                let _ = connection.exchange(&mut buffer).next_event();
                assert!(connection.is_done());
                assert_eq!(frames_of_client(&buffer).len(), 1);
                buffer.ready().to_vec()
            });
        }
    }

    #[test]
    fn are_not_drawn_for_a_frame_that_has_no_room() {
        assert_each_is_sent_once(|next_key| {
            let mut connection = Connection::client(Agreed::NOTHING, next_key);
            let mut buffer = Buffer::new([0; 64]);
            for _ in 0..5 {
                let sent = connection
                    .exchange(&mut buffer)
                    .send(Message::Binary(&[0; 60]));
                assert_eq!(sent, Err(SendError::BufferTooShort));
            }
            buffer.ready().to_vec()
        });
    }
}

mod room {
    use super::*;

    fn assert_is_exact<R: Role>(mut connect: impl FnMut() -> Connection<R>, input: &[u8]) {
        for capacity in (MIN_BUFFER_LEN..200).chain([65_570, 65_590]) {
            for words in 0..3 {
                let mut connection = connect();
                let mut buffer = Bytes::new(vec![0; capacity]);
                receive(&mut buffer, input);
                let mut exchange = connection.exchange(&mut buffer);
                assert_eq!(exchange.next_event(), Ok(None));
                for _ in 0..words {
                    let _ = exchange.send(Message::Text("word"));
                }
                let room = exchange.room();
                let longer = vec![7; room + 1];
                let full = exchange.send(Message::Binary(&longer)).unwrap_err();
                let is_ever = words == 0 && input.is_empty();
                assert_eq!(full == SendError::BufferTooShort, is_ever, "{capacity}");
                if room > 0 {
                    assert_eq!(exchange.send(Message::Binary(&longer[1..])), Ok(()));
                }
            }
        }
    }

    #[test]
    fn is_the_length_of_the_longest_message_that_can_be_sent() {
        for input in [&b""[..], &masked(BINARY, [1; 8])[..10]] {
            assert_is_exact(|| Connection::server(Agreed::NOTHING), input);
            assert_is_exact(client, &mirrored(input)[..input.len().min(6)]);
        }
    }

    /// A server that waits until its output is taken takes none of ours. So we must be able to
    /// receive, whatever we have sent.
    #[test]
    fn to_receive_is_left_whatever_a_client_sends() {
        for capacity in MIN_BUFFER_LEN..200 {
            for word_len in 0..capacity {
                let mut connection = client();
                let mut buffer = Bytes::for_pieces(vec![0; capacity]);
                let word = vec![b'w'; word_len];
                while connection
                    .exchange(&mut buffer)
                    .send(Message::Binary(&word))
                    .is_ok()
                {}
                let input = mirrored(&masked(TEXT, "x".repeat(300)));
                for &byte in &input {
                    let what = format!("{word_len} in {capacity}, {:?}", buffer.ready().len());
                    *buffer.spare_mut().first_mut().expect(&what) = byte;
                    buffer.commit(1);
                    while let Some(event) = connection.exchange(&mut buffer).next_event().unwrap() {
                        assert!(matches!(event, Event::Data(_)), "{what}");
                    }
                }
            }
        }
    }

    fn echoes_beside_words<R: Role>(connection: &mut Connection<R>, input: &[u8]) -> Bytes {
        let mut buffer = Bytes::new(vec![0; 400]);
        receive(&mut buffer, input);
        echo_after(connection.exchange(&mut buffer), |exchange| {
            while exchange.send(Message::Text("word")).is_ok() {}
        });
        buffer
    }

    #[test]
    fn to_echo_is_left_whatever_is_sent() {
        for len in [1, 125, 126, 200] {
            let input = masked(BINARY, vec![1; len]);
            let buffer = echoes_beside_words(&mut Connection::server(Agreed::NOTHING), &input);
            let (frames, _) = unmasked(buffer.ready());
            assert_eq!(frames.last().unwrap().payload.len(), len);

            let buffer = echoes_beside_words(&mut client(), &mirrored(&input));
            let frames = frames_of_client(&buffer);
            assert_eq!(frames.last().unwrap().payload.len(), len);
        }
    }
}

mod parts {
    use super::*;

    /// Sends a message in parts that fit the buffer and `max_len`, and returns the frames.
    fn send<R: Role>(
        connection: &mut Connection<R>,
        capacity: usize,
        max_len: usize,
        message: Message<'_>,
        frames_of: fn(&Bytes) -> Vec<Frame>,
    ) -> Vec<Frame> {
        let mut buffer = Bytes::new(vec![0; capacity]);
        let mut frames = Vec::new();
        let mut unsent = Some(message);
        while let Some(message) = unsent {
            let mut exchange = connection.exchange(&mut buffer);
            let len = exchange.room().min(max_len);
            unsent = exchange.send_up_to(max_len, message).unwrap();
            let sent = frames_of(&buffer);
            assert_eq!(sent.len(), 1, "{max_len} in {capacity}");
            assert!((len - 3..=len).contains(&sent[0].payload.len()) || unsent.is_none());
            frames.extend(sent);
            buffer.consume(usize::MAX);
        }
        frames
    }

    /// > A fragmented message consists of a single frame with the FIN bit clear and an opcode other
    /// > than 0, [...] and terminated by a single frame with the FIN bit set and an opcode of 0.
    #[test]
    fn are_one_message_and_no_character_is_cut() {
        let text = "a\u{e9}\u{20ac}\u{1f600}".repeat(40);
        let frames_of_server: fn(&Bytes) -> Vec<Frame> = |buffer| unmasked(buffer.ready()).0;
        for capacity in (MIN_BUFFER_LEN..200).chain([1000]) {
            for max_len in [4, 7, 130, usize::MAX] {
                for (first, message) in [
                    (TEXT, Message::Text(&text)),
                    (BINARY, Message::Binary(text.as_bytes())),
                ] {
                    let mut server = Connection::server(Agreed::NOTHING);
                    let by_server = send(&mut server, capacity, max_len, message, frames_of_server);
                    let by_client =
                        send(&mut client(), capacity, max_len, message, frames_of_client);
                    for frames in [by_server, by_client] {
                        assert!(first != TEXT || frames.iter().all(|it| is_text(&it.payload)));
                        assert!(frames.iter().all(|it| it.payload.len() <= max_len));
                        assert_eq!(frames.last().unwrap().first & FIN, FIN);
                        assert_eq!(joined(&frames), [Frame::new(first, &text)]);
                    }
                }
            }
        }
    }

    fn is_text(bytes: &[u8]) -> bool {
        str::from_utf8(bytes).is_ok()
    }

    #[test]
    fn are_one_frame_if_there_is_room_also_if_it_is_empty() {
        for text in ["", "x", &"x".repeat(100)] {
            let mut buffer = Bytes::new(vec![0; 130]);
            let mut connection = client();
            let mut exchange = connection.exchange(&mut buffer);
            assert_eq!(exchange.send_up_to(100, Message::Text(text)), Ok(None));
            assert_eq!(frames_of_client(&buffer), [Frame::new(TEXT, text)]);
        }
    }

    #[test]
    fn are_not_sent_if_not_even_a_character_fits() {
        let mut connection = client();
        let mut buffer = Bytes::new(vec![0; MIN_BUFFER_LEN]);
        let mut exchange = connection.exchange(&mut buffer);
        let message = Message::Text("\u{1f600}");
        assert_eq!(exchange.send_up_to(3, message), Ok(Some(message)));
        while exchange.room() >= 4 {
            exchange.ping(b"").unwrap();
        }
        let ready = buffer.ready().to_vec();
        let mut exchange = connection.exchange(&mut buffer);
        assert_eq!(exchange.send_up_to(100, message), Ok(Some(message)));
        while exchange.ping(b"").is_ok() {}
        let empty = Message::Binary(b"");
        assert_eq!(exchange.room(), 0);
        assert_eq!(exchange.send_up_to(100, empty), Ok(Some(empty)));
        assert!(buffer.ready().starts_with(&ready));
        assert!(frames_of_client(&buffer).iter().all(|it| it.first == PING));
    }

    #[test]
    fn are_not_sent_inside_an_echo_or_after_a_close() {
        let mut connection = Connection::server(Agreed::NOTHING);
        let mut buffer = Bytes::new(vec![0; 200]);
        receive(&mut buffer, &masked(TEXT & !FIN, "begun"));
        echo_after(connection.exchange(&mut buffer), |_| {});
        let mut exchange = connection.exchange(&mut buffer);
        for message in [Message::Text(""), Message::Text("part")] {
            let sent = exchange.send_up_to(100, message);
            assert_eq!(sent, Err(SendError::InsideMessage));
        }
        assert_eq!(exchange.room(), 0);
        exchange.close(CloseCode::NORMAL, "").unwrap();
        for message in [Message::Text(""), Message::Text("part")] {
            let sent = exchange.send_up_to(100, message);
            assert_eq!(sent, Err(SendError::Closed));
        }
        assert_eq!(exchange.room(), 0);
    }
}

mod fragments {
    use super::*;

    fn say<R: Role>(connection: &mut Connection<R>) -> Bytes {
        let mut buffer = Bytes::new(vec![0; 400]);
        let mut exchange = connection.exchange(&mut buffer);
        exchange
            .send_fragment(Message::Text("in"), Fin::More)
            .unwrap();
        let sent = exchange.send(Message::Text("no"));
        assert_eq!(sent, Err(SendError::InsideMessage));
        exchange.ping(b"?").unwrap();
        exchange
            .send_fragment(Message::Text(""), Fin::More)
            .unwrap();
        exchange
            .send_fragment(Message::Text("pieces"), Fin::Last)
            .unwrap();
        exchange.send(Message::Binary(b"whole")).unwrap();
        buffer
    }

    /// > A fragmented message consists of a single frame with the FIN bit clear and an opcode other
    /// > than 0, followed by zero or more frames with the FIN bit clear and the opcode set to 0,
    /// > and terminated by a single frame with the FIN bit set and an opcode of 0.
    #[test]
    fn are_continuations_until_the_last() {
        let expected = [
            Frame::new(TEXT & !FIN, "in"),
            Frame::new(PING, "?"),
            Frame::new(CONTINUATION & !FIN, ""),
            Frame::new(CONTINUATION, "pieces"),
            Frame::new(BINARY, "whole"),
        ];
        let buffer = say(&mut Connection::server(Agreed::NOTHING));
        assert_eq!(unmasked(buffer.ready()), (expected.to_vec(), &[][..]));
        let buffer = say(&mut client());
        assert_eq!(frames_of_client(&buffer), expected);
    }

    /// > The fragments of one message MUST NOT be interleaved between the fragments of another
    /// > message [...]
    #[test]
    fn are_not_mixed_with_those_of_an_echo() {
        let mut connection = Connection::server(Agreed::NOTHING);
        let mut buffer = Bytes::new(vec![0; 400]);
        let begun = masked(BINARY & !FIN, [1]);
        receive(
            &mut buffer,
            &[&begun[..], &masked(CONTINUATION, [2])].concat(),
        );
        echo_after(connection.exchange(&mut buffer), |_| {});
        let word = connection
            .exchange(&mut buffer)
            .send_fragment(Message::Text("no"), Fin::Last);
        assert_eq!(word, Err(SendError::InsideMessage));
        echo_after(connection.exchange(&mut buffer), |_| {});
        let word = connection
            .exchange(&mut buffer)
            .send_fragment(Message::Text("yes"), Fin::More);
        assert_eq!(word, Ok(()));
        receive(&mut buffer, &masked(BINARY, [0xFF]));
        echo_after(connection.exchange(&mut buffer), |_| {});
        let (frames, _) = unmasked(buffer.ready());
        assert_eq!(
            frames,
            [
                Frame::new(BINARY & !FIN, [1]),
                Frame::new(CONTINUATION, [2]),
                Frame::new(TEXT & !FIN, "yes"),
            ]
        );
    }
}

mod pongs {
    use super::*;

    fn send<R: Role>(connection: &mut Connection<R>) -> Bytes {
        let mut buffer = Bytes::new(vec![0; 400]);
        let mut exchange = connection.exchange(&mut buffer);
        assert_eq!(exchange.pong(b""), Ok(()));
        assert_eq!(exchange.pong(&[b'p'; 125]), Ok(()));
        assert_eq!(exchange.pong(&[b'p'; 126]), Err(SendError::TooLong));
        while exchange.pong(b"alive").is_ok() {}
        assert_eq!(exchange.pong(b"alive"), Err(SendError::Full));
        buffer
    }

    fn assert_sent(frames: &[Frame]) {
        let (first, rest) = frames.split_first_chunk().unwrap();
        assert_eq!(
            first,
            &[Frame::new(PONG, ""), Frame::new(PONG, [b'p'; 125])]
        );
        assert!(rest.iter().all(|frame| *frame == Frame::new(PONG, "alive")));
    }

    // > A Pong frame MAY be sent unsolicited. This serves as a unidirectional heartbeat.
    // > (section 5.5.3)
    #[test]
    fn that_nobody_has_asked_for() {
        let buffer = send(&mut Connection::server(Agreed::NOTHING));
        assert_sent(&unmasked(buffer.ready()).0);
        assert_sent(&frames_of_client(&send(&mut client())));
    }

    #[test]
    fn are_sent_inside_a_message_and_not_after_a_close() {
        let mut connection = Connection::server(Agreed::NOTHING);
        let mut buffer = Bytes::new(vec![0; 400]);
        let mut exchange = connection.exchange(&mut buffer);
        exchange
            .send_fragment(Message::Text("in "), Fin::More)
            .unwrap();
        exchange.pong(b"alive").unwrap();
        exchange
            .send_fragment(Message::Text("pieces"), Fin::Last)
            .unwrap();
        exchange.close(CloseCode::NORMAL, "").unwrap();
        assert_eq!(exchange.pong(b"alive"), Err(SendError::Closed));
        let (frames, _) = unmasked(buffer.ready());
        assert_eq!(
            frames,
            [
                Frame::new(TEXT & !FIN, "in "),
                Frame::new(PONG, "alive"),
                Frame::new(CONTINUATION, "pieces"),
                Frame::close(1000),
            ]
        );
    }
}
