//! What an application sees of a connection: events, and words of its own (RFC 6455 section 6).
//! The rules of the protocol are in `connection`, the bytes in `buffer`.

use core::str::from_utf8;

use crate::buffer::{Buffer, Loan, Storage};
use crate::close::CloseCode;
use crate::connection::Connection;
use crate::error::{ProtocolError, SendError};
use crate::frame::Opcode;

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

/// A whole message of the application's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

impl Kind {
    pub(crate) fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }
}

impl<'a> Message<'a> {
    pub(crate) fn encode(self) -> (Opcode, &'a [u8]) {
        match self {
            Self::Text(text) => (Opcode::Text, text.as_bytes()),
            Self::Binary(bytes) => (Opcode::Binary, bytes),
        }
    }
}

/// What a peer has sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The next piece of a message: a whole frame if it fits the buffer.
    Data(Chunk),
    /// A Pong frame. (A ping needs no event: it is answered already.)
    Pong,
    /// A Close frame with this code, none if it was empty; it is answered already. The connection
    /// is [done](Connection::is_done).
    Close(Option<CloseCode>),
}

/// A piece of a message in the buffer. It is good until the next event.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    pub(crate) kind: Kind,
    pub(crate) ends_message: bool,
    pub(crate) loan: Loan,
}

impl Chunk {
    /// The type of the message that this is a piece of.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether this is the message's last piece.
    pub fn ends_message(&self) -> bool {
        self.ends_message
    }

    /// Length of the piece in bytes.
    pub fn len(&self) -> usize {
        self.loan.len()
    }

    /// Whether the piece has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A connection and the buffer that it works in, for as long as there is something to do.
///
/// Made by [`Connection::exchange`].
#[derive(Debug)]
pub struct Exchange<'a, S> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) buffer: &'a mut Buffer<S>,
}

impl<S: Storage> Exchange<'_, S> {
    /// Reads on, up to the next event. `None` says that there is none until bytes are
    /// transmitted or received.
    ///
    /// # Errors
    ///
    /// What the peer did wrong, once. The Close frame that says so is ready; from here on
    /// received bytes are forgotten, and the connection is [done](Connection::is_done).
    pub fn next_event(&mut self) -> Result<Option<Event>, ProtocolError> {
        self.connection.next_event(self.buffer)
    }

    /// The bytes of a chunk, unmasked; none after a later event.
    pub fn bytes(&self, chunk: &Chunk) -> &[u8] {
        self.buffer.lent(&chunk.loan)
    }

    /// The text of a chunk: no chunk of a text message is cut inside a character. `None` for a
    /// chunk of a binary message.
    pub fn text(&self, chunk: &Chunk) -> Option<&str> {
        match chunk.kind {
            Kind::Text => from_utf8(self.bytes(chunk)).ok(),
            Kind::Binary => None,
        }
    }

    /// The reason in the peer's Close frame; see [`Connection::close_reason`].
    pub fn close_reason(&self) -> &str {
        self.connection.close_reason()
    }

    /// Sends a chunk back where it stands. The first piece of a message becomes its first frame,
    /// the others continuation frames, and the last has FIN set: who echoes one piece of a message
    /// has to echo those that follow. There is always room. A chunk that is no longer good, or
    /// comes after a Close frame was sent, is not sent.
    pub fn echo(&mut self, chunk: Chunk) {
        self.connection.echo(self.buffer, chunk);
    }

    /// Sends a message of the application's own, in one frame.
    ///
    /// # Errors
    ///
    /// When there is no room now, between the fragments of an echo, or after a Close frame.
    pub fn send(&mut self, message: Message<'_>) -> Result<(), SendError> {
        self.connection.send(self.buffer, message)
    }

    /// Sends a Ping frame; `payload` is 125 bytes at most.
    ///
    /// # Errors
    ///
    /// When there is no room now, the payload is too long, or after a Close frame.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection.ping(self.buffer, payload)
    }

    /// Sends a Close frame; `reason` is 123 bytes at most. Go on with
    /// [`next_event`](Self::next_event) until the peer's comes: no data will be an event before.
    ///
    /// # Errors
    ///
    /// When there is no room now, the reason is too long, or after a Close frame.
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), SendError> {
        self.connection.close(self.buffer, code, reason)
    }
}
