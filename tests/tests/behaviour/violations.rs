//! Each violation is what it says: its bytes, and how three independent clients fail. A proxy
//! between a client and the server keeps what the client answers.

use std::fmt::Write as _;

use ws_echo_tests::recording_proxy::RecordingProxy;
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{self, CLOSE};

use crate::observed::{greeted, path, say, text};
use crate::peers::{node, python, tungstenite};

/// A violation, and how each client fails: the code of the Close that it sends, if it sends one,
/// and its own error.
struct Row {
    violation: &'static str,
    python: Failure,
    ws: Failure,
    tungstenite: Failure,
}

/// The code of the Close that a client sends; 0 for none. And a part of its own error.
type Failure = (u16, &'static str);

const fn row(violation: &'static str, python: Failure, ws: Failure, tungstenite: Failure) -> Row {
    Row {
        violation,
        python,
        ws,
        tungstenite,
    }
}

/// RFC 6455 demands 1007 of text that is not UTF-8 (section 8.1), and lets a client choose among
/// the others (section 7.1.7); all clients choose 1002, or 1009 for a length.
const TABLE: &[Row] = &[
    row(
        "mask",
        (1002, "incorrect masking"),
        (1002, "WS_ERR_UNEXPECTED_MASK"),
        (0, "Received a masked frame from server"),
    ),
    row(
        "rsv",
        (1002, "reserved bits must be 0"),
        (1002, "WS_ERR_UNEXPECTED_RSV_"),
        (0, "Reserved bits are non-zero"),
    ),
    row(
        "opcode",
        (1002, "invalid opcode"),
        (1002, "WS_ERR_INVALID_OPCODE"),
        (0, "Encountered invalid opcode"),
    ),
    row(
        "utf8",
        (1007, "at position 0"),
        (1007, "WS_ERR_INVALID_UTF8"),
        (0, "UTF-8 encoding error"),
    ),
    row(
        "length",
        (1009, "exceeds limit"),
        (1009, "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH"),
        (0, "Space limit exceeded"),
    ),
    row(
        "fragment",
        (1002, "expected a continuation frame"),
        (1002, "WS_ERR_INVALID_OPCODE"),
        (0, "While waiting for more fragments"),
    ),
    row(
        "control",
        (1002, "control frame too long"),
        (1002, "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH"),
        (0, "Control frame too big"),
    ),
    row(
        "close-code",
        (1002, "invalid status code"),
        (1002, "WS_ERR_INVALID_CLOSE_CODE"),
        (1002, "closed"),
    ),
    row(
        "continuation",
        (1002, "unexpected continuation frame"),
        (1002, "WS_ERR_INVALID_OPCODE"),
        (0, "Continue frame but nothing to continue"),
    ),
];

/// What the last Close of the client was, or 0.
fn close_of(proxy: &RecordingProxy) -> u16 {
    let recordings = proxy.recordings();
    let bytes = &recordings.last().expect("one connection").from_client;
    let head_end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
    let frames = wire::mirrored(&bytes[head_end.expect("a request") + 4..]);
    let (frames, _) = wire::unmasked(&frames);
    let close = frames.iter().find(|it| it.first == CLOSE);
    let code = close.and_then(|it| it.payload.first_chunk());
    code.map_or(0, |code| u16::from_be_bytes(*code))
}

#[test]
fn each_client_fails_as_the_rfc_says() {
    let server = Server::start(&[]);
    let proxy = RecordingProxy::before(server.address);
    let mut table = String::new();
    let mut wrong = 0;
    let mut judge = |violation: &str, client: &str, expected: Failure, error: &str| {
        let code = close_of(&proxy);
        let is_right = code == expected.0 && error.contains(expected.1);
        wrong += usize::from(!is_right);
        let mark = if is_right { "" } else { "  <- not as expected" };
        let _ = writeln!(table, "{violation:13} {client:12} {code:5} {error}{mark}");
    };
    for row in TABLE {
        let target = path(&format!("violate={}&after=1", row.violation));
        let url = format!("ws://{}{target}", proxy.address);
        if let Some(seen) = python(&url, &["hello"]) {
            let error = seen["error"].as_str().unwrap_or("none");
            judge(row.violation, "websockets", row.python, error);
        }
        if let Some(seen) = node(&url, &["hello"]) {
            let error = seen["error"].as_str().unwrap_or("none");
            judge(row.violation, "ws", row.ws, error);
        }
        let (_, error) = tungstenite(proxy.address, &target, &["hello"]);
        judge(
            row.violation,
            "tungstenite",
            row.tungstenite,
            &error.to_string(),
        );
    }
    println!("{table}");
    assert_eq!(wrong, 0, "\n{table}");
}

#[test]
fn each_client_rejects_a_wrong_handshake() {
    let server = Server::start(&[]);
    for (query, [of_python, of_ws, of_tungstenite]) in [
        (
            "violate=accept",
            [
                "invalid Sec-WebSocket-Accept",
                "Invalid Sec-WebSocket-Accept",
                "Key mismatch in \"Sec-WebSocket-Accept\"",
            ],
        ),
        (
            "accept=wrong",
            [
                "invalid Sec-WebSocket-Accept",
                "Invalid Sec-WebSocket-Accept",
                "Key mismatch in \"Sec-WebSocket-Accept\"",
            ],
        ),
        (
            "subprotocol=soap",
            [
                "no subprotocols supported",
                "Server sent a subprotocol but none was requested",
                "Server sent a subprotocol but none was requested",
            ],
        ),
    ] {
        let url = server.url(&path(query));
        if let Some(seen) = python(&url, &[]) {
            let error = seen["failed"].as_str().unwrap_or("none");
            assert!(error.contains(of_python), "{query}: {seen}");
        }
        if let Some(seen) = node(&url, &[]) {
            let error = seen["error"].as_str().unwrap_or("none");
            assert!(error.contains(of_ws), "{query}: {seen}");
        }
        let (_, error) = tungstenite(server.address, &path(query), &[]);
        let error = error.to_string();
        assert!(error.contains(of_tungstenite), "{query}: {error}");
    }
}

/// What the bytes of a violation must be.
type IsViolation = fn(&[u8]) -> bool;

#[rustfmt::skip]
const BYTES: &[(&str, IsViolation)] = &[
    ("mask", |it| it[1] & 0x80 != 0),
    ("rsv", |it| it[0] & 0x70 != 0 && it[1] & 0x80 == 0),
    ("opcode", |it| matches!(it[0] & 0x0F, 3..=7 | 11..)),
    ("utf8", |it| it[0] == 0x81 && str::from_utf8(&it[2..]).is_err()),
    ("length", |it| it[1] == 127 && it[2] & 0x80 != 0),
    ("fragment", |it| it[0] == 0x01 && it[2 + usize::from(it[1])] & 0x0F != 0),
    ("control", |it| it[0] & 0x08 != 0 && it[1] == 126 && [it[2], it[3]] > [0, 125]),
    ("close-code", |it| it[0] == 0x88 && matches!(u16::from_be_bytes([it[2], it[3]]), 0..1000 | 1004..=1006 | 1015..3000)),
    ("continuation", |it| it[0] & 0x0F == 0),
];

#[test]
fn each_violation_has_its_bytes_once_after_the_echo() {
    let server = Server::start(&[]);
    for (violation, is_violation) in BYTES {
        let mut client = greeted(&server, &format!("violate={violation}&after=2&end=fin"));
        say(&mut client, "1");
        assert_eq!(client.receive_frame(), Some(text("1")), "{violation}");
        say(&mut client, "2");
        assert_eq!(client.receive_frame(), Some(text("2")), "{violation}");
        let (bytes, _) = client.receive_to_the_end();
        assert!(
            bytes.len() >= 2 && is_violation(&bytes),
            "{violation}: {bytes:02x?}"
        );
    }
}

#[test]
fn without_after_a_violation_follows_the_greeting() {
    let server = Server::start(&[]);
    let mut client = greeted(&server, "violate=mask&end=fin");
    let (bytes, _) = client.receive_to_the_end();
    assert!(bytes[1] & 0x80 != 0, "{bytes:02x?}");
}
