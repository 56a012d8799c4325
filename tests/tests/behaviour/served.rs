//! Where behaviours are served, and with what: other paths, TLS, compression.

use ws_echo_tests::deflate::{HELLO, OFFER};
use ws_echo_tests::scripted_client::{Client, WELCOME, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{Frame, RSV1, TEXT, masked};

use crate::observed::{expect_echo, header, path, text};

/// The status of the response at this path.
fn status_at(server: &Server, path: &str) -> String {
    let mut client = Client::connect(server.address);
    client.send(request(path));
    client.receive_head()[9..12].to_owned()
}

#[test]
fn on_other_paths_the_echo_stays_exact() {
    let server = Server::start(&[]);
    for path in ["/?prefix=x", "/tests?prefix=x", "/test/more?prefix=x"] {
        let mut client = Client::open_at(server.address, path);
        assert_eq!(client.receive_frame(), Some(text(WELCOME)), "{path}");
        expect_echo(&mut client, "hello");
    }
}

#[test]
fn the_path_can_be_another_or_none() {
    let server = Server::start(&["--test-path=/other", "--path=/chat"]);
    assert_eq!(status_at(&server, "/other?status=418"), "418");
    assert_eq!(status_at(&server, "/test?status=418"), "404");
    assert_eq!(status_at(&server, "/chat?status=418"), "101");
    let server = Server::start(&["--no-test"]);
    assert_eq!(status_at(&server, "/test?status=418"), "101");
    let server = Server::start(&["--no-test", "--path=/chat"]);
    assert_eq!(status_at(&server, "/test"), "404");
}

#[test]
fn the_most_that_is_pushed_or_repeated_can_be_set() {
    let server = Server::start(&["--max-push=5"]);
    for (query, status) in [("push=5", "101"), ("push=6", "400"), ("repeat=6", "400")] {
        assert_eq!(status_at(&server, &path(query)), status, "{query}");
    }
}

#[test]
fn the_origin_rule_and_the_limits_hold() {
    let server = Server::start(&[]);
    let mut client = Client::connect(server.address);
    let foreign = "\r\nOrigin: http://elsewhere.example\r\n\r\n";
    client.send(request("/test?delay=1s").replace("\r\n\r\n", foreign));
    assert!(client.receive_head().starts_with("HTTP/1.1 403 "));
    let server = Server::start(&["--max-connections=1"]);
    let first = Client::open_at(server.address, "/test?end=hang");
    let mut second = Client::connect(server.address);
    second.try_send(request("/test"));
    let head = second.try_receive_head();
    assert!(head.is_none_or(|it| it.starts_with("HTTP/1.1 503 ")));
    drop(first);
}

#[test]
fn the_time_of_a_test_is_bounded() {
    let server = Server::start(&["--max-test-time=300ms"]);
    let mut client = Client::open_at(server.address, "/test?tick=1h");
    assert_eq!(client.receive_frame(), Some(text(WELCOME)));
    let close = client.receive_frame().expect("a Close");
    assert_eq!(close.payload[..2], 1001_u16.to_be_bytes());
}

/// A compressing client, and the answer to its offer.
fn compressing(server: &Server, query: &str) -> (Client, bool) {
    let mut client = Client::connect(server.address);
    let offer = format!("\r\nSec-WebSocket-Extensions: {OFFER}\r\n\r\n");
    client.send(request(&path(query)).replace("\r\n\r\n", &offer));
    let head = client.receive_head();
    let is_agreed = !header(&head, "Sec-WebSocket-Extensions").is_empty();
    assert_eq!(client.receive_frame(), Some(text(WELCOME)));
    (client, is_agreed)
}

#[test]
fn compression_is_agreed_on_unless_messages_change() {
    let server = Server::start(&[]);
    for query in ["delay=1ms", "repeat=1", "segment=3", "drop=every:2"] {
        let (mut client, is_agreed) = compressing(&server, query);
        assert!(is_agreed, "{query}");
        client.send(masked(TEXT | RSV1, HELLO));
        let echo = Frame::new(TEXT | RSV1, HELLO);
        assert_eq!(client.receive_frame(), Some(echo), "{query}");
    }
    for query in ["fragment=3", "as=binary", "prefix=x"] {
        let (mut client, is_agreed) = compressing(&server, query);
        assert!(!is_agreed, "{query}");
        client.send(masked(TEXT, ""));
        assert!(client.receive_frame().is_some());
    }
}
