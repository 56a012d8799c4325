//! Echo servers by others, and our own, with and without TLS.

use std::process::Command;

use ws_echo_tests::peers::{node_command, python_command};
use ws_echo_tests::server::{Server, command};

use super::certificates::Certificate;
use super::{talk, well};

const FREE_PORT: [&str; 2] = ["127.0.0.1", "0"];

/// Sends texts of many lengths and a binary message, and expects all of them back.
fn expect_echoes(command: &mut Command, options: &[&str]) {
    let server = Server::spawn(command);
    let long = "aß水🦀".repeat(100_000);
    let short: String = (0..1000).map(|number| format!("{number}\n")).collect();
    let text = format!("hello\n\n{long}\n{short}");
    let input = [text.as_bytes(), b"\xff\x00\xfe\n"].concat();
    let ended = talk(&server.url("/"), options, input);
    assert!(
        ended == well(&format!("{text}0xff00fe\n")),
        "{}",
        ended.stderr
    );
}

#[test]
fn chat_works_with_python_websockets() {
    if let Some(mut command) = python_command("websockets_server.py", &FREE_PORT) {
        expect_echoes(&mut command, &[]);
        let certificate = Certificate::trusted();
        command.args([certificate.chain_file(), certificate.key_file()]);
        expect_echoes(&mut command, &["--ca", &certificate.authority_file()]);
    }
}

#[test]
fn chat_works_with_ws_of_node() {
    if let Some(mut command) = node_command("ws_server.cjs") {
        expect_echoes(command.args(FREE_PORT), &[]);
        let certificate = Certificate::trusted();
        command.args([certificate.chain_file(), certificate.key_file()]);
        expect_echoes(&mut command, &["--ca", &certificate.authority_file()]);
    }
}

#[test]
fn chat_works_with_the_self_signed_certificate_of_our_server() {
    let certificate = concat!(env!("CARGO_TARGET_TMPDIR"), "/chat-own.pem");
    let mut server = command([
        "--listen=127.0.0.1:0",
        "--no-welcome",
        "--tls-self-signed",
        "--tls-write-cert",
        certificate,
    ]);
    expect_echoes(&mut server, &["--ca", certificate, "--no-compression"]);
}
