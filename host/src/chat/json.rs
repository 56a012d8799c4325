//! The output of a chat for programs (`--json`): an object of JSON on a line of stdout for each
//! event, and notices on stderr. The guide to the chat says what each field means.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use ws_echo_core::Kind;

use super::event::{ChatEvent, MessageRole, Side};
use super::user::{Messages, ReceivedPiece, View};
use super::whole_message::WholeMessage;
use crate::client::facts::ConnectionFacts;
use crate::escape::is_unsafe;

/// A view for programs that read JSON.
#[derive(Debug)]
pub(super) struct JsonPrinter {
    /// What the times are counted from.
    start: Instant,
}

/// A line of the output.
#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    /// Seconds since the start, to the microsecond.
    after: f64,
    #[serde(flatten)]
    fields: Fields<'a>,
}

/// The fields of an event.
#[derive(Serialize)]
#[serde(untagged)]
enum Fields<'a> {
    Connected {
        peer: Option<SocketAddr>,
        subprotocol: Option<&'a str>,
        extensions: Option<&'a str>,
        tls: Option<TlsFields<'a>>,
    },
    Message {
        kind: &'static str,
        len: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
        #[serde(skip_serializing_if = "is_false")]
        truncated: bool,
        #[serde(skip_serializing_if = "is_false")]
        cut_off: bool,
        #[serde(skip_serializing_if = "is_false")]
        expected: bool,
    },
    Sent {
        kind: &'static str,
        len: u64,
    },
    Control {
        from: &'static str,
        base64: String,
    },
    Close {
        from: &'static str,
        code: Option<u16>,
        reason: &'a str,
    },
    Reconnecting {
        wait: f64,
    },
    Error {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        http_status: Option<u16>,
    },
    End {
        status: u8,
    },
}

#[derive(Serialize)]
struct TlsFields<'a> {
    version: &'a str,
    cipher: &'a str,
    resumed: bool,
}

impl JsonPrinter {
    /// Prints the times since `start`.
    pub(super) fn new(start: Instant) -> Self {
        Self { start }
    }
}

impl View for JsonPrinter {
    fn messages(&self) -> Messages {
        Messages::Whole
    }

    /// Messages are shown whole.
    fn show(&mut self, _: ReceivedPiece<'_>) -> io::Result<()> {
        Ok(())
    }

    fn happened(&mut self, event: &ChatEvent<'_>) -> io::Result<()> {
        let after = self.start.elapsed().as_micros() as f64 / 1e6;
        let line = line(event, after)?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        stdout.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end_message(&mut self) {}

    fn note(&mut self, note: &dyn Display) {
        let _ = writeln!(io::stderr(), "# {note}");
    }

    fn set_connected(&mut self, _: bool) {}

    fn finish(&mut self) {}
}

/// The line of an event. It cannot harm a terminal: what one would interpret is escaped.
fn line(event: &ChatEvent<'_>, after: f64) -> io::Result<String> {
    let (r#type, fields) = fields(event);
    let line = Line {
        r#type,
        after,
        fields,
    };
    let json = serde_json::to_string(&line)?;
    let mut escaped = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        if is_unsafe(character) {
            // All of them are in strings, and in the first plane of Unicode.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped.push('\n');
    Ok(escaped)
}

/// The type of an event, and its fields.
fn fields<'a>(event: &'a ChatEvent<'_>) -> (&'static str, Fields<'a>) {
    match *event {
        ChatEvent::Connected(facts) => ("connected", connected(facts)),
        ChatEvent::Message(message, role) => ("message", received(message, role)),
        ChatEvent::Sent(kind, len) => {
            let kind = kind_name(kind);
            ("sent", Fields::Sent { kind, len })
        }
        ChatEvent::Ping(payload) => ("ping", control(payload)),
        ChatEvent::Pong(payload) => ("pong", control(payload)),
        ChatEvent::Close(side, code, reason) => {
            let from = side_name(side);
            let code = code.map(|code| code.get());
            ("close", Fields::Close { from, code, reason })
        }
        ChatEvent::Reconnecting(wait) => {
            let wait = wait.as_secs_f64();
            ("reconnecting", Fields::Reconnecting { wait })
        }
        ChatEvent::Error(text, http_status) => ("error", Fields::Error { text, http_status }),
        ChatEvent::End(status) => ("end", Fields::End { status }),
    }
}

fn connected(facts: &ConnectionFacts) -> Fields<'_> {
    Fields::Connected {
        peer: facts.peer,
        subprotocol: facts.subprotocol.as_deref(),
        extensions: facts.extensions.as_deref(),
        tls: facts.tls.as_ref().map(|tls| TlsFields {
            version: &tls.version,
            cipher: &tls.cipher,
            resumed: tls.is_resumed,
        }),
    }
}

fn received(message: &WholeMessage, role: MessageRole) -> Fields<'_> {
    let text = match message.kind {
        Kind::Text => str::from_utf8(&message.bytes).ok(),
        Kind::Binary => None,
    };
    Fields::Message {
        kind: kind_name(message.kind),
        len: message.len,
        text,
        base64: text
            .is_none()
            .then(|| BASE64_STANDARD.encode(&message.bytes)),
        truncated: message.is_truncated(),
        cut_off: role == MessageRole::CutOff,
        expected: role == MessageRole::Expected,
    }
}

fn control(payload: &[u8]) -> Fields<'_> {
    Fields::Control {
        from: side_name(Side::Server),
        base64: BASE64_STANDARD.encode(payload),
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Binary => "binary",
    }
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
