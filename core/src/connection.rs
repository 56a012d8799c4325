//! The state of an open connection: what the next received byte is, and what it leads to
//! (RFC 6455 sections 5.4, 5.5, 6 and 7). How bytes look is in `frame`, `mask`, `utf8`, `close`.

mod sending;

use heapless::Vec;

use crate::buffer::{Buffer, Storage};
use crate::close::{self, CloseCode};
use crate::error::ProtocolError;
use crate::event::{Chunk, Event, Kind};
use crate::frame::{Fin, First, Header, MAX_CONTROL_LEN, Opcode, encoded_len};
use crate::mask::MaskingKey;
use crate::utf8::Utf8;

/// An open WebSocket connection, seen from the server.
///
/// It owns no buffer: a driver lends it one for as long as there are bytes.
#[derive(Clone, Debug)]
pub struct Connection {
    next: Next,
    message: Incoming,
    sent: Sent,
    /// While `next` is `Header`: the part of a cut header. Otherwise: a control frame's payload.
    gathered: Vec<u8, MAX_CONTROL_LEN, u8>,
}

/// What the next received byte is, or what has to be made ready before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A frame's header.
    Header,
    /// The payload of a data frame.
    Payload(Payload),
    /// The payload of a control frame, to be gathered.
    Control(Control),
    /// Payload that nobody asks for: a Pong's, or a message's after our Close.
    Ignored { remaining: u64 },
    /// A Pong is made ready, `produced` bytes of it so far.
    Pong { produced: u8 },
    /// The peer's Close has come and has to be answered.
    Close(Option<CloseCode>),
    /// The connection has to be failed.
    Failure(ProtocolError),
    /// Bytes that are forgotten.
    Nothing,
}

/// Where the payload of a Ping or a Close stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Control {
    opcode: Opcode,
    key: MaskingKey,
    /// How many bytes of the payload have not come.
    remaining: u8,
}

/// Where a data frame's payload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Payload {
    fin: Fin,
    key: MaskingKey,
    /// How many bytes at the start of what was received are unmasked and checked already.
    plain: usize,
    /// How many bytes of the payload follow those.
    remaining: u64,
    /// Whether the frame did not fit the buffer, and is handed out in pieces.
    is_cut: bool,
}

/// The message whose frames are being received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Incoming {
    None,
    Text(Utf8),
    Binary,
}

