//! Answers to a client that does not run a case: a message and a Close, or a refusal over HTTP.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use crate::check::client_request::ClientRequest;
use crate::check::frame;
use crate::check::player::client_opening::WaitingClient;
use crate::check::player::client_session::{closed_behind, converse};
use crate::check::verdict::{Outcome, Verdict};

/// How long a refusal may take.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Opens the connection, sends a text if there is one, and closes the connection.
pub(super) fn answer(client: WaitingClient<'_>, text: Option<String>) {
    let session = closed_behind(text.map(frame::text).into_iter().collect());
    let mut transcript = client.transcript();
    // Whoever does not open the connection gets no answer.
    let _ = converse(client, &session, None, &mut transcript);
}

/// What Autobahn calls a verdict. A case that was not played counts as not implemented, and how a
/// connection is closed does not count here.
pub(super) fn behavior(verdict: Option<&Verdict>) -> &'static str {
    match verdict.map(|verdict| verdict.outcome) {
        Some(Outcome::NotStrict) if verdict.is_some_and(|it| it.is_about_close) => "OK",
        Some(Outcome::Passed) => "OK",
        Some(Outcome::NotStrict) => "NON-STRICT",
        Some(Outcome::Informational) => "INFORMATIONAL",
        Some(Outcome::Failed) => "FAILED",
        Some(Outcome::Skipped) | None => "UNIMPLEMENTED",
    }
}

/// Why a request cannot open a connection at all: `None` if it can.
pub(super) fn not_websocket(request: &ClientRequest) -> Option<&'static str> {
    match request.key() {
        Some(_) => None,
        None => Some("This is a WebSocket server: connect with ws://, by a client under test.\n"),
    }
}

/// A refusal over HTTP.
///
/// > The server MUST send an Upgrade header field in a 426 response (RFC 9110 section 15.5.22)
pub(super) fn refusal(status: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nUpgrade: websocket\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: Upgrade, close\r\n\r\n{text}",
        text.len()
    )
}

/// Refuses one client too many.
pub(super) fn refuse_busy(mut stream: TcpStream) {
    let refusal = refusal("503 Service Unavailable", "Too many connections.\n");
    // Who does not read it sees the end of the connection.
    let _ = stream.set_write_timeout(Some(TIMEOUT));
    let _ = stream.write_all(refusal.as_bytes());
}
