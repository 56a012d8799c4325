//! The state of an open connection: what the next received byte is, and what it leads to
//! (RFC 6455 sections 5.4, 5.5, 6 and 7). How bytes look is in `frame`, `mask`, `utf8`, `close`.

pub(crate) mod agreed;
pub(crate) mod event;
pub(crate) mod exchange;
mod fast_echo;
pub(crate) mod send_error;
mod sending;

use heapless::Vec;

use crate::buffer::Buffer;
use crate::connection::agreed::Agreed;
use crate::connection::event::{Chunk, Event, Kind};
use crate::frame::close::{self, CODE_LEN, CloseCode};
use crate::frame::error::ProtocolError;
use crate::frame::header::{Frame, encode_control, encoded_len};
use crate::frame::layout::{CONTROL_HEADER_LEN, Fin, MASKING_KEY_LEN, MAX_CONTROL_LEN, Opcode};
use crate::frame::role::{Client, Role, Server, finish_header};
use crate::frame::utf8::{self, MAX_HELD};
use crate::storage::Storage;

/// An open WebSocket connection, seen from the [`Server`] or from the [`Client`].
///
/// It owns no buffer: a driver lends it one for as long as there are bytes.
#[derive(Clone, Debug)]
pub struct Connection<R = Server> {
    role: R,
    agreed: Agreed,
    next: Next,
    /// The frame that is being received.
    frame: Frame,
    /// The message whose frames are being received.
    message: Option<Incoming>,
    sent: Sent,
    /// The Pong or Close frame to send. In a Close, the code is followed by the reason in the
    /// peer's Close, which is not sent: two fields would cost 125 bytes more.
    control: Vec<u8, { CONTROL_HEADER_LEN + MASKING_KEY_LEN + MAX_CONTROL_LEN }, u8>,
}

/// What the next received byte is, or what has to be made ready before it is looked at.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A frame's header.
    Header,
    /// The payload of a data frame.
    Payload {
        /// How many bytes of it are unmasked and checked, and still at the start of what the buffer
        /// received.
        plain: usize,
        /// Whether it is handed out in pieces: it does not fit the buffer, or nothing may stay
        /// there.
        is_cut: bool,
    },
    /// The payload of a Ping or a Close, to be gathered.
    Control,
    /// Payload that nobody asks for: a Pong's, or a message's after our Close.
    Ignored,
    /// A Pong is made ready, `produced` bytes of it so far.
    Pong { produced: u8 },
    /// Our Close: the peer's with this code has to be answered, or the connection to be failed.
    Close(Result<Option<CloseCode>, ProtocolError>),
    /// Bytes that are forgotten.
    Nothing,
}

/// A message that is being received.
#[derive(Clone, Debug)]
enum Incoming {
    /// Text, with the first bytes of an incomplete character at the end of what was checked.
    Text {
        held: Vec<u8, MAX_HELD, u8>,
    },
    Binary,
}

impl Incoming {
    fn kind(&self) -> Kind {
        match self {
            Self::Text { .. } => Kind::Text,
            Self::Binary => Kind::Binary,
        }
    }

    fn held(&self) -> &[u8] {
        match self {
            Self::Text { held } => held,
            Self::Binary => &[],
        }
    }
}

/// What was sent last, other than pings and pongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// Nothing, or a frame with FIN set.
    Message,
    /// A fragment of an echo, which others must follow.
    Echo,
    /// A fragment of the application's own, which others must follow.
    Own,
    /// Close: nothing but Pongs may follow.
    Close,
}

/// What a transition leads to.
enum Step {
    /// The next transition.
    Go,
    /// A wait: for room, or for bytes.
    Wait,
    Event(Event),
}

impl Connection {
    /// The server's end of a connection that has just been opened. `agreed` comes from the
    /// [handshake](crate::ServerHandshake).
    pub const fn server(agreed: Agreed) -> Self {
        Self::new(Server, agreed)
    }
}

impl<F: FnMut() -> [u8; MASKING_KEY_LEN]> Connection<Client<F>> {
    /// The client's end of a connection that has just been opened. `agreed` comes from the
    /// [handshake](crate::ClientHandshake). Each frame that is sent asks `next_key` for its masking
    /// key.
    ///
    /// > The masking key needs to be unpredictable; thus, the masking key MUST be derived from a
    /// > strong source of entropy [...] (section 5.3)
    pub const fn client(agreed: Agreed, next_key: F) -> Self {
        Self::new(Client::new(next_key), agreed)
    }
}

impl<R> Connection<R> {
    const fn new(role: R, agreed: Agreed) -> Self {
        Self {
            role,
            agreed,
            next: Next::Header,
            frame: Frame::new(),
            message: None,
            sent: Sent::Message,
            control: Vec::new(),
        }
    }

