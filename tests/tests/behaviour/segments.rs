//! What leaves in one TCP segment and what does not, as the client's kernel counts segments. TCP
//! may join what waits for an acknowledgement, so each test tries a few times to see the exact
//! number, with a client that acknowledges at once.

use std::thread;
use std::time::Duration;

use socket2::SockRef;
use ws_echo_tests::scripted_client::{Client, WELCOME, request};
use ws_echo_tests::segments::received_at;
use ws_echo_tests::server::Server;

use crate::observed::{path, say, text};

/// How often a number may differ because the machine does other things.
const ATTEMPTS: usize = 10;

/// A client that has received the greeting, and the segments of it and of the response.
fn counted(server: &Server, query: &str) -> Option<(Client, usize, u64)> {
    let mut client = Client::connect(server.address);
    acknowledge_at_once(&client);
    client.send(request(&path(query)));
    let head = receive_with(&mut client, |it| it.receive_head());
    let greeting = receive_with(&mut client, |it| it.receive_raw_frame());
    assert_eq!(greeting.len(), 2 + WELCOME.len());
    let segments = received_at(client.address())?;
    Some((client, head.len() + greeting.len(), segments))
}

/// Between two messages, so that no server echoes them together by chance.
const PAUSE: Duration = Duration::from_millis(20);

/// How many segments bring these echoes.
fn segments_of_echoes(client: &mut Client, messages: &[&str]) -> Option<u64> {
    let before = received_at(client.address())?;
    for message in messages {
        say(client, message);
        thread::sleep(PAUSE);
    }
    for message in messages {
        let echo = receive_with(client, Client::receive_frame);
        assert_eq!(echo, Some(text(message)));
    }
    Some(received_at(client.address())? - before)
}

/// Receives something while each segment is acknowledged when it comes.
fn receive_with<T>(client: &mut Client, receive: impl FnOnce(&mut Client) -> T) -> T {
    acknowledge_at_once(client);
    let received = receive(client);
    acknowledge_at_once(client);
    received
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(client: &Client) {
    let stream = client.handle();
    SockRef::from(&stream)
        .set_tcp_quickack(true)
        .expect("it can");
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &Client) {}

/// Expects that an attempt returns these numbers.
fn expect_once(wanted: &str, mut attempt: impl FnMut() -> Option<(u64, u64)>) {
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let Some((expected, segments)) = attempt() else {
            // `ss` is missing.
            return;
        };
        if expected == segments {
            return;
        }
        seen.push((expected, segments));
    }
    panic!("{wanted}: expected and seen: {seen:?}");
}

#[test]
fn a_glued_greeting_is_in_the_segment_of_the_response() {
    let server = Server::start(&[]);
    for query in ["", "glued"] {
        expect_once(query, || Some((1, counted(&server, query)?.2)));
    }
}

#[test]
fn a_separate_greeting_has_a_segment_of_its_own() {
    let server = Server::start(&[]);
    expect_once("separate", || {
        Some((2, counted(&server, "separate=100ms")?.2))
    });
}

#[test]
fn cut_sends_the_response_in_pieces() {
    let server = Server::start(&[]);
    for cut in [1, 10] {
        expect_once("cut", || {
            let (_, len, segments) = counted(&server, &format!("cut={cut}"))?;
            Some((len.div_ceil(cut) as u64, segments))
        });
    }
}

#[test]
fn segment_sends_each_byte_by_itself() {
    let server = Server::start(&[]);
    for (segment, expected) in [(1, 12), (5, 3), (65_535, 1)] {
        expect_once("segment", || {
            let (mut client, ..) = counted(&server, &format!("segment={segment}"))?;
            Some((expected, segments_of_echoes(&mut client, &["0123456789"])?))
        });
    }
}

#[test]
fn coalesced_echoes_leave_in_one_segment() {
    let server = Server::start(&[]);
    expect_once("coalesce", || {
        let (mut client, ..) = counted(&server, "coalesce=200ms")?;
        Some((
            1,
            segments_of_echoes(&mut client, &["one", "two", "three"])?,
        ))
    });
}
