//! What an open connection sends: echoes, the answers that the protocol requires, and frames of the
//! application (RFC 6455 sections 5.5, 5.6 and 7.1).

use super::{Connection, Next, Sent};
use crate::buffer::{Buffer, HEADROOM};
use crate::connection::echoed::{CompressedMessages, Echoed};
use crate::connection::event::{Chunk, Event, Kind, Message};
use crate::connection::fast_echo;
use crate::connection::send_error::SendError;
use crate::frame::close::{CODE_LEN, CloseCode};
use crate::frame::error::ProtocolError;
use crate::frame::header::{encode, encoded_len, max_payload_len};
use crate::frame::layout::{Fin, MAX_CONTROL_LEN, MAX_UNMASKED_LEN, Opcode, RSV1};
use crate::frame::role::{Role, finish_header, mask};
use crate::storage::Storage;

impl Connection {
    pub(crate) fn echo_whole_messages<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        compressed: CompressedMessages,
    ) -> Echoed {
        buffer.release();
        if !self.is_idle() {
            return Echoed::new(0, false, 0);
        }
        let ignored = match compressed {
            CompressedMessages::Echo if self.agreed.deflate.is_some() => RSV1,
            _ => 0,
        };
        let mut window = buffer.echo_window();
        let (start, len) = (window.echo_start, window.bytes.len());
        while let Some(echo_len) = fast_echo::echo_next(&mut window, ignored) {
            match echo_len {
                Ok(echo_len) => window.advance(echo_len),
                Err(error) => {
                    self.begin_failure(error.into());
                    break;
                }
            }
        }
        // The window starts where the echoes end.
        let end = len - window.bytes.len();
        let unread = end + window.frame_start;
        let echoed = Echoed::new(window.extended_len, unread == len, window.first_bytes);
        if end > 0 {
            buffer.commit_echoes(start..end, unread);
        }
        echoed
    }
}

impl<R: Role> Connection<R> {
    /// The room that stays free after a frame of the application, in bytes.
    const RESERVE_LEN: usize = match R::SENT_KEY_LEN {
        // A chunk may be lent, and its echo cannot fail.
        0 => MAX_UNMASKED_LEN,
        // The same. A client must also be able to receive while the server does not accept the
        // frame.
        _ => HEADROOM + 1,
    };
    /// The length of a Close frame with a code and no reason.
    const CLOSE_LEN: usize = Self::CONTROL_HEADER_LEN + CODE_LEN;

    pub(crate) fn echo<S: Storage>(&mut self, buffer: &mut Buffer<S>, chunk: Chunk) {
        // > The application MUST NOT send any more data frames after sending a Close frame.
        // > (section 5.5.1)
        // An echo cannot be inside another message either.
        if let Sent::Close | Sent::Own = self.sent {
            return;
        }
        let opcode = self.continued(chunk.opcode);
        let mut header = encode(opcode, chunk.fin, chunk.span.len);
        finish_header(&mut self.role, &mut header);
        mask::<R>(&header, buffer.lent_mut(&chunk.span));
        if buffer.echo_in_place(&header, chunk.span) {
            self.sent = match chunk.fin {
                Fin::Last => Sent::Message,
                Fin::More => Sent::Echo,
            };
        }
    }

