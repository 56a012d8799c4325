//! What an application and a connection exchange: messages, pieces of messages, and the other
//! events (RFC 6455 sections 5.6 and 6). Data only.

use crate::buffer::Span;
use crate::frame::close::CloseCode;
use crate::frame::layout::{Fin, Opcode};

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// UTF-8 text (RFC 6455 section 5.6).
    Text,
    /// Any bytes.
    Binary,
}

/// A message that the application sends, or a fragment of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

impl Kind {
    pub(crate) fn compressed_opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::CompressedText,
            Self::Binary => Opcode::CompressedBinary,
        }
    }
}

impl<'a> Message<'a> {
    /// The length in bytes.
    pub fn len(&self) -> usize {
        let (_, bytes) = self.encode();
        bytes.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn encode(self) -> (Opcode, &'a [u8]) {
        match self {
            Self::Text(text) => (Opcode::Text, text.as_bytes()),
            Self::Binary(bytes) => (Opcode::Binary, bytes),
        }
    }

    /// The start of the message, of up to `len` bytes, and the rest if there is one. No character
    /// is cut.
    pub(crate) fn split(self, len: usize) -> (Self, Option<Self>) {
        match self {
            Self::Text(text) if text.len() > len => {
                let boundary = text.floor_char_boundary(len);
                let (start, rest) = text.split_at_checked(boundary).unwrap_or_default();
                (Self::Text(start), Some(Self::Text(rest)))
            }
            Self::Binary(bytes) if bytes.len() > len => {
                let (start, rest) = bytes.split_at(len);
                (Self::Binary(start), Some(Self::Binary(rest)))
            }
            whole => (whole, None),
        }
    }
}

/// What a peer has sent.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The next piece of a message: a whole frame, if it fits a [buffer of its
    /// own](crate::Buffer::new).
    Data(Chunk),
    /// A Ping frame. It is answered already. An [`Exchange`](crate::Exchange::control_payload)
    /// returns its payload.
    Ping,
    /// A Pong frame: the answer to a Ping, or one that nobody has asked for. An
    /// [`Exchange`](crate::Exchange::control_payload) returns its payload.
    Pong,
    /// A Close frame with this code, or `None` if it was empty. It is answered already, unless it
    /// is itself the answer to ours. The connection is [done](crate::Connection::is_done).
    Close(Option<CloseCode>),
}

/// A piece of a message. Its bytes are in the buffer. It is valid until the next event or room to
/// receive is asked for; an [`Exchange`](crate::Exchange) returns its bytes and its text.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Chunk {
    /// That of its message's first frame.
    pub(crate) opcode: Opcode,
    pub(crate) fin: Fin,
    pub(crate) span: Span,
}

impl Chunk {
    /// The type of the message.
    pub fn kind(&self) -> Kind {
        match self.opcode {
            Opcode::Text | Opcode::CompressedText => Kind::Text,
            _ => Kind::Binary,
        }
    }

    /// Whether the message is compressed (RFC 7692 section 6): then its bytes are not the message,
    /// and it is for the application to check them. That happens only if compression was
    /// [agreed on](crate::Agreed::deflate).
    ///
    /// An application that [echoes](crate::Exchange::echo) compressed messages must echo each of
    /// them or close the connection, unless no window is [kept](crate::Window::is_kept): the client
    /// inflates a message with the ones before it. So it must not receive one while it sends a
    /// message of its own [in fragments](crate::Exchange::send_fragment): none is echoed between
    /// them.
    pub fn is_compressed(&self) -> bool {
        self.opcode.is_compressed()
    }

    /// Whether this is the last piece of the message.
    pub fn ends_message(&self) -> bool {
        self.fin == Fin::Last
    }

    /// The same as a FIN bit.
    pub fn fin(&self) -> Fin {
        self.fin
    }

    /// The length of the piece in bytes.
    pub fn len(&self) -> usize {
        self.span.len
    }

    /// Whether the piece has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
