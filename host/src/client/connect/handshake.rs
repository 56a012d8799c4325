//! The WebSocket handshake on a stream (RFC 6455 section 4.1), and the response of a server that
//! refuses it. The rules of the handshake are the core's.

use std::io;
use std::time::{Duration, Instant};

use ws_echo_core::{Agreed, ClientHandshake, Progress, Response, ResponseError};

use super::content::Framing;
use super::retry_after::retry_after;
use crate::client::error::{ConnectError, ServerRefusal};
use crate::client::stream::{ReadOutcome, Stream};
use crate::client::waiter::Waiter;
use crate::connect::HEAD_LEN_MAX;
use crate::options::url::{Scheme, Url};

/// How a TLS server begins to reject a client that does not speak TLS: with an alert record and the
/// version (RFC 8446 section 5.1).
const TLS_ALERT: [u8; 2] = [0x15, 0x03];
/// How long to wait for a refusal's content.
const CONTENT_TIME: Duration = Duration::from_secs(1);

/// Checks that the server did not answer in TLS.
///
/// # Errors
///
/// That it did, with the URL to use instead.
pub(super) fn check_protocol(stream: &Stream, url: &Url) -> Result<(), ConnectError> {
    if stream.buffer.received().starts_with(&TLS_ALERT) {
        let advice = format!("use {}", url.with(Scheme::Wss));
        return Err(ConnectError::SpeaksTls(advice));
    }
    Ok(())
}

/// Does as much of the handshake as is possible now, or waits for more. Returns what was agreed
/// once the connection is open.
pub(super) fn advance(
    waiter: &mut impl Waiter,
    handshake: &mut ClientHandshake<'_, HEAD_LEN_MAX>,
    stream: &mut Stream,
    deadline: Instant,
) -> Result<Option<Agreed>, ConnectError> {
    match handshake.advance(&mut stream.buffer) {
        Ok(Progress::Open(agreed)) => return Ok(Some(agreed)),
        Ok(_) => {}
        Err(ResponseError::Status(_)) => return Err(refusal(waiter, handshake, stream)),
        Err(error) => return Err(ConnectError::InvalidResponse(error)),
    }
    // A long request is made ready in parts.
    if stream.transmit() {
        return Ok(None);
    }
    match stream.receive() {
        ReadOutcome::Bytes => {}
        ReadOutcome::Nothing => waiter.wait(Some(deadline))?,
        ReadOutcome::End(error) => return Err(ConnectError::NotConnected(ended_early(error))),
    }
    Ok(None)
}

/// The extensions that a server has accepted, as it has written them.
pub(super) fn extensions(response: &Response<'_>) -> Option<String> {
    let extensions = response.headers("sec-websocket-extensions").next()?;
    Some(String::from_utf8_lossy(extensions).into_owned())
}

fn ended_early(error: Option<io::Error>) -> String {
    let ended = "the server closed the connection during the handshake";
    match error {
        Some(error) => format!("{ended}: {error}"),
        None => ended.into(),
    }
}

/// The response of a server that refuses, with the beginning of its content.
fn refusal(
    waiter: &mut impl Waiter,
    handshake: &ClientHandshake<'_, HEAD_LEN_MAX>,
    stream: &mut Stream,
) -> ConnectError {
    let response = handshake.response();
    let framing = Framing::of(&response);
    let mut content = framing.content(stream.buffer.received());
    let deadline = Instant::now() + CONTENT_TIME;
    // Whatever ends the wait early is not an error: the status is known.
    while !content.is_whole && matches!(waiter.is_past(deadline), Ok(false)) {
        match stream.receive() {
            ReadOutcome::Bytes => content = framing.content(stream.buffer.received()),
            ReadOutcome::Nothing if waiter.wait(Some(deadline)).is_ok() => {}
            ReadOutcome::Nothing | ReadOutcome::End(_) => break,
        }
    }
    let location = response.headers("location").next();
    ConnectError::Refused(ServerRefusal {
        status: response.status(),
        reason: response.reason().into(),
        location: location.map(|value| String::from_utf8_lossy(value).into_owned()),
        retry_after: retry_after(&response),
        content: content.bytes,
    })
}
