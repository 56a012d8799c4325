//! What an application sees of a connection: events, and words of its own (RFC 6455 section 6).
//! The rules of the protocol are in `connection`, the bytes in `buffer`.

use core::str::from_utf8;

use crate::buffer::Buffer;
use crate::connection::Connection;
use crate::connection::event::{Chunk, Event, Kind, Message};
use crate::connection::send_error::SendError;
use crate::frame::close::CloseCode;
use crate::frame::error::ProtocolError;
use crate::frame::layout::Fin;
use crate::frame::role::{Role, Server};
use crate::storage::Storage;

/// A connection and the buffer that it works in, for as long as there is something to do.
///
/// Made by [`Connection::exchange`].
#[derive(Debug)]
pub struct Exchange<'a, S, R = Server> {
    connection: &'a mut Connection<R>,
    buffer: &'a mut Buffer<S>,
}

impl<R: Role> Connection<R> {
    /// Works on what stands in `buffer`. As long as bytes stand there, the next exchange
    /// must be given the same one.
    pub fn exchange<'a, S>(&'a mut self, buffer: &'a mut Buffer<S>) -> Exchange<'a, S, R> {
        Exchange {
            connection: self,
            buffer,
        }
    }
}

impl<S: Storage> Exchange<'_, S> {
    /// Echoes what no application has to look at: the messages that have come whole, in one frame
    /// each, up to whatever else has come. It is as if each had been an [event](Event::Data) that
    /// was [echoed](Self::echo), and takes a fraction of the time. Chunks that were lent before are
    /// no longer good. What is wrong with a message is told by the next event.
    ///
    /// `true` says that nothing is left of what was received: there is no event to ask for.
    pub fn echo_whole_messages(&mut self) -> bool {
        self.connection.echo_whole_messages(self.buffer)
    }
}

impl<S: Storage, R: Role> Exchange<'_, S, R> {
    /// Reads on, up to the next event. `None` says that there is none until bytes are
    /// transmitted or received.
    ///
    /// # Errors
    ///
    /// What the peer did wrong, once. The Close frame that says so is ready, unless one was sent
    /// before; from here on received bytes are forgotten, and the connection is
    /// [done](Connection::is_done).
    pub fn next_event(&mut self) -> Result<Option<Event>, ProtocolError> {
        self.connection.next_event(self.buffer)
    }

    /// The bytes of a chunk, unmasked; none of one that is no longer good.
    pub fn bytes(&self, chunk: &Chunk) -> &[u8] {
        self.buffer.lent(&chunk.span)
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
    /// When there is no room, now or [ever](SendError::Full), between the fragments of another
    /// message, or after a Close frame.
    pub fn send(&mut self, message: Message<'_>) -> Result<(), SendError> {
        self.connection.send(self.buffer, message)
    }

    /// Sends a fragment of a message of the application's own: the first of a message as its first
    /// frame, the others as continuation frames, up to the one with [`Fin::Last`]. All are of one
    /// kind. Until then no other message may be sent or [echoed](Self::echo).
    ///
    /// # Errors
    ///
    /// When there is no room, now or [ever](SendError::Full), or after a Close frame.
    pub fn send_fragment(&mut self, fragment: Message<'_>, fin: Fin) -> Result<(), SendError> {
        self.connection.send_fragment(self.buffer, fragment, fin)
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