    /// Uses the state of an [idle](Self::is_idle) connection for another, of which `agreed` comes
    /// from the handshake. Must be idle: what was begun would continue.
    #[inline]
    pub const fn reuse(&mut self, agreed: Agreed) {
        self.agreed = agreed;
    }

    /// What was agreed on in the opening handshake.
    pub const fn agreed(&self) -> Agreed {
        self.agreed
    }

    /// Whether the connection is over: transmit what is ready, then close the transport.
    ///
    /// > After both sending and receiving a Close message, [...] The server MUST close the
    /// > underlying TCP connection immediately; the client SHOULD wait for the server to close the
    /// > connection but MAY close the connection at any time [...] (section 5.5.1)
    ///
    /// So a client waits for that, for as long as it likes.
    pub fn is_done(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// Whether the connection is where it began: between two messages, with
    /// no byte of the next frame read. Nothing has to be kept of it then.
    pub fn is_idle(&self) -> bool {
        !self.is_inside_frame() && self.message.is_none() && self.sent == Sent::Message
    }

    /// Whether the peer has begun a frame that is not whole yet, or one that it has sent is still to be
    /// answered. Between two fragments of a message there is none.
    pub fn is_inside_frame(&self) -> bool {
        !matches!(self.next, Next::Header) || self.frame.is_begun()
    }

    /// Whether a Close frame was made ready, ours or the answer to the peer's.
    pub fn is_closing(&self) -> bool {
        self.sent == Sent::Close
    }
}

impl<R: Role> Connection<R> {
    /// The length of the header of a control frame that is sent.
    const CONTROL_HEADER_LEN: usize = CONTROL_HEADER_LEN + R::SENT_KEY_LEN;

    /// The reason in the peer's Close frame; empty before one has come.
    pub fn close_reason(&self) -> &str {
        if !self.is_done() {
            return "";
        }
        let reason = self.control.get(Self::CONTROL_HEADER_LEN + CODE_LEN..);
        core::str::from_utf8(reason.unwrap_or_default()).unwrap_or_default()
    }

    pub(crate) fn next_event<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Option<Event>, ProtocolError> {
        buffer.release();
        loop {
            let step = match self.next {
                Next::Header => self.receive_header(buffer),
                Next::Payload { plain, is_cut } => self.receive_payload(buffer, plain, is_cut),
                Next::Control => self.receive_control(buffer),
                Next::Ignored => Ok(self.ignore(buffer)),
                Next::Pong { produced } => Ok(self.send_pong(buffer, produced)),
                Next::Close(reason) => return self.answer_or_fail(buffer, reason),
                Next::Nothing => {
                    buffer.discard_received();
                    Ok(Step::Wait)
                }
            };
            match step {
                Ok(Step::Go) => {}
                Ok(Step::Wait) => return Ok(None),
                Ok(Step::Event(event)) => return Ok(Some(event)),
                Err(error) => self.begin_failure(error),
            }
        }
    }

    fn receive_header<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Step, ProtocolError> {
        while let Some(byte) = buffer.read_byte() {
            if self.frame.push::<R>(byte, self.message.is_some())? {
                return Ok(self.begin_payload());
            }
        }
        Ok(Step::Wait)
    }

    fn begin_payload(&mut self) -> Step {
        match self.frame.opcode {
            Opcode::Continuation => {}
            Opcode::Text => self.message = Some(Incoming::Text { held: Vec::new() }),
            Opcode::Binary => self.message = Some(Incoming::Binary),
            Opcode::Pong => {
                self.next = Next::Ignored;
                return Step::Event(Event::Pong);
            }
            opcode @ (Opcode::Ping | Opcode::Close) => {
                // 125 at most.
                let len = self.frame.remaining as u8;
                match opcode {
                    Opcode::Ping => self.begin_answer(Opcode::Pong, len),
                    // Of a Close's payload, the code is sent back.
                    _ => self.begin_answer(Opcode::Close, len.min(CODE_LEN as u8)),
                }
                self.next = Next::Control;
                return Step::Go;
            }
        }
        self.next = Next::Payload {
            plain: 0,
            is_cut: false,
        };
        if self.sent == Sent::Close {
            self.ignore_payload();
        }
        Step::Go
    }

    /// Begins the control frame that is to be sent; its payload is gathered behind the header.
    fn begin_answer(&mut self, opcode: Opcode, len: u8) {
        self.control.clear();
        // There is room for a whole control frame.
        let _ = self.control.extend_from_slice(&encode_control(opcode, len));
        finish_header(&mut self.role, &mut self.control);
    }

