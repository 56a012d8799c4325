//! Requests, responses, frames and bytes in the log.

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{CLOSE, FIN, PING, PONG, TEXT, masked, masked_close};

/// A server with a filter for its log, and what it logs of a client that sends these frames.
fn logged(filter: &str, sent: &[u8]) -> (String, String) {
    let server = Server::start(&["--subprotocol=chat", "--log-level", filter]);
    let mut client = Client::connect(server.address);
    let more = "\r\nSec-WebSocket-Protocol: other, chat\r\nX: \u{202e}abc\r\n\r\n";
    client.send(request("/a?b").replace("\r\n\r\n", more));
    client.receive_head();
    client.send(sent);
    client.send(masked_close(4000, "b\u{1b}ye"));
    while client.receive_frame().is_some_and(|it| it.first != CLOSE) {}
    let peer = client.address();
    server.logged(&format!("client disconnected {peer}"));
    drop(client);
    let mut server = server;
    server.ask_to_stop();
    assert!(server.wait().success());
    server.logged("] stopped");
    (server.log(), peer.to_string())
}

#[test]
fn the_log_shows_heads_and_frames_at_the_level_debug() {
    let sent = [
        masked(TEXT & !FIN, "he"),
        masked(PING, "p\n"),
        masked(0x80, "llo"),
        masked(PONG, [0xFF]),
    ];
    for filter in ["debug", "info,ws_echo::frame=debug"] {
        let (log, peer) = logged(filter, &sent.concat());
        for line in [
            "request PEER GET /a?b HTTP/1.1",
            "request PEER Host: localhost",
            "request PEER Sec-WebSocket-Protocol: other, chat",
            r"request PEER X: \u{202e}abc",
            "response PEER HTTP/1.1 101 Switching Protocols",
            "response PEER Sec-WebSocket-Protocol: chat",
            "sent PEER text, FIN, 23 bytes",
            "received PEER text, 2 bytes",
            r"received PEER ping, FIN, 2 bytes: p\n",
            "received PEER continuation, FIN, 3 bytes",
            "received PEER pong, FIN, 1 byte: 0xff",
            r"sent PEER pong, FIN, 2 bytes: p\n",
            r"received PEER close, FIN, 6 bytes: 4000 b\u{1b}ye",
            "sent PEER close, FIN, 2 bytes: 4000",
        ] {
            let line = format!("DEBUG [ws_echo::frame] {}\n", line.replace("PEER", &peer));
            assert!(log.contains(&line), "{line}{log}");
        }
        assert!(!log.contains("ws_echo::wire"), "{log}");
    }
}

#[test]
fn the_log_shows_bytes_at_the_level_trace_and_nothing_of_this_at_info() {
    let (log, peer) = logged("info,ws_echo::wire=trace", &masked(TEXT, "x".repeat(1000)));
    let of_request = format!("received {peer} 199 bytes of a request, hidden");
    assert!(log.contains(&of_request), "{log}");
    // The Close may be in the same segment.
    let shown = format!(" bytes: 817e03e8{}… (+7", "78".repeat(252));
    assert!(log.contains(&shown), "{log}");
    assert!(!log.contains("ws_echo::frame"));
    let (log, _) = logged("info", &masked(TEXT, "x"));
    assert!(!log.contains("ws_echo::wire") && !log.contains("ws_echo::frame"));
}

#[test]
fn many_frames_at_once_are_one_line_from_the_hundredth_on() {
    let (log, peer) = logged("debug", &masked(PING, "").repeat(1000));
    let more = format!("DEBUG [ws_echo::frame] received {peer} ");
    let at_once = log
        .lines()
        .filter(|line| line.contains(&more) && line.ends_with(" at once"));
    assert!(at_once.count() > 0, "{log}");
    assert!(log.matches("ping, FIN, 0 bytes").count() < 1000);
}