/// What was sent last, other than pings and pongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// Nothing, or a frame with FIN set.
    Message,
    /// A fragment that others must follow.
    Fragment,
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
    /// A connection whose opening handshake has just been answered by us.
    pub const fn server() -> Self {
        Self {
            next: Next::Header,
            message: Incoming::None,
            sent: Sent::Message,
            gathered: Vec::new(),
        }
    }

    /// Whether the connection is over: transmit what is ready, then close the transport.
    ///
    /// > After both sending and receiving a Close message, [...] The server MUST close the
    /// > underlying TCP connection immediately; [...] (section 5.5.1)
    pub fn is_done(&self) -> bool {
        self.next == Next::Nothing
    }

    /// Whether a Close frame was made ready, ours or the answer to the peer's.
    pub fn is_closing(&self) -> bool {
        self.sent == Sent::Close
    }

    /// The reason in the peer's Close frame; empty before one has come.
    pub fn close_reason(&self) -> &str {
        if !self.is_done() {
            return "";
        }
        let reason = self.gathered.get(2..).unwrap_or_default();
        core::str::from_utf8(reason).unwrap_or_default()
    }

    pub(crate) fn next_event<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Option<Event>, ProtocolError> {
        buffer.release();
        loop {
            let step = match self.next {
                Next::Header => self.receive_header(buffer),
                Next::Payload(payload) => self.receive_payload(buffer, payload),
                Next::Control(control) => self.receive_control(buffer, control),
                Next::Ignored { remaining } => Ok(self.ignore(buffer, remaining)),
                Next::Pong { produced } => Ok(self.send_pong(buffer, produced)),
                Next::Close(code) => Ok(self.answer_close(buffer, code)),
                Next::Failure(error) => return self.fail(buffer, error),
                Next::Nothing => {
                    buffer.discard_received();
                    Ok(Step::Wait)
                }
            };
            match step {
                Ok(Step::Go) => {}
                Ok(Step::Wait) => return Ok(None),
                Ok(Step::Event(event)) => return Ok(Some(event)),
                Err(error) => {
                    self.gathered.clear();
                    self.next = Next::Failure(error);
                }
            }
        }
    }

    fn receive_header<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Step, ProtocolError> {
        if self.gathered.is_empty()
            && let Some((header, rest)) = self.decode_header(buffer.received())?
        {
            buffer.skip(buffer.received().len() - rest.len());
            return Ok(self.begin_frame(header));
        }
        while let Some(byte) = buffer.next_byte() {
            if self.gathered.push(byte).is_err() {
                break;
            }
            if let Some((header, _)) = self.decode_header(&self.gathered)? {
                self.gathered.clear();
                return Ok(self.begin_frame(header));
            }
        }
        Ok(Step::Wait)
    }

    /// The header at the start of `bytes`, and what follows it; `None` while it is cut.
    fn decode_header<'b>(
        &self,
        bytes: &'b [u8],
    ) -> Result<Option<(Header, &'b [u8])>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let first = First::decode(first)?;
        // > The fragments of one message MUST NOT be interleaved between the fragments of another
        // > message unless an extension has been negotiated [...] (section 5.4)
        match (first.opcode, self.message) {
            (Opcode::Continuation, Incoming::None) => Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Text | Opcode::Binary, Incoming::Text(_) | Incoming::Binary) => {
                Err(ProtocolError::UnexpectedMessage)
            }
            _ => Header::decode(first, rest),
        }
    }

    fn begin_frame(&mut self, header: Header) -> Step {
        let Header { first, len, key } = header;
        match first.opcode {
            Opcode::Continuation => {}
            Opcode::Text => self.message = Incoming::Text(Utf8::default()),
            Opcode::Binary => self.message = Incoming::Binary,
            Opcode::Pong => {
                self.next = Next::Ignored { remaining: len };
                return Step::Event(Event::Pong);
            }
            opcode @ (Opcode::Ping | Opcode::Close) => {
                self.next = Next::Control(Control {
                    opcode,
                    key,
                    remaining: len as u8,
                });
                return Step::Go;
            }
        }
        self.next = Next::Payload(Payload {
            fin: first.fin,
            key,
            plain: 0,
            remaining: len,
            is_cut: false,
        });
        if self.sent == Sent::Close {
            self.ignore_payload();
        }
        Step::Go
    }

    /// Unmasks and checks what has come of a data frame's payload, and hands it out unless the
    /// buffer can hold it until the frame is whole.
    fn receive_payload<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        mut payload: Payload,
    ) -> Result<Step, ProtocolError> {
        let come = buffer.received().len().saturating_sub(payload.plain);
        let come = payload.remaining.min(come as u64) as usize;
        if come == 0 && payload.remaining > 0 {
            return Ok(Step::Wait);
        }
        let held = match &self.message {
            Incoming::Text(text) if payload.plain == 0 => text.held(),
            _ => &[],
        };
        let here = payload.plain.saturating_add(held.len() + come);
        if buffer.gap() < encoded_len(here) + held.len() {
            return Ok(Step::Wait);
        }
        buffer.unread(held);
        let unseen = payload.plain + held.len()..here;
        let unseen = buffer.received_mut().get_mut(unseen).unwrap_or_default();
        payload.key.apply(unseen);
        if let Incoming::Text(text) = &mut self.message {
            text.check(unseen)?;
        }
        payload.plain = here;
        payload.remaining -= come as u64;
        let frame_len = payload.remaining.saturating_add(here as u64);
        if payload.remaining > 0 && !payload.is_cut && buffer.holds(frame_len) {
            self.next = Next::Payload(payload);
            return Ok(Step::Wait);
        }
        self.hand_out(buffer, payload)
    }

    /// Hands out what is plain, less the beginning of a character at its end.
    fn hand_out<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        payload: Payload,
    ) -> Result<Step, ProtocolError> {
        let (kind, begun) = match &self.message {
            Incoming::Text(text) => (Kind::Text, text.held().len()),
            Incoming::Binary | Incoming::None => (Kind::Binary, 0),
        };
        let ends_frame = payload.remaining == 0;
        let ends_message = ends_frame && payload.fin == Fin::Last;
        // > When an endpoint [...] finds that the byte stream is not, in fact, a valid UTF-8
        // > stream, that endpoint MUST _Fail the WebSocket Connection_. (section 8.1)
        if ends_message && begun > 0 {
            return Err(ProtocolError::InvalidText);
        }
        let loan = buffer.lend(payload.plain.saturating_sub(begun), begun);
        self.next = if ends_frame {
            Next::Header
        } else {
            Next::Payload(Payload {
                plain: 0,
                is_cut: true,
                ..payload
            })
        };
        if ends_message {
            self.message = Incoming::None;
        }
        if loan.len() == 0 && !ends_frame {
            buffer.release();
            return Ok(Step::Wait);
        }
        Ok(Step::Event(Event::Data(Chunk {
            kind,
            ends_message,
            loan,
        })))
    }

    fn receive_control<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        mut control: Control,
    ) -> Result<Step, ProtocolError> {
        let come = buffer.received().len().min(control.remaining.into());
        let payload = buffer.received_mut().get_mut(..come).unwrap_or_default();
        control.key.apply(payload);
        // A control frame's payload was found to fit when its header was decoded.
        let _ = self.gathered.extend_from_slice(payload);
        buffer.skip(come);
        control.remaining -= come as u8;
        let code = match control.opcode {
            Opcode::Close => close::decode(&self.gathered, control.remaining)?,
            _ => None,
        };
        if control.remaining > 0 {
            self.next = Next::Control(control);
            return Ok(Step::Wait);
        }
        self.next = match control.opcode {
            Opcode::Ping => Next::Pong { produced: 0 },
            _ => Next::Close(code),
        };
        Ok(Step::Go)
    }

    fn ignore<S: Storage>(&mut self, buffer: &mut Buffer<S>, remaining: u64) -> Step {
        let come = remaining.min(buffer.received().len() as u64);
        buffer.skip(come as usize);
        if come < remaining {
            self.next = Next::Ignored {
                remaining: remaining - come,
            };
            return Step::Wait;
        }
        self.next = Next::Header;
        Step::Go
    }

    /// Turns the rest of a data frame's payload into one that is not looked at.
    fn ignore_payload(&mut self) {
        let Next::Payload(payload) = self.next else {
            return;
        };
        if payload.fin == Fin::Last {
            self.message = Incoming::None;
        }
        self.next = Next::Ignored {
            remaining: payload.remaining.saturating_add(payload.plain as u64),
        };
    }
}
