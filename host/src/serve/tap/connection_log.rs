//! The heads, the frames and the bytes of one connection in the log, one line each. What a peer
//! chooses is escaped and cut.

use std::fmt::{self, Display, Formatter};

use log::{debug, trace};

use crate::escape::{PEER_TEXT_LEN_MAX, Untrusted};
use crate::hex;
use crate::logging::event;
use crate::logging::target::{FRAME, WIRE};
use crate::options::serve::Secrets;
use crate::quantity::Count;
use crate::recording::{Side, Value};
use crate::serve::peer::Peer;
use crate::serve::tap::frame::Header;
use crate::serve::tap::head::Head;
use crate::serve::tap::messages::{BINARY, CLOSE, CONTINUATION, Found, PING, PONG, TEXT, close};

/// The most frames of one receive or send that are logged: the log must not become the work.
const FRAMES_LOGGED_MAX: u64 = 100;
/// The most headers of a head that are logged. The server accepts fewer.
const HEADERS_LOGGED_MAX: usize = 100;
/// The most bytes that are shown of a receive or a send, and of a value that is not text.
const BYTES_SHOWN_MAX: usize = 256;

/// What is logged of one connection.
#[derive(Debug)]
pub(super) struct ConnectionLog {
    peer: Peer,
    /// Lines about frames in this receive or send.
    lines: u64,
}

impl ConnectionLog {
    pub(super) fn new(peer: Peer) -> Self {
        Self { peer, lines: 0 }
    }

    /// A head. Nothing is logged of one that never came.
    pub(super) fn head(&mut self, side: Side, head: &Head) {
        let peer = self.peer;
        let [first, second, third] = &head.first_line;
        if head.headers.is_empty() && *first == Value::Text(String::new()) {
            return;
        }
        let name = match side {
            Side::Client => event::REQUEST,
            Side::Server => event::RESPONSE,
        };
        let [first, second, third] = [first, second, third].map(ShownValue);
        debug!(
            target: FRAME, event = name, peer:% = peer;
            "{name} {peer} {first} {second} {third}"
        );
        for (header, value) in head.headers.iter().take(HEADERS_LOGGED_MAX) {
            let (header, value) = (ShownValue(header), ShownValue(value));
            debug!(target: FRAME, event = name, peer:% = peer; "{name} {peer} {header}: {value}");
        }
    }

    /// What was found after the heads.
    pub(super) fn found(&mut self, side: Side, found: &Found<'_>) {
        let verb = verb(side);
        let peer = self.peer;
        if matches!(found, Found::Frame(..) | Found::Invalid(..)) {
            self.lines += 1;
        }
        if self.lines > FRAMES_LOGGED_MAX {
            return;
        }
        match found {
            Found::Frame(header, payload) => {
                let frame = ShownFrame(*header, payload);
                debug!(
                    target: FRAME, event = event::FRAME, peer:% = peer, direction = verb;
                    "{verb} {peer} {frame}"
                );
            }
            Found::Invalid(fault, _) => {
                debug!(
                    target: FRAME, event = event::FRAME, peer:% = peer, direction = verb,
                    reason:% = fault;
                    "{verb} {peer} what must not be sent: {fault}"
                );
            }
            Found::Control(..) | Found::Message(_) => {}
        }
    }

    /// A receive or a send was read to its end.
    pub(super) fn end_of_piece(&mut self, side: Side) {
        let left_out = self.lines.saturating_sub(FRAMES_LOGGED_MAX);
        self.lines = 0;
        if left_out > 0 {
            let (verb, peer) = (verb(side), self.peer);
            let more = Count(left_out, "more frame");
            debug!(
                target: FRAME, event = event::FRAME, peer:% = peer, direction = verb,
                count = left_out;
                "{verb} {peer} {more} at once"
            );
        }
    }

    /// Bytes of a head, which may have secrets.
    pub(super) fn head_bytes(&mut self, side: Side, bytes: &[u8], secrets: Secrets) {
        if side == Side::Server || secrets == Secrets::Shown {
            return self.bytes(side, bytes);
        }
        let (verb, peer) = (verb(side), self.peer);
        let len = Count(bytes.len() as u64, "byte");
        trace!(
            target: WIRE, event = event::BYTES, peer:% = peer, direction = verb,
            bytes = bytes.len();
            "{verb} {peer} {len} of a request, hidden (--show-secrets shows them)"
        );
    }

    /// Bytes as they travelled, without TLS.
    pub(super) fn bytes(&mut self, side: Side, bytes: &[u8]) {
        let (verb, peer) = (verb(side), self.peer);
        let len = Count(bytes.len() as u64, "byte");
        trace!(
            target: WIRE, event = event::BYTES, peer:% = peer, direction = verb,
            bytes = bytes.len();
            "{verb} {peer} {len}: {}", Hex(bytes)
        );
    }
}

fn verb(side: Side) -> &'static str {
    match side {
        Side::Client => "received",
        Side::Server => "sent",
    }
}

/// Bytes in hexadecimal digits, cut.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..BYTES_SHOWN_MAX).unwrap_or(self.0);
        f.write_str(&hex::digits(shown))?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            left_out => write!(f, "… (+{left_out} B)"),
        }
    }
}

/// Text, or bytes if it is none.
struct TextOrHex<'a>(&'a [u8]);

impl Display for TextOrHex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) => Untrusted::new(text, PEER_TEXT_LEN_MAX).fmt(f),
            Err(_) => write!(f, "0x{}", Hex(self.0)),
        }
    }
}

/// A part of a head.
struct ShownValue<'a>(&'a Value);

impl Display for ShownValue<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Text(text) => TextOrHex(text.as_bytes()).fmt(f),
            Value::Bytes { base64 } => TextOrHex(base64).fmt(f),
            Value::Hidden { hidden } => {
                let len = Count(*hidden, "byte");
                write!(f, "{len}, hidden (--show-secrets shows them)")
            }
        }
    }
}

/// A frame, and its payload if it is a control frame.
struct ShownFrame<'a>(Header, &'a [u8]);

impl Display for ShownFrame<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(header, payload) = *self;
        match header.opcode() {
            CONTINUATION => f.write_str("continuation")?,
            TEXT => f.write_str("text")?,
            BINARY => f.write_str("binary")?,
            CLOSE => f.write_str("close")?,
            PING => f.write_str("ping")?,
            PONG => f.write_str("pong")?,
            reserved => write!(f, "opcode {reserved:#x}")?,
        }
        if header.is_last() {
            f.write_str(", FIN")?;
        }
        for (bit, name) in [(0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3")] {
            if header.reserved_bits() & bit != 0 {
                write!(f, ", {name}")?;
            }
        }
        write!(f, ", {}", Count(header.len, "byte"))?;
        match close(payload) {
            _ if payload.is_empty() => Ok(()),
            (Some(code), reason) if header.opcode() == CLOSE => {
                let space = if reason.is_empty() { "" } else { " " };
                write!(f, ": {code}{space}{}", TextOrHex(reason))
            }
            _ => write!(f, ": {}", TextOrHex(payload)),
        }
    }
}
