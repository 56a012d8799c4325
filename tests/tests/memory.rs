//! The cost of a connection and of a buffer, and buffers of any length: one that is too short never
//! panics, and one that is long enough loses nothing.

use ws_echo_core::{
    Agreed, Buffer, CloseCode, Connection, Event, MIN_BUFFER_LEN, MIN_HEAD_LEN, Message,
    ServerHandshake, Storage,
};
use ws_echo_tests::driver::{Cuts, echo, echo_eagerly, echo_in_pieces, run};
use ws_echo_tests::wire::{
    BINARY, CONTINUATION, Frame, PING, PONG, TEXT, joined, masked, masked_close, masked_with,
    unmasked,
};

/// A session with frames of all kinds and lengths, and its answer with fragments joined.
fn session() -> (Vec<u8>, Vec<Frame>) {
    let text = "a\u{e9}\u{20ac}\u{1f600}".repeat(30);
    let bytes: Vec<u8> = (0..=255).collect();
    let input = [
        masked(TEXT, &text),
        masked(PING, &bytes[..125]),
        masked(0x02, &bytes[..100]),
        masked(PING, ""),
        masked(CONTINUATION, &bytes[100..]),
        masked(TEXT, ""),
        masked(0x01, &text.as_bytes()[..2]),
        masked(0x00, &text.as_bytes()[2..9]),
        masked(PONG, "pong"),
        masked(CONTINUATION, &text.as_bytes()[9..]),
        masked_close(1000, "bye"),
    ]
    .concat();
    let frames = vec![
        Frame::new(TEXT, &text),
        Frame::new(PONG, &bytes[..125]),
        Frame::new(PONG, ""),
        Frame::new(BINARY, &bytes),
        Frame::new(TEXT, ""),
        Frame::new(TEXT, &text),
        Frame::close(1000),
    ];
    (input, frames)
}

#[test]
fn an_open_connection_is_at_most_256_bytes() {
    assert!(size_of::<Connection>() <= 256);
}

#[test]
fn a_handshake_is_little_more_than_its_room_for_the_head() {
    assert!(size_of::<ServerHandshake<1024>>() <= 1024 + 64);
}

#[test]
fn a_buffer_is_little_more_than_its_storage() {
    assert!(size_of::<Buffer<[u8; 100]>>() <= 100 + 64);
}

#[test]
fn a_buffer_of_every_useful_length_loses_nothing() {
    let (input, frames) = session();
    for buffer_len in MIN_BUFFER_LEN..=200 {
        for (cuts, takes) in Cuts::many(input.len()) {
            let outcome = echo(&input, &cuts, &takes, buffer_len).joined();
            assert_eq!(outcome.frames, frames, "{cuts:?}, buffer of {buffer_len}");
            assert!(outcome.done);
            let outcome = echo_eagerly(&input, &cuts, &takes, buffer_len).joined();
            assert_eq!(outcome.frames, frames, "{cuts:?}, buffer of {buffer_len}");
            let outcome = echo_in_pieces(&input, &cuts, buffer_len).joined();
            assert_eq!(outcome.frames, frames, "{cuts:?}, buffer of {buffer_len}");
        }
    }
}

#[test]
fn a_connection_is_idle_between_messages_only() {
    let pieces = [
        (masked(TEXT, "gr\u{fc}n"), true),
        (masked(BINARY, [7; 300]), true),
        (masked(PING, "ping"), true),
        (masked(0x01, "\u{20ac}"), false),
        (masked(PONG, ""), false),
        (masked(CONTINUATION, ""), true),
        (masked_close(1000, ""), false),
    ];
    let (mut connection, mut buffer) = (Connection::server(Agreed::NOTHING), Buffer::new([0; 400]));
    assert!(connection.is_idle());
    for (bytes, is_last) in &pieces {
        for (len, byte) in (1..).zip(bytes) {
            buffer.spare_mut()[0] = *byte;
            buffer.commit(1);
            echo_all(&mut connection, &mut buffer);
            let is_whole = len == bytes.len();
            let is_idle = connection.is_idle();
            assert_eq!(is_idle, is_whole && *is_last, "{len} of {bytes:?}");
            buffer.consume(usize::MAX);
        }
    }
}

#[test]
fn an_idle_connection_equals_a_new_one() {
    let (input, frames) = session();
    for buffer_len in MIN_BUFFER_LEN..=200 {
        for (cuts, takes) in Cuts::many(input.len()) {
            let mut connection = Connection::server(Agreed::NOTHING);
            let transmitted = run(&input, &cuts, &takes, buffer_len, |buffer| {
                if connection.is_idle() {
                    connection = Connection::server(Agreed::NOTHING);
                }
                echo_all(&mut connection, buffer);
            });
            let (answered, rest) = unmasked(&transmitted);
            assert_eq!(rest, b"");
            let answered = joined(&answered);
            assert_eq!(answered, frames, "{cuts:?}, buffer of {buffer_len}");
        }
    }
}

#[test]
fn a_connection_that_has_sent_close_is_not_idle() {
    let (mut connection, mut buffer) = (Connection::server(Agreed::NOTHING), Buffer::new([0; 100]));
    let mut exchange = connection.exchange(&mut buffer);
    exchange.close(CloseCode::NORMAL, "").unwrap();
    assert!(!connection.is_idle());
}

