//! An application's view of a connection: events, and frames of its own (RFC 6455 section 6). The
//! rules of the protocol are in `connection`, the bytes are in `buffer`.

use core::str::from_utf8;

use crate::buffer::Buffer;
use crate::connection::Connection;
use crate::connection::echoed::{CompressedMessages, Echoed};
use crate::connection::event::{Chunk, Event, Kind, Message};
use crate::connection::message_buffer::{
    GatherError, MessageBuffer, MessageStorage, MessageTooLong,
};
use crate::connection::send_error::SendError;
use crate::frame::close::CloseCode;
use crate::frame::error::ProtocolError;
use crate::frame::layout::{Fin, Opcode};
use crate::frame::role::{Role, Server};
use crate::inflate::Inflate;
use crate::storage::Storage;

/// A connection and the buffer that it works in, while there is something to do.
///
/// Made by [`Connection::exchange`].
#[derive(Debug)]
pub struct Exchange<'a, S, R = Server> {
    connection: &'a mut Connection<R>,
    buffer: &'a mut Buffer<S>,
}

impl<R: Role> Connection<R> {
    /// Works on the received bytes in `buffer`. While the buffer is not [empty](Buffer::is_empty),
    /// each exchange of this connection must be given the same one.
    pub fn exchange<'a, S>(&'a mut self, buffer: &'a mut Buffer<S>) -> Exchange<'a, S, R> {
        Exchange {
            connection: self,
            buffer,
        }
    }
}

impl<S: Storage> Exchange<'_, S> {
    /// Echoes complete messages that no application has to look at: those of one frame each that
    /// were received, up to anything else. The result is the same as if each had been an
    /// [event](Event::Data) and was [echoed](Self::echo), for a fraction of the time. Chunks from
    /// before are no longer valid. A protocol error in a message is returned by the next
    /// [`next_event`](Self::next_event). Compressed messages are echoed as they came: nothing
    /// checks that they can be inflated.
    ///
    /// Returns `true` if no received bytes are left: then there is no event to ask for.
    pub fn echo_whole_messages(&mut self) -> bool {
        self.echo_and_measure(CompressedMessages::Echo).is_all()
    }

    /// The same as [`echo_whole_messages`](Self::echo_whole_messages), and tells how much it
    /// echoes. It stops at a compressed message if those are left.
    pub fn echo_and_measure(&mut self, compressed: CompressedMessages) -> Echoed {
        self.connection.echo_whole_messages(self.buffer, compressed)
    }
}

