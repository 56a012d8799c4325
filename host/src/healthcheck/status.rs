//! Whether a server answers GET with the status 200 (RFC 9112 sections 3 and 4).

use std::time::{Duration, Instant};

use super::probe::Probe;
use crate::client::connect;
use crate::client::stream::{ReadOutcome, Stream};
use crate::escape::Untrusted;

/// How much of a response is read at most, in bytes.
const RESPONSE_LEN_MAX: usize = 16 << 10;
/// How long the content of another status is waited for: it says why.
const CONTENT_TIME: Duration = Duration::from_secs(1);

/// Checks the server.
///
/// # Errors
///
/// What it answers instead, or that it does not answer.
pub(super) fn check(mut probe: Probe<'_>) -> Result<(), String> {
    let connector = probe.connector.as_ref();
    let destination = probe.destination;
    let opened = connect::open_stream(&mut probe.poll, destination, connector, probe.deadline);
    let mut stream = opened.map_err(|error| error.to_string())?;
    let url = destination.url;
    let authorization = url.authorization();
    let authorization = authorization.map(|(name, value)| format!("{name}: {value}\r\n"));
    stream.send_bytes(
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}\r\n",
            url.resource,
            url.authority,
            authorization.unwrap_or_default()
        )
        .as_bytes(),
    );
    let status = loop {
        if let Some(status) = status(stream.buffer.received())? {
            break status;
        }
        if stream.transmit() {
            continue;
        }
        match stream.receive() {
            ReadOutcome::Bytes if probe.is_late() => probe.wait_for("response")?,
            ReadOutcome::Bytes => {}
            ReadOutcome::Nothing => probe.wait_for("response")?,
            ReadOutcome::End(_) => return Err("it ends the connection without an answer".into()),
        }
    };
    if status == "200" {
        return Ok(());
    }
    receive_rest(&mut stream, &mut probe);
    Err(refusal(stream.buffer.received()))
}

/// The code of the status in what was received; `None` if its line is not complete.
fn status(received: &[u8]) -> Result<Option<String>, String> {
    let Some(line) = received.split_inclusive(|byte| *byte == b'\n').next() else {
        return Ok(None);
    };
    if !line.ends_with(b"\n") && line.len() < RESPONSE_LEN_MAX {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(line);
    let code = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
    let code = code.map(|code| Some(code.to_owned()));
    code.ok_or_else(|| format!("no HTTP: {}", Untrusted::excerpt(line.trim_end())))
}

/// Receives the rest of the response, as far as it comes soon.
fn receive_rest(stream: &mut Stream, probe: &mut Probe<'_>) {
    probe.deadline = probe.deadline.min(Instant::now() + CONTENT_TIME);
    while stream.buffer.received().len() < RESPONSE_LEN_MAX && !probe.is_late() {
        match stream.receive() {
            ReadOutcome::Bytes => {}
            ReadOutcome::Nothing if probe.wait_for("content").is_ok() => {}
            _ => return,
        }
    }
}

/// The status line, and the first line of the content.
fn refusal(response: &[u8]) -> String {
    let response = String::from_utf8_lossy(response);
    let (head, content) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    let line = head.lines().next().unwrap_or_default();
    let status = line.split_once(' ').map_or(line, |(_, status)| status);
    let status = Untrusted::excerpt(status.trim_end());
    match content.lines().next() {
        Some(reason) => format!("{status}: {}", Untrusted::excerpt(reason)),
        None => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_when_its_line_is_complete() {
        assert_eq!(status(b""), Ok(None));
        assert_eq!(status(b"HTTP/1.1 200 OK"), Ok(None));
        for line in [
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.0 200\n",
            "HTTP/1.1 200 \r\nA: b",
        ] {
            assert_eq!(status(line.as_bytes()), Ok(Some("200".into())), "{line}");
        }
        for line in [
            "\n",
            "HTTP/1.\n",
            "HTTP/1.1 2\u{e9} x\n",
            "HTTP/2 200\n",
            "SSH-2.0\r\n",
        ] {
            assert!(status(line.as_bytes()).is_err(), "{line}");
        }
        assert!(status(&[b'x'; RESPONSE_LEN_MAX]).is_err());
    }

    #[test]
    fn another_status_is_shown_with_its_reason_and_harmless() {
        for (response, expected) in [
            (
                "HTTP/1.1 503 Busy\r\nA: b\r\n\r\nwhy\nmore",
                "503 Busy: why",
            ),
            ("HTTP/1.1 404\r\n\r\n", "404"),
            ("HTTP/1.1 500 \x1b[31m\r\n", "500 \\u{1b}[31m"),
        ] {
            assert_eq!(refusal(response.as_bytes()), expected);
        }
    }
}