    pub(crate) fn send<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        message: Message<'_>,
    ) -> Result<(), SendError> {
        if self.sent == Sent::Own {
            return Err(SendError::InsideMessage);
        }
        self.send_fragment(buffer, message, Fin::Last)
    }

    pub(crate) fn send_fragment<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        fragment: Message<'_>,
        fin: Fin,
    ) -> Result<(), SendError> {
        let (opcode, payload) = fragment.encode();
        self.send_data(buffer, opcode, payload, fin)
    }

    pub(crate) fn send_compressed<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        kind: Kind,
        payload: &[u8],
        fin: Fin,
    ) -> Result<(), SendError> {
        if self.agreed.deflate.is_none() {
            return Err(SendError::NoCompression);
        }
        self.send_data(buffer, kind.compressed_opcode(), payload, fin)
    }

    /// Sends a fragment of a message with this opcode.
    fn send_data<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        opcode: Opcode,
        payload: &[u8],
        fin: Fin,
    ) -> Result<(), SendError> {
        self.check_open()?;
        self.send_frame(buffer, self.continued(opcode), fin, [payload, &[]])?;
        self.sent = match fin {
            Fin::Last => Sent::Message,
            Fin::More => Sent::Own,
        };
        Ok(())
    }

    pub(crate) fn send_up_to<'m, S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        max_len: usize,
        message: Message<'m>,
    ) -> Result<Option<Message<'m>>, SendError> {
        self.check_open()?;
        let (fragment, rest) = message.split(max_len.min(self.room(buffer)));
        if rest == Some(message) {
            return Ok(rest);
        }
        let fin = if rest.is_some() { Fin::More } else { Fin::Last };
        match self.send_fragment(buffer, fragment, fin) {
            Err(SendError::Full) => Ok(Some(message)),
            sent => sent.map(|()| rest),
        }
    }

    pub(crate) fn room<S: Storage>(&self, buffer: &Buffer<S>) -> usize {
        if self.unsent > 0 || self.check_open().is_err() {
            return 0;
        }
        let taken = R::SENT_KEY_LEN + Self::RESERVE_LEN;
        max_payload_len(buffer.room().saturating_sub(taken))
    }

    /// Whether a fragment may be sent now, if there is room for it.
    fn check_open(&self) -> Result<(), SendError> {
        match self.sent {
            Sent::Echo => Err(SendError::InsideMessage),
            Sent::Close => Err(SendError::Closed),
            Sent::Message | Sent::Own => Ok(()),
        }
    }

    /// The opcode of the next frame of a message with this opcode.
    fn continued(&self, opcode: Opcode) -> Opcode {
        match self.sent {
            Sent::Echo | Sent::Own => Opcode::Continuation,
            Sent::Message | Sent::Close => opcode,
        }
    }

    /// Sends a Ping or a Pong.
    pub(crate) fn send_control<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        opcode: Opcode,
        payload: &[u8],
    ) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL_LEN {
            return Err(SendError::TooLong);
        }
        self.send_frame(buffer, opcode, Fin::Last, [payload, &[]])
    }

    pub(crate) fn close<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        code: CloseCode,
        reason: &str,
    ) -> Result<(), SendError> {
        let code = code.get().to_be_bytes();
        if reason.len() > MAX_CONTROL_LEN - code.len() {
            return Err(SendError::TooLong);
        }
        let parts = [&code, reason.as_bytes()];
        match self.send_frame(buffer, Opcode::Close, Fin::Last, parts) {
            Err(SendError::Full | SendError::BufferTooShort) => self.keep_close(buffer, parts)?,
            sent => sent?,
        }
        self.sent = Sent::Close;
        self.ignore_payload();
        Ok(())
    }

    /// Makes a Close with these parts as its payload ready, as far as there is room, and keeps the
    /// rest.
    fn keep_close<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        parts: [&[u8]; 2],
    ) -> Result<(), SendError> {
        // A Ping, a Pong or the answer to a Close is there.
        if let Next::Control | Next::Pong(_) | Next::Close(_) = self.next {
            return Err(SendError::Full);
        }
        // At most 125.
        let len = parts[0].len() + parts[1].len();
        self.begin_control(Opcode::Close, len as u8);
        for part in &parts {
            let _ = self.control.extend_from_slice(part);
        }
        self.keep_control();
        self.send_kept(buffer);
        Ok(())
    }

    /// Makes a frame ready, with these parts as its payload, or nothing of it.
    fn send_frame<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        opcode: Opcode,
        fin: Fin,
        parts: [&[u8]; 2],
    ) -> Result<(), SendError> {
        if self.sent == Sent::Close {
            return Err(SendError::Closed);
        }
        let len = parts[0].len().saturating_add(parts[1].len());
        let header_len = encoded_len(len) + R::SENT_KEY_LEN;
        let room = len.saturating_add(header_len + Self::RESERVE_LEN);
        if room > buffer.capacity() {
            return Err(SendError::BufferTooShort);
        }
        // A part of a Pong may be ready. The rest must come first.
        if self.unsent > 0 || !buffer.make_gap(room) {
            return Err(SendError::Full);
        }
        let mut header = encode(opcode, fin, len);
        finish_header(&mut self.role, &mut header);
        buffer.append(&header);
        for part in &parts {
            buffer.append(part);
        }
        mask::<R>(&header, buffer.last_ready_mut(len));
        Ok(())
    }

    /// Keeps the complete control frame to send until there is room for it.
    pub(super) fn keep_control(&mut self) {
        self.unsent = self.masked_control(self.control.len()).len() as u8;
    }

    /// Makes the Pong or the Close that is kept ready, as far as there is room.
    ///
    /// > Control frames [...] MAY be injected in the middle of a fragmented message. (section 5.4)
    pub(super) fn send_kept<S: Storage>(&mut self, buffer: &mut Buffer<S>) {
        let start = self.control.len().saturating_sub(self.unsent.into());
        let rest = self.control.get(start..);
        self.unsent -= buffer.append(rest.unwrap_or_default()) as u8;
    }

    /// Makes a Close ready, unless one was sent before, and ends the connection. Does nothing while
    /// there is no room. `reason` is the code in the peer's Close, or what the peer did wrong.
    ///
    /// > If an endpoint receives a Close frame and did not previously send a Close frame, the
    /// > endpoint MUST send a Close frame in response. (section 5.5.1)
    ///
    /// > [...] the endpoint SHOULD send a Close frame with an appropriate status code [...] before
    /// > proceeding to _Close the WebSocket Connection_. (section 7.1.7)
    pub(super) fn answer_or_fail<S: Storage>(
        &mut self,
        buffer: &mut Buffer<S>,
        reason: Result<Option<CloseCode>, ProtocolError>,
    ) -> Result<Option<Event>, ProtocolError> {
        let len = self.control.len().min(Self::CLOSE_LEN);
        if self.sent != Sent::Close {
            if buffer.gap() < len {
                return Ok(None);
            }
            buffer.append(self.masked_control(len));
        }
        self.sent = Sent::Close;
        self.next = Next::Nothing;
        reason.map(|code| Some(Event::Close(code)))
    }

    /// Masks the first `len` bytes of the control frame to send, after its header, or removes the
    /// mask again. Returns them, header included.
    pub(super) fn masked_control(&mut self, len: usize) -> &[u8] {
        let frame = self.control.get_mut(..len).unwrap_or_default();
        if let Some((header, payload)) = frame.split_at_mut_checked(Self::CONTROL_HEADER_LEN) {
            mask::<R>(header, payload);
        }
        frame
    }
}
