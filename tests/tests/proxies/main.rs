//! Clients behind proxies: who they are, and who may say so.

mod forwarded;
mod proxy_protocol;
mod real;

use ws_echo_tests::scripted_client::{Client, request};

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
