//! What becomes of each message.

use std::io::{ErrorKind, Write as _};
use std::time::{Duration, Instant};

use socket2::SockRef;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{self, BINARY, FIN, Frame, PING, PONG, TEXT, masked};

use crate::observed::{expect_echo, expect_passed, expect_silence, greeted, say, text};

/// Sends five messages, whose echoes come in order, and not before this time.
fn expect_late_echoes(client: &mut Client, time: Duration) {
    let start = Instant::now();
    for number in 0..5 {
        say(client, format!("{number}"));
    }
    for number in 0..5 {
        let echo = text(format!("{number}"));
        assert_eq!(client.receive_frame(), Some(echo));
        expect_passed(start, time);
    }
}

#[test]
fn delay_lets_each_echo_wait_and_keeps_their_order() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "delay=300ms");
    expect_late_echoes(&mut client, Duration::from_millis(300));
    // A Ping does not wait.
    let start = Instant::now();
    say(&mut client, "late");
    client.send(masked(PING, "now"));
    assert_eq!(client.receive_frame(), Some(Frame::new(PONG, "now")));
    assert_eq!(client.receive_frame(), Some(text("late")));
    expect_passed(start, Duration::from_millis(300));
}

#[test]
fn jitter_makes_no_echo_earlier_than_delay_less_jitter() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "delay=200ms&jitter=100ms&seed=7");
    let mut waits = Vec::new();
    for number in 0..10 {
        let start = Instant::now();
        expect_echo(&mut client, &format!("{number}"));
        expect_passed(start, Duration::from_millis(100));
        waits.push(start.elapsed().as_millis());
    }
    println!("delay=200ms&jitter=100ms: waits in ms: {waits:?}");
    // The order stays, though each would have a time of its own.
    for number in 0..50 {
        say(&mut client, format!("{number}"));
    }
    for number in 0..50 {
        let echo = text(format!("{number}"));
        assert_eq!(client.receive_frame(), Some(echo));
    }
}

#[test]
fn rate_bounds_the_bytes_of_a_second() {
    const RATE: usize = 16 << 10;
    let server = Server::start(&[]);
    let mut client = greeted(&server, "rate=16KiB");
    let sent = "x".repeat(RATE);
    let start = Instant::now();
    say(&mut client, &sent);
    let (mut received, mut message) = (0, Vec::new());
    while received < sent.len() {
        let frame = client.receive_frame().expect("a piece");
        received += frame.payload.len();
        message.push(frame);
    }
    // A second's worth of bytes; some may leave at once.
    expect_passed(start, Duration::from_millis(800));
    assert_eq!(wire::joined(&message), [text(&sent)]);
}

#[test]
fn fragment_cuts_into_frames_between_characters() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "fragment=16");
    let sent = "a\u{df}\u{6c34}\u{1f980}".repeat(10);
    say(&mut client, &sent);
    let mut frames = Vec::new();
    while frames.last().is_none_or(|it: &Frame| it.first & FIN == 0) {
        frames.push(client.receive_frame().expect("a fragment"));
    }
    assert!(frames.iter().all(|it| it.payload.len() <= 16), "{frames:?}");
    assert!(frames.len() >= 7, "{frames:?}");
    // Each fragment is UTF-8 by itself, or this panics.
    assert_eq!(wire::joined(&frames), [text(&sent)]);
    // Bytes are cut exactly, and an empty message is one frame.
    client.send(masked(BINARY, [7; 33]));
    let lens = [16, 16, 1].map(|_| client.receive_frame().expect("one").payload.len());
    assert_eq!(lens, [16, 16, 1]);
    expect_echo(&mut client, "");
}

#[test]
fn fragments_too_short_for_a_character_hold_one() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "fragment=1");
    say(&mut client, "a\u{df}\u{6c34}\u{1f980}");
    for (first, fragment) in [
        (TEXT & !FIN, "a"),
        (0, "\u{df}"),
        (0, "\u{6c34}"),
        (FIN, "\u{1f980}"),
    ] {
        assert_eq!(client.receive_frame(), Some(Frame::new(first, fragment)));
    }
}

#[test]
fn fragment_text_anywhere_cuts_characters() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "fragment=1&fragment-text=anywhere");
    say(&mut client, "\u{6c34}");
    for (first, byte) in [(TEXT & !FIN, 0xE6), (0, 0xB0), (FIN, 0xB4)] {
        assert_eq!(client.receive_frame(), Some(Frame::new(first, [byte])));
    }
}

#[test]
fn repeat_sends_each_message_so_often() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "repeat=3");
    for message in ["one", "two"] {
        say(&mut client, message);
        for _ in 0..3 {
            assert_eq!(client.receive_frame(), Some(text(message)));
        }
    }
    expect_silence(&client);
}

#[test]
fn as_changes_the_type() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "as=binary");
    say(&mut client, "hello");
    assert_eq!(client.receive_frame(), Some(Frame::new(BINARY, "hello")));
    let mut client = greeted(&server, "as=text");
    client.send(masked(BINARY, "hello"));
    assert_eq!(client.receive_frame(), Some(text("hello")));
    client.send(masked(BINARY, b"a\xFFb"));
    assert_eq!(client.receive_frame(), Some(text("a\u{fffd}b")));
    expect_echo(&mut client, "hello");
}

#[test]
fn drop_leaves_out_each_third_message() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "drop=every:3");
    for number in 1..=10 {
        say(&mut client, format!("{number}"));
    }
    for number in [1, 2, 4, 5, 7, 8, 10] {
        let echo = text(format!("{number}"));
        assert_eq!(client.receive_frame(), Some(echo));
    }
    expect_silence(&client);
    let mut client = greeted(&server, "drop=every:1");
    say(&mut client, "lost");
    client.send(masked(PING, "here"));
    assert_eq!(client.receive_frame(), Some(Frame::new(PONG, "here")));
    expect_silence(&client);
}

#[test]
fn prefix_begins_each_echo() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "prefix=echo:%20");
    say(&mut client, "hello");
    assert_eq!(client.receive_frame(), Some(text("echo: hello")));
    client.send(masked(BINARY, [0, 255]));
    let echo = Frame::new(BINARY, b"echo: \x00\xFF");
    assert_eq!(client.receive_frame(), Some(echo));
}

#[test]
fn coalesced_echoes_leave_at_the_end_of_their_time() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "coalesce=300ms");
    expect_late_echoes(&mut client, Duration::from_millis(300));
}

/// After this time without progress the buffers between a client and the server are full.
const STUCK: Duration = Duration::from_millis(500);

#[test]
fn pause_reading_receives_nothing_more() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "pause-reading=after:2");
    expect_echo(&mut client, "1");
    expect_echo(&mut client, "2");
    say(&mut client, "3");
    client.send(masked(PING, "4"));
    expect_silence(&client);
    // What the client sends now stays in the buffers of the system, until they are full.
    let mut stream = client.handle();
    let socket = SockRef::from(&stream);
    socket.set_write_timeout(Some(STUCK)).expect("it can");
    let bytes = masked(BINARY, vec![0; 1 << 20]);
    let mut writes = (0..256).map(|_| stream.write_all(&bytes));
    let error = writes.find_map(Result::err).expect("the buffers are full");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn pause_reading_after_0_receives_no_message() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "pause-reading=after:0");
    say(&mut client, "1");
    expect_silence(&client);
}
