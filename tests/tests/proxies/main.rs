//! Clients behind proxies: who they are, and who may say so.

mod forwarded;
mod proxy_protocol;
mod real;

use std::net::SocketAddr;

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::Server;

/// Trusts this machine.
const TRUSTED: &str = "--trust-proxy=127.0.0.1";

/// A request for a WebSocket with more headers, each line with its end.
fn request_with(headers: &str) -> String {
    request("/").replacen("\r\n", &format!("\r\n{headers}"), 1)
}

/// Receives the response that opens the connection.
fn expect_open(client: &mut Client) {
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

/// Receives a response of this status, and the end.
fn expect_refusal(mut client: Client, status: &str) {
    let head = client.receive_head();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    client.shut();
    client.receive_rest();
}

/// The log says that a connection is open, and for whom if a proxy has named the client.
fn expect_connected(server: &Server, own: SocketAddr, client: Option<&str>) {
    server.logged(&match client {
        Some(client) => format!("client connected {client} via {own} /"),
        None => format!("client connected {own} /"),
    });
}
