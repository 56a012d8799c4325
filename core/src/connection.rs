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
    /// How many bytes of its payload are unmasked and checked, and still stand in the buffer at the
    /// start of what was received.
    plain: usize,
    /// Whether it is handed out in pieces: it does not fit the buffer, or nothing may stay there.
    is_cut: bool,
    /// The message whose frames are being received.
    message: Option<Kind>,
    /// The first bytes of the character that is begun and not whole where the text has come to.
    held: Vec<u8, MAX_HELD, u8>,
    sent: Sent,
    /// The control frame that is to be sent; behind a Close, the reason in the peer's.
    control: Vec<u8, { CONTROL_HEADER_LEN + MASKING_KEY_LEN + MAX_CONTROL_LEN }, u8>,
}

/// What the next received byte is, or what has to be made ready before it is looked at.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A frame's header.
    Header,
    /// The payload of a data frame.
    Payload,
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
            plain: 0,
            is_cut: false,
            message: None,
            held: Vec::new(),
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
                Next::Payload => self.receive_payload(buffer),
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
            Opcode::Text => self.message = Some(Kind::Text),
            Opcode::Binary => self.message = Some(Kind::Binary),
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
        self.plain = 0;
        self.is_cut = false;
        self.next = Next::Payload;
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

    /// Unmasks and checks what has come of a data frame's payload, and hands it out unless the
    /// buffer can hold it until the frame is whole.
    fn receive_payload<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Step, ProtocolError> {
        let Some(come) = buffer.received_len().checked_sub(self.plain) else {
            // A driver has cleared the buffer in the middle of a frame.
            return Ok(Step::Wait);
        };
        let come = self.frame.available(come);
        if come == 0 && self.frame.remaining > 0 {
            return Ok(Step::Wait);
        }
        let held = if self.plain == 0 { &self.held[..] } else { &[] };
        let here = self.plain + held.len() + come;
        if buffer.gap() < encoded_len(here) + R::SENT_KEY_LEN + held.len() {
            return Ok(Step::Wait);
        }
        buffer.unread(held);
        self.plain += held.len();
        let received = buffer.received_mut();
        let masked = received.get_mut(self.plain..).unwrap_or_default();
        self.frame.unmask::<R>(masked);
        if self.message == Some(Kind::Text) {
            // The begun character is looked at again, with what has come of its rest.
            let unchecked = self.plain - self.held.len()..here;
            let begun = utf8::begun(received.get(unchecked).unwrap_or_default())?;
            self.held.clear();
            // What is begun and not whole is shorter than a character.
            let _ = self.held.extend_from_slice(begun);
        }
        self.plain = here;
        if !self.is_cut && self.frame.remaining > 0 && buffer.holds(here, self.frame.remaining) {
            return Ok(Step::Wait);
        }
        self.hand_out(buffer)
    }

    /// Hands out what is plain, less the beginning of a character at its end.
    fn hand_out<S: Storage>(&mut self, buffer: &mut Buffer<S>) -> Result<Step, ProtocolError> {
        let ends_frame = self.frame.remaining == 0;
        let ends_message = ends_frame && self.frame.fin == Fin::Last;
        // > When an endpoint [...] finds that the byte stream is not, in fact, a valid UTF-8
        // > stream, that endpoint MUST _Fail the WebSocket Connection_. (section 8.1)
        if ends_message && !self.held.is_empty() {
            return Err(ProtocolError::InvalidText);
        }
        let len = self.plain - self.held.len();
        let span = buffer.lend(len, self.plain);
        let kind = self.message.unwrap_or(Kind::Binary);
        self.plain = 0;
        self.is_cut = true;
        if ends_message {
            self.message = None;
        }
        if ends_frame {
            self.next = Next::Header;
        } else if len == 0 {
            return Ok(Step::Wait);
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
        if !matches!(self.next, Next::Payload) {
            return;
        }
        if self.frame.fin == Fin::Last {
            self.message = None;
        }
        self.frame.remaining = self.frame.remaining.saturating_add(self.plain as u64);
        self.next = Next::Ignored;
    }
}
