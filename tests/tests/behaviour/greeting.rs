//! The first message.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ws_echo_tests::scripted_client::{Client, WELCOME};
use ws_echo_tests::server::{PATIENCE, Server};

use crate::observed::{asking, expect_echo, expect_passed, expect_silence, open, path, text};

#[test]
fn greeting_is_the_text_that_is_given() {
    let server = Server::start(&[]);
    for (query, greeting) in [
        ("greeting=h%C3%A9llo+you", "h\u{e9}llo you"),
        ("greeting=text:none", "none"),
        ("greeting=text:request", "request"),
        ("", WELCOME),
    ] {
        let mut client = open(&server, query);
        assert_eq!(client.receive_frame(), Some(text(greeting)), "{query}");
        expect_echo(&mut client, "hello");
    }
}

#[test]
fn greeting_none_sends_the_echo_first() {
    let server = Server::start(&[]);
    let mut client = open(&server, "greeting=none");
    expect_silence(&client);
    expect_echo(&mut client, "hello");
}

#[test]
fn greeting_request_is_the_request_as_it_arrived() {
    let server = Server::start(&[]);
    let target = path("greeting=request");
    let mut client = Client::connect(server.address);
    client.send(format!(
        "GET {target} HTTP/1.1\r\nhOsT: Localhost\r\nX-Twice: 1\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nx-twice:  2 \r\nAuthorization: Basic c2VjcmV0\r\n\
         Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ));
    let peer = client.address().to_string();
    client.receive_head();
    let frame = client.receive_frame().expect("a greeting");
    let request: Value = serde_json::from_slice(&frame.payload).expect("JSON");
    assert_eq!(request["method"], "GET");
    assert_eq!(request["target"], target.as_str());
    assert_eq!(request["version"], "HTTP/1.1");
    assert_eq!(request["peer"], peer.as_str());
    assert_eq!(request["local"], server.address.to_string().as_str());
    assert_eq!(request["tls"], Value::Null);
    let expected = json!([
        ["hOsT", "Localhost"],
        ["X-Twice", "1"],
        ["Upgrade", "websocket"],
        ["Connection", "Upgrade"],
        ["x-twice", "2"],
        ["Authorization", { "hidden": 14 }],
        ["Sec-WebSocket-Protocol", "chat, superchat"],
        ["Sec-WebSocket-Version", "13"],
        ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
    ]);
    assert_eq!(request["headers"], expected);
    let offered = json!(["chat", "superchat"]);
    assert_eq!(request["subprotocols"]["offered"], offered);
    expect_echo(&mut client, "hello");
}

#[test]
fn separate_sends_the_greeting_later_than_the_response() {
    let server = Server::start(&[]);
    let start = Instant::now();
    let mut client = asking(&server, "separate=300ms");
    client.receive_head();
    assert!(client.unread().is_empty(), "nothing follows the response");
    assert!(client.is_answered_within(PATIENCE), "the greeting");
    expect_passed(start, Duration::from_millis(300));
    assert_eq!(client.receive_frame(), Some(text(WELCOME)));
    expect_echo(&mut client, "hello");
}
