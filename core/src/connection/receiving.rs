//! How received bytes change the state of an open connection (RFC 6455 sections 5.4, 5.5, 6.2 and
//! 7). What is sent in reply is in `sending`.

use heapless::Vec;

use super::{Connection, Incoming, Next, Sent, Step};
use crate::buffer::Buffer;
use crate::connection::event::{Chunk, Event};
use crate::frame::close::{self, CODE_LEN};
use crate::frame::error::ProtocolError;
use crate::frame::header::{encode_control, encoded_len};
use crate::frame::layout::{Fin, Opcode};
use crate::frame::role::{Role, finish_header};
use crate::frame::utf8;
use crate::storage::Storage;

impl<R: Role> Connection<R> {
    pub(crate) fn next_event<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
    ) -> Result<Option<Event>, ProtocolError> {
        buffer.release();
        loop {
            if self.unsent > 0 {
                self.send_kept(buffer);
                // What is ignored makes room.
                if self.unsent > 0 && !matches!(self.next, Next::Ignored) {
                    return Ok(None);
                }
            }
            let step = match self.next {
                Next::Header => self.receive_header(buffer),
                Next::Payload { plain, is_cut } => self.receive_payload(buffer, plain, is_cut),
                Next::Control => self.receive_control(buffer),
                Next::Ignored => Ok(self.ignore(buffer)),
                Next::Pong(then) => then.map(|()| self.end_ping()),
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
        let expected = self.expected();
        while let Some(byte) = buffer.read_byte() {
            if self.frame.push::<R>(byte, expected)? {
                self.begin_payload();
                return Ok(Step::Go);
            }
        }
        Ok(Step::Wait)
    }

    fn begin_payload(&mut self) {
        // At most 125 in a control frame.
        let len = self.frame.remaining as u8;
        match self.frame.opcode {
            Opcode::Continuation => {}
            Opcode::Ping => self.begin_control(Opcode::Pong, len),
            Opcode::Pong => self.control.clear(),
            // Of the payload of a Close, only the code is sent back.
            Opcode::Close => self.begin_control(Opcode::Close, len.min(CODE_LEN as u8)),
            opcode => {
                let held = Vec::new();
                self.message = Some(Incoming { opcode, held });
            }
        }
        self.next = if self.frame.opcode.is_control() {
            Next::Control
        } else {
            Next::Payload {
                plain: 0,
                is_cut: false,
            }
        };
        if self.sent == Sent::Close {
            self.ignore_payload();
        }
    }

    /// Begins the control frame to send. Its payload is gathered after the header.
    pub(super) fn begin_control(&mut self, opcode: Opcode, len: u8) {
        self.control.clear();
        // There is room for the longest control frame.
        let _ = self.control.extend_from_slice(&encode_control(opcode, len));
        finish_header(&mut self.role, &mut self.control);
    }

    pub(crate) fn fail<S: Storage>(&mut self, buffer: &mut Buffer<S>, error: ProtocolError) {
        buffer.release();
        match self.next {
            Next::Close(_) => {}
            _ if self.sent == Sent::Close => {}
            Next::Pong(_) => self.next = Next::Pong(Err(error)),
            _ => self.begin_failure(error),
        }
    }

    /// Begins the Close frame that reports what the peer did wrong.
    pub(super) fn begin_failure(&mut self, error: ProtocolError) {
        let code = error.close_code().get().to_be_bytes();
        self.begin_control(Opcode::Close, code.len() as u8);
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
        // The start of a character that the previous piece ended in.
        let held = match &self.message {
            Some(message) if plain == 0 => &message.held[..],
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
        if let Some(Incoming {
            opcode: Opcode::Text,
            held,
        }) = &mut self.message
        {
            // The incomplete character is checked again, with the received part of its rest.
            let unchecked = masked_start - held.len()..len;
            let end = utf8::incomplete_end(received.get(unchecked).unwrap_or_default())?;
            held.clear();
            // An incomplete character fits.
            let _ = held.extend_from_slice(end);
        }
        if !is_cut && self.frame.remaining > 0 && buffer.holds(len, self.frame.remaining) {
            self.next = Next::Payload { plain: len, is_cut };
            return Ok(Step::Wait);
        }
        self.hand_out(buffer, len)
    }

    /// Hands out `plain` bytes, without an incomplete character at their end.
    fn hand_out<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        plain: usize,
    ) -> Result<Step, ProtocolError> {
        let ends_frame = self.frame.remaining == 0;
        let ends_message = ends_frame && self.frame.fin == Fin::Last;
        let (opcode, held_len) = match &self.message {
            Some(message) => (message.opcode, message.held.len()),
            None => (Opcode::Binary, 0),
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
            opcode,
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
        let len = payload.len();
        buffer.skip(len);
        let missing = self.frame.remaining;
        let payload = self.control.get(Self::CONTROL_HEADER_LEN..);
        let payload = payload.unwrap_or_default();
        let next = match self.frame.opcode {
            // A Close that breaks a rule is an error before all of it is received.
            Opcode::Close => Next::Close(Ok(close::decode(payload, missing)?)),
            Opcode::Ping => Next::Pong(Ok(())),
            _ => Next::Header,
        };
        if missing > 0 {
            return Ok(Step::Wait);
        }
        self.next = next;
        match self.frame.opcode {
            Opcode::Pong => return Ok(Step::Event(Event::Pong)),
            // > Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response,
            // > unless it already received a Close frame. (section 5.5.2)
            Opcode::Ping => self.keep_control(),
            _ => {}
        }
        Ok(Step::Go)
    }

    fn ignore<S: Storage>(&mut self, buffer: &mut Buffer<S>) -> Step {
        let len = self.frame.unmask::<R>(buffer.received_mut()).len();
        buffer.skip(len);
        if self.frame.remaining > 0 {
            return Step::Wait;
        }
        self.next = Next::Header;
        Step::Go
    }

    /// Its Pong is ready.
    fn end_ping(&mut self) -> Step {
        // The payload is the Ping's again.
        self.masked_control(self.control.len());
        self.next = Next::Header;
        Step::Event(Event::Ping)
    }

    /// Skips the rest of a data frame's payload.
    pub(super) fn ignore_payload(&mut self) {
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
