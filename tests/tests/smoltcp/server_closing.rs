//! How connections end: refused, failed, closed, or left by a client that has sent everything.

use smoltcp::time::Duration;
use ws_echo_core::{ProtocolError, Refusal, SyntaxError};
use ws_echo_tests::scripted_client::{WELCOME, request};
use ws_echo_tests::wire::{BINARY, Frame, PING, PONG, TEXT, masked, masked_close};

use crate::network::{HEAD_LEN, Network, Setup};
use crate::server::Change::{Failed, Gone, Opened, Refused};

/// Networks with short rings and long ones.
fn networks() -> impl Iterator<Item = Network> {
    [61, 127, 1000].into_iter().map(|ring| {
        Network::new(Setup {
            ring,
            ..Setup::default()
        })
    })
}

#[test]
fn a_refused_request_gets_its_status_and_the_end_of_the_connection() {
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_LEN));
    for (request, refusal) in [
        (
            "GET / HTTP/1.1\n",
            Refusal::Syntax(SyntaxError::BareLineFeed),
        ),
        ("GET / HTTP/1.1\r\n\r\n", Refusal::MissingHost),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            Refusal::UpgradeRequired,
        ),
        ("GET / HTTP/1.0\r\n", Refusal::UnsupportedHttpVersion),
        (&long, Refusal::HeadTooLarge),
    ] {
        for mut network in networks() {
            let client = network.connect();
            network.send(client, request);
            let head = network.head(client);
            let line = format!("HTTP/1.1 {}\r\n", refusal.status());
            assert!(head.starts_with(&line), "{head}");
            let body = network.receive_rest(client);
            assert_eq!(body.strip_suffix(b"\n"), Some(refusal.text().as_bytes()));
            network.assert_ended(client);
            network.assert_told(&[(0, Refused(refusal)), (0, Gone)]);
            network.open();
        }
    }
}

#[test]
fn an_invalid_frame_gets_a_close_after_all_echoes_and_then_the_end() {
    for (frame, error, code) in [
        (b"\x81\x05Hello".to_vec(), ProtocolError::Unmasked, 1002),
        (masked(0x91, ""), ProtocolError::ReservedBits(0x10), 1002),
        (masked(TEXT, b"\xff"), ProtocolError::InvalidText, 1007),
    ] {
        for mut network in networks() {
            let client = network.open();
            network.send(client, masked(TEXT, "before"));
            network.send(client, &frame);
            network.send(client, masked(TEXT, "behind"));
            let answers = [Frame::new(TEXT, "before"), Frame::close(code)];
            assert_eq!(network.messages(client, 2), answers);
            network.assert_ended(client);
            network.assert_told(&[(0, Opened), (0, Failed(error)), (0, Gone)]);
            network.open();
        }
    }
}

#[test]
fn bytes_after_a_close_are_read_and_ignored() {
    for mut network in networks() {
        let client = network.open();
        network.send(client, masked_close(1001, "\u{e9}"));
        network.send(client, masked(BINARY, vec![0; 4000]));
        assert_eq!(network.messages(client, 1), [Frame::close(1001)]);
        network.pass(Duration::from_secs(2));
        assert_eq!(network.queues(client), [0, 0], "the server has taken all");
        network.assert_ended(client);
        network.assert_told(&[(0, Opened), (0, Gone)]);
    }
}

#[test]
fn a_client_may_continue_until_it_ends_the_connection_itself() {
    for mut network in networks() {
        let client = network.open();
        network.send(client, [0x81, 0x00]);
        assert_eq!(network.messages(client, 1), [Frame::close(1002)]);
        assert_eq!(network.receive_rest(client), b"");
        network.send(client, masked(TEXT, "more"));
        network.assert_ended(client);
        let failed = Failed(ProtocolError::Unmasked);
        network.assert_told(&[(0, Opened), (0, failed), (0, Gone)]);
    }
}

#[test]
fn a_client_that_has_ended_its_side_still_gets_all_answers_then_the_end() {
    for mut network in networks() {
        let long = "\u{6c34}".repeat(2000);
        let client = network.connect();
        network.send(client, request("/"));
        network.send(client, masked(TEXT, &long));
        network.send(client, masked(PING, [b'p'; 125]));
        network.shut(client);
        let head = network.head(client);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let answers = [
            Frame::new(TEXT, WELCOME),
            Frame::new(TEXT, long),
            Frame::new(PONG, [b'p'; 125]),
        ];
        assert_eq!(network.messages(client, 3), answers);
        network.assert_ended(client);
        network.assert_told(&[(0, Opened), (0, Gone)]);
        network.open();
    }
}

#[test]
fn a_client_that_reads_only_after_ending_its_side_gets_all_answers() {
    let mut network = Network::new(Setup {
        ring: 127,
        client: [100, 4096],
        ..Setup::default()
    });
    let client = network.open();
    network.set_reads(client, false);
    network.send(client, masked(TEXT, "x".repeat(200)));
    network.shut(client);
    network.pass(Duration::from_secs(20));
    network.set_reads(client, true);
    let answers = [Frame::new(TEXT, "x".repeat(200))];
    assert_eq!(network.messages(client, 1), answers);
    network.assert_ended(client);
    network.assert_told(&[(0, Opened), (0, Gone)]);
}

#[test]
fn a_client_that_ends_its_side_after_its_close_gets_the_close_back() {
    for mut network in networks() {
        let client = network.open();
        network.send(client, masked_close(1000, ""));
        network.shut(client);
        assert_eq!(network.messages(client, 1), [Frame::close(1000)]);
        network.assert_ended(client);
        network.assert_told(&[(0, Opened), (0, Gone)]);
    }
}

#[test]
fn a_client_that_ends_its_side_too_early_is_dropped_at_once() {
    let request = request("/").into_bytes();
    for mut network in networks() {
        for beginning in [&b""[..], &request[..40]] {
            let client = network.connect();
            network.send(client, beginning);
            network.pass(Duration::from_millis(20));
            network.shut(client);
            network.assert_ended(client);
            network.assert_told(&[(0, Gone)]);
        }
        let client = network.open();
        network.send(client, &masked(TEXT, "cut")[..3]);
        network.shut(client);
        let before = network.now;
        network.assert_ended(client);
        assert!(network.now - before < Duration::from_millis(100));
        network.assert_told(&[(0, Opened), (0, Gone)]);
    }
}
