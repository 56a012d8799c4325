//! What the server sends of its own accord.

use std::time::{Duration, Instant};

use serde_json::Value;
use ws_echo_tests::scripted_client::WELCOME;
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{Frame, PING, PONG, masked};

use crate::observed::{expect_echo, expect_passed, expect_silence, greeted, open, say, text};

#[test]
fn tick_sends_its_number_and_the_time() {
    let server = Server::start(&[]);
    let start = Instant::now();
    let mut client = greeted(&server, "tick=100ms");
    let mut last_time = String::new();
    for number in 1..=5_u32 {
        let frame = client.receive_frame().expect("a tick");
        expect_passed(start, number * Duration::from_millis(100));
        let tick: Value = serde_json::from_slice(&frame.payload).expect("JSON");
        assert_eq!(tick["tick"], number);
        let time = tick["time"].as_str().expect("a time").to_owned();
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
        assert!(time >= last_time, "{time} after {last_time}");
        last_time = time;
    }
    // Messages are echoed between.
    say(&mut client, "hello");
    while client.receive_frame().expect("an echo") != text("hello") {}
}

#[test]
fn push_sends_so_many_messages_of_a_size() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "push=1000&size=4KiB");
    for number in 1..=1000 {
        let frame = client.receive_frame().expect("a message");
        let expected = format!("{number:.<4096}");
        assert!(frame == text(expected), "{number}: {frame:?}");
    }
    expect_silence(&client);
    expect_echo(&mut client, "hello");
    let mut client = greeted(&server, "push=2");
    for number in 1..=2 {
        let expected = text(format!("{number:.<16}"));
        assert_eq!(client.receive_frame(), Some(expected));
    }
}

#[test]
fn ping_sends_pings_with_their_number() {
    let server = Server::start(&[]);
    let start = Instant::now();
    let mut client = greeted(&server, "ping=100ms");
    for number in 1..=3_u32 {
        let ping = Frame::new(PING, number.to_string());
        assert_eq!(client.receive_frame(), Some(ping));
        expect_passed(start, number * Duration::from_millis(100));
        client.send(masked(PONG, number.to_string()));
    }
}

#[test]
fn pong_none_answers_no_ping() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "pong=none");
    client.send(masked(PING, "answer"));
    expect_silence(&client);
    expect_echo(&mut client, "hello");
}

#[test]
fn unasked_pongs_follow_the_greeting_and_precede_each_echo() {
    let server = Server::start(&[]);
    let mut client = open(&server, "pong=unasked");
    let mut expect = |frame| assert_eq!(client.receive_frame(), Some(frame));
    expect(text(WELCOME));
    expect(Frame::new(PONG, ""));
    for message in ["one", "two"] {
        client.send(masked(0x81, message));
        assert_eq!(client.receive_frame(), Some(Frame::new(PONG, "")));
        assert_eq!(client.receive_frame(), Some(text(message)));
    }
    client.send(masked(PING, "answer"));
    assert_eq!(client.receive_frame(), Some(Frame::new(PONG, "answer")));
}
