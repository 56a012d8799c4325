//! What an application sends of its own, as a server and as a client: fragments (RFC 6455 section
//! 5.4), room, and masking keys (section 5.3).

use std::cell::RefCell;

use ws_echo_core::{
    Agreed, Buffer, CloseCode, Connection, Event, Exchange, Fin, MIN_BUFFER_LEN, Message, Role,
    SendError, Storage,
};
use ws_echo_tests::wire::{
    BINARY, CONTINUATION, FIN, Frame, PING, PONG, TEXT, masked, masked_close, mirrored, unmasked,
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
                assert_eq!(sent, Err(SendError::Full));
            }
            buffer.ready().to_vec()
        });
    }
}

mod room {
    use super::*;

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
