//! What passes between an application and a connection: messages, pieces of them, and what else a
//! peer sends (RFC 6455 sections 5.6 and 6). It does nothing.

use crate::buffer::Span;
use crate::frame::close::CloseCode;
use crate::frame::layout::{Fin, Opcode};

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
#[non_exhaustive]
pub enum Event {
    /// The next piece of a message: a whole frame if it fits a buffer of the connection's own.
    Data(Chunk),
    /// A Pong frame. (A ping needs no event: it is answered already.)
    Pong,
    /// A Close frame with this code, none if it was empty; it is answered already, if it is not
    /// itself the answer to ours. The connection is [done](crate::Connection::is_done).
    Close(Option<CloseCode>),
}

/// A piece of a message in the buffer. It is good until the next event is asked for, or the
/// buffer for room.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    pub(crate) kind: Kind,
    pub(crate) fin: Fin,
    pub(crate) span: Span,
}

impl Chunk {
    /// The type of the message that this is a piece of.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether this is the message's last piece.
    pub fn ends_message(&self) -> bool {
        self.fin == Fin::Last
    }

    /// The same, as FIN says it.
    pub fn fin(&self) -> Fin {
        self.fin
    }

    /// Length of the piece in bytes.
    pub fn len(&self) -> usize {
        self.span.len
    }

    /// Whether the piece has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
