//! The opening handshake of a server (RFC 6455 sections 4.1 and 4.2, RFC 9112): requests, and their
//! responses. The requests of real clients follow the documentation of those clients.

mod accepted;
mod compression;
mod http_1_0;
mod limits;
mod real_clients;
mod refused;
mod subprotocols;
mod the_application;

use ws_echo_core::{
    Acceptance, Agreed, Buffer, Connection, Deflate, HttpResponse, HttpResponseError, MAX_HEADERS,
    MIN_BUFFER_LEN, MIN_HEAD_LEN, Message, Progress, Refusal, ServerHandshake, SyntaxError, Window,
};
use ws_echo_tests::driver::server::{Application, Served, serve, serve_always};
use ws_echo_tests::driver::{Cuts, Outcome};
use ws_echo_tests::wire::{Frame, TEXT, masked};

/// The response to the key of section 1.3.
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The minimal request: a line and five headers.
const REQUEST: [&str; 6] = [
    "GET /chat HTTP/1.1",
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

fn head(lines: &[&str]) -> Vec<u8> {
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

fn request() -> Vec<u8> {
    head(&REQUEST)
}

/// The minimal request with another request line.
fn with_request_line(line: &str) -> Vec<u8> {
    head(&[&[line], &REQUEST[1..]].concat())
}

/// The minimal request with lines instead of the one that begins with `name`.
fn with(name: &str, lines: &[&str]) -> Vec<u8> {
    let at = REQUEST.iter().position(|line| line.starts_with(name));
    let at = at.unwrap();
    head(&[&REQUEST[..at], lines, &REQUEST[at + 1..]].concat())
}

/// The minimal request with more lines.
fn with_more(lines: &[&str]) -> Vec<u8> {
    head(&[&REQUEST[..], lines].concat())
}

/// Serves a request and a text right after it, with all cuts.
fn served(application: Application<'_>, request: &[u8]) -> Served {
    let input = [request, &masked(TEXT, "hello")].concat();
    serve_always::<1024>(application, &input)
}

/// Checks that a request is accepted, however it is cut, and that the text after it comes back.
fn assert_accepted(request: &[u8]) {
    let expected = Served {
        head: RESPONSE.to_owned(),
        body: String::new(),
        refusal: None,
        agreed: Some(Agreed::NOTHING),
        session: Some(Outcome {
            frames: vec![Frame::new(TEXT, "hello")],
            ..Outcome::default()
        }),
    };
    let served = served(Application::default(), request);
    assert_eq!(served, expected, "{}", request.escape_ascii());
}

/// Checks that a request is refused, however it is cut, and that the bytes after it are ignored.
fn assert_refused(request: &[u8], refusal: Refusal) {
    let served = served(Application::default(), request);
    let what = request.escape_ascii();
    assert_eq!(served.refusal, Some(refusal), "{what}");
    assert_eq!(served.session, None, "{what}");
    assert_is_refusal(&served.head, &served.body, refusal);
}

fn assert_is_refusal(head: &str, body: &str, refusal: Refusal) {
    let served = Served {
        head: head.to_owned(),
        body: body.to_owned(),
        refusal: Some(refusal),
        agreed: None,
        session: None,
    };
    let status_line = format!("HTTP/1.1 {}", refusal.status());
    assert_eq!(served.status_line(), status_line, "{refusal}");
    assert_eq!(body, format!("{}\n", refusal.text()), "{refusal}");
    let len = body.len().to_string();
    assert_eq!(served.headers("Content-Length"), [&len], "{refusal}");
    assert_eq!(served.headers("Content-Type"), ["text/plain"], "{refusal}");
    let [connection] = served.headers("Connection")[..] else {
        panic!("Connection is missing or repeated: {head}");
    };
    assert!(connection.split(", ").any(|option| option == "close"));
    let status = &refusal.status()[..3];
    let allow: &[&str] = if status == "405" { &["GET"] } else { &[] };
    assert_eq!(served.headers("Allow"), allow);
    let is_upgrade = status == "426";
    let (upgrade, version): (&[&str], &[&str]) = if is_upgrade {
        (&["websocket"], &["13"])
    } else {
        (&[], &[])
    };
    assert_eq!(served.headers("Upgrade"), upgrade);
    assert_eq!(served.headers("Sec-WebSocket-Version"), version);
    assert_eq!(connection.contains("Upgrade"), is_upgrade);
}

fn with_subprotocol(name: &str) -> Acceptance<'_> {
    Acceptance {
        subprotocol: Some(name),
        ..Acceptance::default()
    }
}

/// A handshake, and a buffer that holds all of `input`.
fn complete(input: &[u8]) -> (ServerHandshake, Buffer<Vec<u8>>) {
    let mut buffer = Buffer::new(vec![0; 2048]);
    buffer.spare_mut()[..input.len()].copy_from_slice(input);
    buffer.commit(input.len());
    (ServerHandshake::new(), buffer)
}