#[test]
fn a_connection_is_not_idle_inside_a_message_that_is_not_echoed() {
    let (mut connection, mut buffer) = (Connection::server(Agreed::NOTHING), Buffer::new([0; 100]));
    let fragment = masked(0x01, "a");
    buffer.spare_mut()[..fragment.len()].copy_from_slice(&fragment);
    buffer.commit(fragment.len());
    let mut exchange = connection.exchange(&mut buffer);
    assert!(matches!(exchange.next_event(), Ok(Some(Event::Data(_)))));
    assert!(matches!(exchange.next_event(), Ok(None)));
    assert!(!connection.is_idle());
}

/// Echoes everything in the buffer.
fn echo_all<S: Storage>(connection: &mut Connection, buffer: &mut Buffer<S>) {
    let mut exchange = connection.exchange(buffer);
    while let Ok(Some(event)) = exchange.next_event() {
        if let Event::Data(chunk) = event {
            exchange.echo(chunk);
        }
    }
}

/// Does at random what a driver may do, and what it should not do.
fn misuse<S: Storage>(mut buffer: Buffer<S>, random: &mut fastrand::Rng) {
    let mut connection = Connection::server(Agreed::NOTHING);
    let mut handshake = ServerHandshake::<MIN_HEAD_LEN>::new();
    let mut kept = None;
    for _ in 0..60 {
        match random.u8(0..14) {
            0..4 => {
                let payload = vec![b'x'; random.usize(0..80)];
                let first = [TEXT, BINARY, PING, 0x01, 0x00, 0x80][random.usize(0..6)];
                let frame = masked_with([1, 2, 3, 4], first, &payload);
                let cut = random.usize(0..=frame.len());
                let spare = buffer.spare_mut();
                let len = cut.min(spare.len());
                spare[..len].copy_from_slice(&frame[..len]);
                buffer.commit(len);
            }
            4..7 => {
                let mut exchange = connection.exchange(&mut buffer);
                match exchange.next_event() {
                    Ok(Some(Event::Data(chunk))) if random.bool() => exchange.echo(chunk),
                    Ok(Some(Event::Data(chunk))) => kept = Some(chunk),
                    _ => {}
                }
            }
            7 => {
                if let Some(chunk) = kept.take() {
                    connection.exchange(&mut buffer).echo(chunk);
                }
            }
            8 => {
                let message = Message::Binary(&[7; 20][..random.usize(0..20)]);
                let _ = connection.exchange(&mut buffer).send(message);
            }
            9 => {
                let payload = vec![7; random.usize(0..130)];
                let _ = connection.exchange(&mut buffer).ping(&payload);
            }
            10 => buffer.consume(random.usize(0..50)),
            11 => buffer.commit(random.usize(0..50)),
            12 if random.u8(0..8) == 0 => {
                let close = connection.exchange(&mut buffer);
                let _ = { close }.close(CloseCode::NORMAL, "");
            }
            13 if random.u8(0..8) == 0 => buffer.clear(),
            _ => {
                let _ = handshake.advance(&mut buffer);
            }
        }
        let all = buffer.ready().len() + buffer.received().len();
        assert_eq!(buffer.is_empty(), all == 0);
    }
    let len = buffer.received().len();
    buffer.clear();
    assert!(buffer.is_empty());
    assert!(buffer.into_storage().as_ref().len() >= len);
}

#[test]
fn a_buffer_of_any_length_never_panics() {
    let mut random = fastrand::Rng::with_seed(200);
    for len in 0..=200 {
        for _ in 0..50 {
            misuse(Buffer::new(vec![0; len]), &mut random);
            misuse(Buffer::for_pieces(vec![0; len]), &mut random);
        }
    }
}

#[test]
fn any_storage_works() {
    let mut random = fastrand::Rng::with_seed(1);
    misuse(Buffer::new([0; 100]), &mut random);
    misuse(Buffer::new(&mut [0; 100][..]), &mut random);
    misuse(Buffer::new(vec![0; 100].into_boxed_slice()), &mut random);
}

#[test]
fn a_buffer_that_is_too_short_sends_nothing_and_reports_it() {
    for len in 0..MIN_BUFFER_LEN {
        let mut buffer = Buffer::new(vec![0; len]);
        let spare = buffer.spare_mut().len();
        assert!(spare <= len);
        buffer.commit(usize::MAX);
        assert_eq!(buffer.received().len(), spare);
        buffer.consume(usize::MAX);
        assert_eq!(buffer.ready(), b"");
        assert_eq!(buffer.into_storage().len(), len);
    }
}

#[test]
fn no_more_than_available_can_be_committed_or_consumed() {
    let mut buffer = Buffer::new([0; 100]);
    let spare = buffer.spare_mut().len();
    buffer.commit(usize::MAX);
    assert_eq!(buffer.received().len(), spare);
    buffer.commit(usize::MAX);
    assert_eq!(buffer.received().len(), spare);
    buffer.clear();
    let mut connection = Connection::server(Agreed::NOTHING);
    assert_eq!(connection.exchange(&mut buffer).ping(b"hi"), Ok(()));
    buffer.consume(1);
    assert_eq!(buffer.ready(), b"\x02hi");
    buffer.consume(usize::MAX);
    assert_eq!(buffer.ready(), b"");
    assert!(buffer.is_empty());
}
