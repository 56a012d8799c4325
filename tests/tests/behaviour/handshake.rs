//! The opening handshake.

use std::time::{Duration, Instant};

use ws_echo_tests::scripted_client::{End, WELCOME};
use ws_echo_tests::server::Server;

use crate::observed::{asking, expect_echo, expect_passed, greeted, header, open, text};

/// What RFC 6455 section 1.3 answers to the key of every client here.
const RIGHT_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

#[test]
fn status_refuses_with_each_of_its_parts() {
    let server = Server::start(&[]);
    let query = "status=503&retry-after=7s&body=come%20back%0A&header=X-Why:a+test";
    let mut client = asking(&server, query);
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert_eq!(header(&head, "Retry-After"), ["7"]);
    assert_eq!(header(&head, "X-Why"), ["a test"]);
    assert_eq!(header(&head, "Content-Length"), ["10"]);
    let (body, end) = client.receive_to_the_end();
    assert_eq!(body, b"come back\n");
    assert_eq!(end, End::Fin);
}

#[test]
fn status_may_be_any_from_200_to_599() {
    let server = Server::start(&[]);
    for status in [200, 204, 301, 400, 401, 404, 418, 429, 500, 502, 599] {
        let mut client = asking(&server, &format!("status={status}"));
        let head = client.receive_head();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(client.receive_to_the_end().1, End::Fin);
    }
}

#[test]
fn location_redirects() {
    let server = Server::start(&[]);
    let mut client = asking(&server, "status=302&location=ws://127.0.0.1:1/other");
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 302 "), "{head}");
    assert_eq!(header(&head, "Location"), ["ws://127.0.0.1:1/other"]);
}

#[test]
fn handshake_delay_lets_the_response_wait() {
    let server = Server::start(&[]);
    for (query, status) in [("", "101"), ("&status=404", "404")] {
        let start = Instant::now();
        let mut client = asking(&server, &format!("handshake-delay=300ms{query}"));
        let head = client.receive_head();
        expect_passed(start, Duration::from_millis(300));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[test]
fn header_adds_to_the_response_as_often_as_it_is_given() {
    let server = Server::start(&[]);
    let query = "header=Set-Cookie:a%3D1&header=X-Via:one&header=Set-Cookie:b%3D2";
    let mut client = asking(&server, query);
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "Set-Cookie"), ["a=1", "b=2"]);
    assert_eq!(header(&head, "X-Via"), ["one"]);
    assert_eq!(header(&head, "Sec-WebSocket-Accept"), [RIGHT_ACCEPT]);
    assert_eq!(client.receive_frame(), Some(text(WELCOME)));
    expect_echo(&mut client, "hello");
}

#[test]
fn subprotocol_is_chosen_though_nobody_offered_it() {
    let server = Server::start(&[]);
    let mut client = asking(&server, "subprotocol=soap");
    let head = client.receive_head();
    assert_eq!(header(&head, "Sec-WebSocket-Protocol"), ["soap"]);
    let mut client = asking(&server, "");
    let head = client.receive_head();
    assert_eq!(header(&head, "Sec-WebSocket-Protocol"), [""; 0]);
}

#[test]
fn accept_and_its_violation_are_the_value_of_another_key() {
    let server = Server::start(&[]);
    for (query, is_right) in [
        ("", true),
        ("accept=wrong", false),
        ("violate=accept", false),
    ] {
        let mut client = asking(&server, query);
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let accept = header(&head, "Sec-WebSocket-Accept");
        assert_eq!(accept == [RIGHT_ACCEPT], is_right, "{query}: {accept:?}");
        // It is one that another key would have.
        let value = accept.first().expect("one value");
        assert!(value.len() == RIGHT_ACCEPT.len() && value.ends_with('='));
    }
}

#[test]
fn a_response_in_pieces_is_whole_in_the_end() {
    let server = Server::start(&[]);
    for cut in ["cut=1", "cut=7", "cut=65535"] {
        expect_echo(&mut greeted(&server, cut), "hello");
    }
    let mut client = asking(&server, "status=503&cut=1&body=hello");
    assert!(client.receive_head().starts_with("HTTP/1.1 503 "));
    assert_eq!(client.receive_to_the_end(), (b"hello".to_vec(), End::Fin));
}

#[test]
fn without_a_query_the_test_path_is_an_exact_echo() {
    let server = Server::start(&[]);
    expect_echo(&mut greeted(&server, ""), "hello");
    let mut client = open(&server, "greeting=none");
    expect_echo(&mut client, "hello");
}
