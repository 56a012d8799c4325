//! What an application may do with a chunk: look at it, echo it, ignore it, and nothing once it is
//! stale.

use ws_echo_core::{Agreed, Buffer, Chunk, Connection, Event, Kind};
use ws_echo_tests::wire::{BINARY, TEXT, masked};

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
