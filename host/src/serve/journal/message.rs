//! The messages of clients in the log, where `--log-messages` asks for them.

use std::fmt::{self, Display};

use log::info;
use ws_echo_core::{Chunk, Kind};

use super::Journal;
use crate::escape::Untrusted;
use crate::hex;
use crate::logging::event;
use crate::logging::target::MESSAGE;
use crate::quantity::Count;
use crate::serve::peer::Peer;
use crate::serve::verifier::Inflated;

/// The most bytes of a binary message in one line.
const LOGGED_BYTES_MAX: usize = 32;

impl Journal {
    /// A client sent a piece of a message, and messages are logged.
    pub(crate) fn message(&mut self, peer: Peer, chunk: &Chunk, bytes: &[u8]) {
        let (kind, more) = description(chunk);
        let len = Count(bytes.len() as u64, "byte");
        let content = Content {
            kind: chunk.kind(),
            start: bytes,
            len: bytes.len() as u64,
        };
        info!(
            target: MESSAGE, event = event::MESSAGE, peer:% = peer, kind = kind,
            bytes = bytes.len(), is_last = chunk.ends_message();
            "message {peer} {kind}, {len}{more}: {content}"
        );
    }

    /// The same for a compressed message that was inflated.
    pub(crate) fn inflated_message(&mut self, peer: Peer, chunk: &Chunk, inflated: &Inflated) {
        let (kind, more) = description(chunk);
        let len = Count(inflated.len, "byte");
        let compressed_len = chunk.len();
        let content = Content {
            kind: chunk.kind(),
            start: &inflated.start,
            len: inflated.len,
        };
        info!(
            target: MESSAGE, event = event::MESSAGE, peer:% = peer, kind = kind,
            bytes = inflated.len, compressed_bytes = compressed_len,
            is_last = chunk.ends_message();
            "message {peer} {kind}, {len} compressed to {compressed_len}{more}: {content}"
        );
    }

    /// The same for a compressed message that was not.
    pub(crate) fn compressed_message(&mut self, peer: Peer, chunk: &Chunk) {
        let (kind, more) = description(chunk);
        let len = Count(chunk.len() as u64, "byte");
        info!(
            target: MESSAGE, event = event::MESSAGE, peer:% = peer, kind = kind,
            compressed_bytes = chunk.len(), is_last = chunk.ends_message();
            "message {peer} {kind}, compressed to {len}{more}"
        );
    }
}

/// What a piece of a message is, and whether it is the last.
fn description(chunk: &Chunk) -> (&'static str, &'static str) {
    let kind = match chunk.kind() {
        Kind::Text => "text",
        Kind::Binary => "binary",
    };
    let more = if chunk.ends_message() {
        ""
    } else {
        " and more to come"
    };
    (kind, more)
}

/// A message, or a piece of one, of which the log shows the beginning.
struct Content<'a> {
    kind: Kind,
    /// More than is shown, or all. A text may be cut in the middle of a character.
    start: &'a [u8],
    /// The number of all bytes.
    len: u64,
}

impl Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::Binary {
            return Hex(self.start).fmt(f);
        }
        let text = self.start.utf8_chunks().next();
        let text = text.map_or("", |text| text.valid());
        Untrusted::beginning(text, self.len - text.len() as u64).fmt(f)
    }
}

/// The first bytes of a binary message.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (logged, more) = match self.0.split_at_checked(LOGGED_BYTES_MAX) {
            Some((logged, [_, ..])) => (logged, "…"),
            _ => (self.0, ""),
        };
        write!(f, "{}{more}", hex::digits(logged))
    }
}