impl<S: Storage, R: Role> Exchange<'_, S, R> {
    /// Reads up to the next event. `None` means that there is no event until bytes are transmitted
    /// or received.
    ///
    /// # Errors
    ///
    /// What the peer did wrong, once. A Close frame that reports it is ready, unless one was sent
    /// before. From here on received bytes are forgotten, and the connection is
    /// [done](Connection::is_done).
    pub fn next_event(&mut self) -> Result<Option<Event>, ProtocolError> {
        self.connection.next_event(self.buffer)
    }

    /// The bytes of a chunk, unmasked. Empty if the chunk is no longer valid. Those of a
    /// [compressed](Chunk::is_compressed) message are as they were received.
    pub fn bytes(&self, chunk: &Chunk) -> &[u8] {
        self.buffer.lent(&chunk.span)
    }

    /// The text of a chunk, or `None` if its message is binary or
    /// [compressed](Chunk::is_compressed). It is always valid UTF-8: no text is cut inside a
    /// character (RFC 6455 section 8.1).
    pub fn text(&self, chunk: &Chunk) -> Option<&str> {
        match chunk.opcode {
            Opcode::Text => from_utf8(self.bytes(chunk)).ok(),
            _ => None,
        }
    }

    /// Adds a chunk to a message, and returns the message if the chunk is its last. Until then it
    /// returns `None`. Give it each chunk of the message.
    ///
    /// # Errors
    ///
    /// Once for each message, if it is too long, or will be with the rest of its frame. The rest of
    /// the message is left out, and the next one is gathered again.
    pub fn gather<'m, M: MessageStorage>(
        &self,
        chunk: &Chunk,
        message: &'m mut MessageBuffer<M>,
    ) -> Result<Option<Message<'m>>, MessageTooLong> {
        message.push(chunk, self.bytes(chunk), self.remaining_payload())
    }

    /// The same as [`gather`](Self::gather), for messages that may be compressed. The length of a
    /// message is that of what it inflates to.
    ///
    /// `inflate` is for this connection alone, and is reset here after each message, unless the
    /// peer keeps its window. `LEN` must be at least two to the power of the agreed
    /// [`bits`](crate::Window::bits): on a server those of
    /// [`deflate.client`](crate::Deflate::client), on a client those of
    /// [`deflate.server`](crate::Deflate::server). With a smaller `LEN`, a message that refers to
    /// bytes farther back is [invalid](crate::ProtocolError::InvalidCompression).
    ///
    /// A server agrees on compression by its [answer](crate::Request::deflate). A window of 9 bits,
    /// for `Inflate<512>`, is the smallest that all clients have.
    ///
    /// ```
    /// # use ws_echo_core::{Agreed, Buffer, Connection, Deflate};
    /// use ws_echo_core::{CloseCode, Event, GatherError, Inflate, Message, MessageBuffer, Window};
    ///
    /// # let window = Window::new(9).unwrap();
    /// # let mut agreed = Agreed::NOTHING;
    /// # agreed.deflate = Some(Deflate { server: window, client: window });
    /// # let mut connection = Connection::server(agreed);
    /// # let mut buffer = Buffer::new([0; 256]);
    /// # let frame = b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0";
    /// # buffer.spare_mut()[..frame.len()].copy_from_slice(frame);
    /// # buffer.commit(frame.len());
    /// // In the handshake: Window::new(9).and_then(|window| handshake.request().deflate(window))
    /// let mut inflate = Inflate::<512>::new();
    /// let mut command = MessageBuffer::new([0; 256]);
    ///
    /// let mut exchange = connection.exchange(&mut buffer);
    /// while let Some(event) = exchange.next_event()? {
    ///     let Event::Data(chunk) = event else { continue };
    ///     match exchange.gather_inflated(&chunk, &mut inflate, &mut command) {
    ///         Ok(None) => {} // The rest of the message follows.
    ///         Ok(Some(Message::Text(command))) => {
    ///             assert_eq!(command, "Hello");
    ///             exchange.send(Message::Text("21"))?; // An answer need not be compressed.
    ///         }
    ///         Ok(Some(Message::Binary(_))) => exchange.close(CloseCode::UNSUPPORTED_DATA, "")?,
    ///         Err(GatherError::TooLong(_)) => exchange.close(CloseCode::MESSAGE_TOO_BIG, "")?,
    ///         Err(GatherError::Invalid(error)) => exchange.fail(error),
    ///     }
    /// }
    /// # assert_eq!(buffer.ready(), b"\x81\x0221");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`GatherError::TooLong`] once for each message that is too long, as `gather` does. An
    /// application that continues must pass the rest of the message too: it is still inflated,
    /// because the next message may refer to it.
    ///
    /// [`GatherError::Invalid`] if a message cannot be inflated, or is text but not UTF-8.
    pub fn gather_inflated<'m, const LEN: usize, M: MessageStorage>(
        &self,
        chunk: &Chunk,
        inflate: &mut Inflate<LEN>,
        message: &'m mut MessageBuffer<M>,
    ) -> Result<Option<Message<'m>>, GatherError> {
        match self.connection.received_window() {
            Some(window) if chunk.is_compressed() => {
                message.push_compressed(chunk, self.bytes(chunk), window, inflate)
            }
            _ => Ok(self.gather(chunk, message)?),
        }
    }

    /// How many bytes of the begun message are known, but were not returned by an event yet. See
    /// [`Connection::remaining_payload`].
    pub fn remaining_payload(&self) -> u64 {
        self.connection.remaining_payload()
    }

    /// The payload of the Ping or Pong frame that was the last event: at most 125 bytes. It is
    /// there until the next event is asked for. Empty if the last event was another one, and after
    /// a Close was sent.
    pub fn control_payload(&self) -> &[u8] {
        self.connection.control_payload()
    }

    /// The reason in the peer's Close frame. See [`Connection::close_reason`].
    pub fn close_reason(&self) -> &str {
        self.connection.close_reason()
    }

    /// Sends a chunk back, in place. The first piece of a message becomes its first frame, the
    /// others become continuation frames, and the last has FIN set. If one piece of a message is
    /// echoed, all that follow must be. A compressed message is echoed as it came: see
    /// [`Chunk::is_compressed`].
    ///
    /// There is always room. A chunk that is no longer valid is not sent, nor is one inside a
    /// message that the application sends in [fragments](Self::send_fragment), or after a Close
    /// frame was sent.
    pub fn echo(&mut self, chunk: Chunk) {
        self.connection.echo(self.buffer, chunk);
    }

    /// The length of the longest message or fragment that can be sent now, in bytes. It is 0 if
    /// none can be, or only an empty one. There is more room once bytes that are ready were
    /// transmitted.
    pub fn room(&self) -> usize {
        self.connection.room(self.buffer)
    }

    /// Sends a message in one frame.
    ///
    /// # Errors
    ///
    /// If there is no room, [now](SendError::Full) or [ever](SendError::BufferTooShort), between
    /// the fragments of another message, or after a Close frame.
    pub fn send(&mut self, message: Message<'_>) -> Result<(), SendError> {
        self.connection.send(self.buffer, message)
    }

    /// Sends a fragment of a message. The first becomes the first frame of the message, the others
    /// continuation frames, up to the one with [`Fin::Last`]. All must be of one kind. Until then
    /// no other message may be sent or [echoed](Self::echo).
    ///
    /// # Errors
    ///
    /// If there is no room, [now](SendError::Full) or [ever](SendError::BufferTooShort), inside a
    /// message that is being echoed, or after a Close frame.
    pub fn send_fragment(&mut self, fragment: Message<'_>, fin: Fin) -> Result<(), SendError> {
        self.connection.send_fragment(self.buffer, fragment, fin)
    }

    /// Sends a fragment of a message that the application has compressed, within the
    /// [window](crate::Deflate) of this end (RFC 7692 section 7.2.1). `payload` is the next part of
    /// the compressed message. As with [`send_fragment`](Self::send_fragment), all parts must be of
    /// one kind, up to the one with [`Fin::Last`]. [`DeflateOffer`](crate::DeflateOffer) says how a
    /// client compresses, also where a window of 8 bits was agreed on, and has an example.
    ///
    /// # Errors
    ///
    /// The same, and [`SendError::NoCompression`].
    pub fn send_compressed(
        &mut self,
        kind: Kind,
        payload: &[u8],
        fin: Fin,
    ) -> Result<(), SendError> {
        self.connection
            .send_compressed(self.buffer, kind, payload, fin)
    }

    /// Sends as much of a message as there is [room](Self::room) for, up to `max_len` bytes, and
    /// returns the rest: to be sent by this method when there is room again, before any other
    /// message. No character is cut. A message that fits is sent in one frame, another one in
    /// [fragments](Self::send_fragment).
    ///
    /// Transmit what is ready first, because little room makes short fragments. If there is not
    /// even room for a character, nothing is sent, and the whole message is returned. `max_len` is
    /// for a transport that accepts little at a time; it must be 4 or more.
    ///
    /// ```
    /// use ws_echo_core::{Agreed, Buffer, Connection, Message};
    ///
    /// let mut connection = Connection::server(Agreed::NOTHING);
    /// let mut buffer = Buffer::new([0; 64]);
    /// let text = "gr\u{fc}\u{df}e ".repeat(20);
    /// let mut frames = 0;
    /// let mut unsent = Some(Message::Text(&text));
    /// while let Some(message) = unsent {
    ///     unsent = connection.exchange(&mut buffer).send_up_to(usize::MAX, message)?;
    ///     frames += 1;
    ///     buffer.consume(usize::MAX); // in place of a transport that accepts all that is ready
    /// }
    /// assert_eq!(frames, 4);
    /// # Ok::<(), ws_echo_core::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Inside a message that is being echoed, or after a Close frame.
    pub fn send_up_to<'m>(
        &mut self,
        max_len: usize,
        message: Message<'m>,
    ) -> Result<Option<Message<'m>>, SendError> {
        self.connection.send_up_to(self.buffer, max_len, message)
    }

    /// Sends a Ping frame. `payload` has at most 125 bytes (RFC 6455 section 5.5).
    ///
    /// # Errors
    ///
    /// If there is no room, the payload is too long, or after a Close frame.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection
            .send_control(self.buffer, Opcode::Ping, payload)
    }

    /// Sends a Pong frame that nobody has asked for: a sign of life that is not answered. `payload`
    /// has at most 125 bytes. (Pings are answered by [`next_event`](Self::next_event).)
    ///
    /// > A Pong frame MAY be sent unsolicited. This serves as a unidirectional heartbeat. A
    /// > response to an unsolicited Pong frame is not expected. (RFC 6455 section 5.5.3)
    ///
    /// # Errors
    ///
    /// If there is no room, the payload is too long, or after a Close frame.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection
            .send_control(self.buffer, Opcode::Pong, payload)
    }

    /// Sends a Close frame. `reason` has at most 123 bytes (RFC 6455 section 5.5.1). Continue with
    /// [`next_event`](Self::next_event) until the peer's Close: no data is an event until then.
    ///
    /// If there is no room, the Close is kept and sent as soon as there is, after what is ready and
    /// before the next frame is read: also when a long message is received in pieces. What was
    /// begun to be echoed or sent is not completed.
    ///
    /// ```
    /// use ws_echo_core::{Agreed, Buffer, CloseCode, Connection, Event};
    ///
    /// let mut connection = Connection::server(Agreed::NOTHING);
    /// let mut buffer = Buffer::new([0; 64]);
    ///
    /// // A text of 1,000 bytes, masked with zeros, of which the first have arrived.
    /// let spare = buffer.spare_mut();
    /// let len = spare.len();
    /// spare.fill(b'a');
    /// spare[..8].copy_from_slice(b"\x81\xFE\x03\xE8\0\0\0\0");
    /// buffer.commit(len);
    ///
    /// let mut exchange = connection.exchange(&mut buffer);
    /// while let Some(event) = exchange.next_event()? {
    ///     if let Event::Data(_) = event {
    ///         exchange.close(CloseCode::UNSUPPORTED_DATA, "expected JSON")?;
    ///     }
    /// }
    /// assert_eq!(buffer.ready(), b"\x88\x0F\x03\xEBexpected JSON");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the reason is too long, or after a Close frame. [`SendError::Full`] if there is no room,
    /// and a control frame is being received, or its answer is kept already. That is never so
    /// directly after an event.
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), SendError> {
        self.connection.close(self.buffer, code, reason)
    }

    /// Fails the connection because of something that only the application can find: that a
    /// [compressed](Chunk::is_compressed) message [cannot be
    /// inflated](ProtocolError::InvalidCompression), or is [not the
    /// text](ProtocolError::InvalidText) that it should be. A chunk from before is no longer valid:
    /// it is not echoed.
    ///
    /// The next event is this error, with the same effect as one that the connection has found
    /// itself. Does nothing if the connection has failed already, or a Close frame was sent or
    /// received.
    pub fn fail(&mut self, error: ProtocolError) {
        self.connection.fail(self.buffer, error);
    }
}
