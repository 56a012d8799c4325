//! How a connection ends.

use std::time::{Duration, Instant};

use ws_echo_tests::needs;
use ws_echo_tests::scripted_client::{Client, End};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{CLOSE, Frame, PING, masked, masked_close};

use crate::observed::{expect_echo, expect_passed, expect_silence, greeted, say, text};

/// A Close with a code and a reason.
fn close(code: u16, reason: &str) -> Frame {
    Frame::new(CLOSE, [&code.to_be_bytes()[..], reason.as_bytes()].concat())
}

/// Expects that the connection ends, without one more byte.
fn expect_end(client: &mut Client, end: End) {
    assert_eq!(client.receive_to_the_end(), (Vec::new(), end));
}

#[test]
fn close_has_the_code_and_the_reason() {
    let server = Server::start(&[]);
    for (query, expected) in [
        ("close=1011&reason=bye+bye", close(1011, "bye bye")),
        ("close=1000", close(1000, "")),
        ("close=4999&reason=%E6%B0%B4", close(4999, "\u{6c34}")),
    ] {
        let mut client = greeted(&server, query);
        assert_eq!(client.receive_frame(), Some(expected), "{query}");
        client.send(masked_close(1000, ""));
        expect_end(&mut client, End::Fin);
    }
}

#[test]
fn close_comes_after_so_many_messages() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "close=1001&after=3");
    expect_echo(&mut client, "1");
    expect_echo(&mut client, "2");
    expect_silence(&client);
    expect_echo(&mut client, "3");
    assert_eq!(client.receive_frame(), Some(close(1001, "")));
}

#[test]
fn close_comes_after_a_time() {
    let server = Server::start(&[]);
    let start = Instant::now();
    let mut client = greeted(&server, "close=1001&after=300ms");
    expect_echo(&mut client, "1");
    assert_eq!(client.receive_frame(), Some(close(1001, "")));
    expect_passed(start, Duration::from_millis(300));
}

#[test]
fn fin_ends_without_a_close() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "end=fin&after=1");
    expect_echo(&mut client, "1");
    expect_end(&mut client, End::Fin);
    expect_end(&mut greeted(&server, "end=fin"), End::Fin);
}

#[test]
fn reset_resets() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "end=reset&after=1");
    expect_echo(&mut client, "1");
    expect_end(&mut client, End::Reset);
}

#[test]
fn a_close_comes_before_each_end() {
    let server = Server::start(&[]);
    for (end, seen) in [("fin", End::Fin), ("reset", End::Reset), ("half", End::Fin)] {
        let mut client = greeted(&server, &format!("close=1012&end={end}&after=1"));
        say(&mut client, "1");
        assert_eq!(client.receive_frame(), Some(text("1")), "{end}");
        assert_eq!(client.receive_frame(), Some(close(1012, "")), "{end}");
        expect_end(&mut client, seen);
    }
}

#[test]
fn hang_reads_and_answers_nothing() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "end=hang&after=1");
    expect_echo(&mut client, "1");
    // More than the buffers of the system hold: it is read.
    for _ in 0..32 {
        client.send(masked(0x82, vec![0; 1 << 20]));
    }
    client.send(masked(PING, "answer"));
    client.send(masked_close(1000, ""));
    expect_silence(&client);
}

#[test]
fn half_ends_its_side_and_reads_on() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "end=half&after=1");
    expect_echo(&mut client, "1");
    expect_end(&mut client, End::Fin);
    for _ in 0..32 {
        client.send(masked(0x82, vec![0; 1 << 20]));
    }
    let disconnected = || server.log().contains("disconnected");
    assert!(!disconnected(), "{}", server.log());
    client.shut();
    server.logged("client disconnected");
}

#[test]
fn a_close_is_answered_never_or_late() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "close-answer=never");
    client.send(masked_close(1000, ""));
    expect_silence(&client);
    let mut client = greeted(&server, "close-answer=late:300ms");
    let start = Instant::now();
    client.send(masked_close(3000, "bye"));
    assert_eq!(client.receive_frame(), Some(close(3000, "")));
    expect_passed(start, Duration::from_millis(300));
    expect_end(&mut client, End::Fin);
    let mut client = greeted(&server, "");
    client.send(masked_close(3000, "bye"));
    assert_eq!(client.receive_frame(), Some(close(3000, "")));
}

/// The server does not read from it, and has nothing to send.
#[test]
fn a_client_that_is_not_read_and_leaves_is_gone() {
    needs!(EndsUnread);
    let server = Server::start(&["--max-backlog=64KiB"]);
    for (query, leave) in [
        ("delay=1h", Client::reset as fn(Client)),
        ("delay=1h", drop),
        ("pause-reading=after:0", Client::reset),
        ("pause-reading=after:0", drop),
    ] {
        let mut client = greeted(&server, query);
        // More than the backlog, and no more than the system takes: the end must arrive.
        for _ in 0..2 {
            client.send(masked(0x82, vec![0; 60_000]));
        }
        expect_silence(&client);
        let address = client.address();
        leave(client);
        server.logged(&format!("client disconnected {address}"));
    }
}
