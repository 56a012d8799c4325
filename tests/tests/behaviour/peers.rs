//! Independent clients that watch a server, and what they see.

use std::net::TcpStream;

use serde_json::Value;
use tungstenite::{Error, HandshakeError, Message};
use ws_echo_tests::peers;
use ws_echo_tests::server::{PATIENCE, Server};

use crate::observed::path;

/// What python `websockets` sees; `None` if it is missing.
pub(crate) fn python(url: &str, messages: &[&str]) -> Option<Value> {
    let arguments = [&[url], messages].concat();
    let mut command = peers::python_command("observe.py", &arguments)?;
    Some(json(&peers::expect_ok(&mut command)))
}

/// What Node's `ws` sees; `None` if it is missing.
pub(crate) fn node(url: &str, messages: &[&str]) -> Option<Value> {
    let mut command = peers::node_command("observe.cjs")?;
    command.arg(url).args(messages);
    Some(json(&peers::expect_ok(&mut command)))
}

fn json(output: &str) -> Value {
    let line = output.lines().next().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// What tungstenite receives after its messages, and its error at the end.
pub(crate) fn tungstenite(
    address: std::net::SocketAddr,
    target: &str,
    messages: &[&str],
) -> (Vec<Message>, Error) {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can");
    let url = format!("ws://{address}{target}");
    let mut socket = match tungstenite::client::client(url, stream) {
        Ok((socket, _)) => socket,
        Err(HandshakeError::Failure(error)) => return (Vec::new(), error),
        Err(HandshakeError::Interrupted(_)) => panic!("no end of the handshake"),
    };
    for message in messages {
        socket.send(Message::text(*message)).expect("it is sent");
    }
    let mut received = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => received.push(message),
            Err(error) => return (received, error),
        }
    }
}

#[test]
fn python_and_node_see_a_refusal_with_its_parts() {
    let server = Server::start(&[]);
    let query = "status=503&retry-after=7s&body=busy&location=ws://127.0.0.1:1/";
    let url = server.url(&path(query));
    let expected = serde_json::json!([503, "7", "ws://127.0.0.1:1/", "busy"]);
    for seen in [python(&url, &[]), node(&url, &[])].into_iter().flatten() {
        assert_eq!(seen["refused"], expected, "{seen}");
    }
    let (_, error) = tungstenite(server.address, &path(query), &[]);
    let Error::Http(response) = error else {
        panic!("{error}");
    };
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["Retry-After"], "7");
}

#[test]
fn python_and_node_see_the_close_code_and_the_reason() {
    let server = Server::start(&[]);
    let url = server.url(&path("greeting=none&close=4001&reason=bye&after=1"));
    if let Some(seen) = python(&url, &["hello"]) {
        assert_eq!(seen["messages"][0], "hello");
        assert_eq!(seen["received"], 4001);
        assert_eq!(seen["reason"], "bye");
    }
    if let Some(seen) = node(&url, &["hello"]) {
        assert_eq!(seen["messages"][0], "hello");
        assert_eq!(seen["code"], 4001);
        assert_eq!(seen["reason"], "bye");
    }
}

#[test]
fn python_and_node_see_an_end_without_a_close_as_1006() {
    let server = Server::start(&[]);
    for end in ["fin", "reset"] {
        let url = server.url(&path(&format!("greeting=none&end={end}&after=1")));
        if let Some(seen) = python(&url, &["hello"]) {
            assert_eq!(seen["messages"][0], "hello", "{end}");
            assert_eq!(seen["received"], Value::Null, "{end}");
        }
        if let Some(seen) = node(&url, &["hello"]) {
            assert_eq!(seen["messages"][0], "hello", "{end}");
            assert_eq!(seen["code"], 1006, "{end}");
        }
    }
}

#[test]
fn python_and_node_join_fragments() {
    let server = Server::start(&[]);
    let url = server.url(&path("greeting=none&fragment=1&close=1000&after=1"));
    let sent = "a\u{df}\u{6c34}\u{1f980}";
    for seen in [python(&url, &[sent]), node(&url, &[sent])]
        .into_iter()
        .flatten()
    {
        assert_eq!(seen["messages"], serde_json::json!([sent]));
    }
}

#[test]
fn python_over_tls_sees_what_it_sees_without() {
    use ws_echo_tests::tls::certificate::self_signed;
    let (server, certificate) = self_signed("behaviour", &[]);
    let url = server.url(&path("prefix=tls%20&fragment=3&close=4002&after=2"));
    let Some(mut command) = peers::python_command("observe.py", &[&url, "one", "two"]) else {
        return;
    };
    command.env("SSL_CERT_FILE", &certificate);
    let seen = json(&peers::expect_ok(&mut command));
    let greeting = ws_echo_tests::scripted_client::WELCOME;
    let expected = serde_json::json!([greeting, "tls one", "tls two"]);
    assert_eq!(seen["messages"], expected);
    assert_eq!(seen["received"], 4002);
}