    /// Has a Close frame sent that tells what the peer did wrong.
    fn begin_failure(&mut self, error: ProtocolError) {
        let code = error.close_code().get().to_be_bytes();
        self.begin_answer(Opcode::Close, code.len() as u8);
        let _ = self.control.extend_from_slice(&code);
        self.next = Next::Close(Err(error));
    }

    /// Unmasks and checks the received part of a data frame's payload, and hands it out unless the
    /// buffer can hold it until the frame is complete.
    fn receive_payload<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        plain: usize,
        is_cut: bool,
    ) -> Result<Step, ProtocolError> {
        let Some(masked_len) = buffer.received_len().checked_sub(plain) else {
            // A driver has cleared the buffer in the middle of a frame.
            return Ok(Step::Wait);
        };
        let masked_len = self.frame.available(masked_len);
        if masked_len == 0 && self.frame.remaining > 0 {
            return Ok(Step::Wait);
        }
        // The start of a character that the piece before could not end with.
        let held = match &self.message {
            Some(message) if plain == 0 => message.held(),
            _ => &[],
        };
        let masked_start = plain + held.len();
        let len = masked_start + masked_len;
        if buffer.gap() < encoded_len(len) + R::SENT_KEY_LEN + held.len() {
            return Ok(Step::Wait);
        }
        buffer.unread(held);
        let received = buffer.received_mut();
        let masked = received.get_mut(masked_start..).unwrap_or_default();
        self.frame.unmask::<R>(masked);
        if let Some(Incoming::Text { held }) = &mut self.message {
            // The incomplete character is checked again, with the received part of its rest.
            let unchecked = masked_start - held.len()..len;
            let begun = utf8::begun(received.get(unchecked).unwrap_or_default())?;
            held.clear();
            // An incomplete character fits.
            let _ = held.extend_from_slice(begun);
        }
        if !is_cut && self.frame.remaining > 0 && buffer.holds(len, self.frame.remaining) {
            self.next = Next::Payload { plain: len, is_cut };
            return Ok(Step::Wait);
        }
        self.hand_out(buffer, len)
    }

    /// Hands out `plain` bytes, less an incomplete character at their end.
    fn hand_out<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        plain: usize,
    ) -> Result<Step, ProtocolError> {
        let ends_frame = self.frame.remaining == 0;
        let ends_message = ends_frame && self.frame.fin == Fin::Last;
        let (kind, held_len) = match &self.message {
            Some(message) => (message.kind(), message.held().len()),
            None => (Kind::Binary, 0),
        };
        // > When an endpoint [...] finds that the byte stream is not, in fact, a valid UTF-8
        // > stream, that endpoint MUST _Fail the WebSocket Connection_. (section 8.1)
        if ends_message && held_len > 0 {
            return Err(ProtocolError::InvalidText);
        }
        let len = plain - held_len;
        let span = buffer.lend(len, plain);
        if ends_message {
            self.message = None;
        }
        if ends_frame {
            self.next = Next::Header;
        } else {
            self.next = Next::Payload {
                plain: 0,
                is_cut: true,
            };
            if len == 0 {
                return Ok(Step::Wait);
            }
        }
        Ok(Step::Event(Event::Data(Chunk {
            kind,
            fin: if ends_message { Fin::Last } else { Fin::More },
            span,
        })))
    }

    fn receive_control<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Step, ProtocolError> {
        let payload = self.frame.unmask::<R>(buffer.received_mut());
        // A control frame's payload was found to fit when its header was decoded.
        let _ = self.control.extend_from_slice(payload);
        let come = payload.len();
        buffer.skip(come);
        let missing = self.frame.remaining;
        // A Close that breaks a rule fails before all of it has come.
        let next = if self.frame.opcode == Opcode::Close {
            let payload = self.control.get(Self::CONTROL_HEADER_LEN..);
            let payload = payload.unwrap_or_default();
            Next::Close(Ok(close::decode(payload, missing)?))
        } else {
            Next::Pong { produced: 0 }
        };
        if missing > 0 {
            return Ok(Step::Wait);
        }
        if let Next::Pong { .. } = next {
            self.masked_control(self.control.len());
        }
        self.next = next;
        Ok(Step::Go)
    }

    fn ignore<S: Storage>(&mut self, buffer: &mut Buffer<S>) -> Step {
        let come = self.frame.unmask::<R>(buffer.received_mut()).len();
        buffer.skip(come);
        if self.frame.remaining > 0 {
            return Step::Wait;
        }
        self.next = Next::Header;
        Step::Go
    }

    /// Turns the rest of a data frame's payload into one that is not looked at.
    fn ignore_payload(&mut self) {
        let Next::Payload { plain, .. } = self.next else {
            return;
        };
        if self.frame.fin == Fin::Last {
            self.message = None;
        }
        self.frame.remaining = self.frame.remaining.saturating_add(plain as u64);
        self.next = Next::Ignored;
    }
}
