//! What the server sends on an open connection: messages are shown, and a Close is its end.

use ws_echo_core::{Chunk, CloseCode, Event};

use super::Conversation;
use super::state::ConnectionState;
use crate::chat::compression::InflateError;
use crate::chat::end_reason::EndReason;
use crate::chat::event::{ChatEvent, Side};
use crate::chat::user::ReceivedPiece;
use crate::time::Time;

impl Conversation<'_, '_> {
    /// Takes what was received, and shows it.
    pub(super) fn take_events(&mut self) -> Result<(), EndReason> {
        let taken = self.take_each_event();
        if self.view_error.is_none() {
            self.view_error = self.user.view.flush().err();
        }
        taken
    }

    fn take_each_event(&mut self) -> Result<(), EndReason> {
        while self.take_event()? {}
        Ok(())
    }

    /// Takes the next event; `false` if there is none yet.
    fn take_event(&mut self) -> Result<bool, EndReason> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        let Some(event) = exchange.next_event().map_err(EndReason::Protocol)? else {
            return Ok(false);
        };
        match event {
            Event::Data(chunk) => return self.take_chunk(&chunk),
            Event::Ping => {
                let payload = exchange.control_payload().to_owned();
                self.happened(&ChatEvent::Ping(&payload));
            }
            Event::Pong => {
                let payload = exchange.control_payload().to_owned();
                self.happened(&ChatEvent::Pong(&payload));
                self.note_pong();
            }
            Event::Close(code) => {
                let reason = exchange.close_reason().to_owned();
                self.happened(&ChatEvent::Close(Side::Server, code, &reason));
                return Err(self.closed(code, reason));
            }
            _ => {}
        }
        Ok(true)
    }

    /// Takes a piece of a message; `false` if there is no room for the Close frame that it needs.
    fn take_chunk(&mut self, chunk: &Chunk) -> Result<bool, EndReason> {
        let mut exchange = self.connection.exchange(&mut self.stream.buffer);
        let piece = ReceivedPiece {
            kind: chunk.kind(),
            bytes: exchange.bytes(chunk),
            fin: chunk.fin(),
        };
        let mut show = |piece: ReceivedPiece<'_>| {
            if self.replies.received(piece) {
                self.state.extend_draining(self.wait);
            }
            if self.view_error.is_none() {
                let view = &mut *self.user.view;
                self.view_error = self.inbox.receive(piece, view).err();
            }
        };
        let shown = match &mut self.compression {
            Some(compression) if chunk.is_compressed() => compression.inflate(piece, show),
            _ => {
                show(piece);
                Ok(())
            }
        };
        match shown {
            Ok(()) => Ok(true),
            Err(InflateError::Invalid(error)) => {
                exchange.fail(error);
                Ok(true)
            }
            Err(InflateError::TooLong(reason)) => {
                self.close(CloseCode::MESSAGE_TOO_BIG, "", Some(reason))
            }
        }
    }

    fn note_pong(&mut self) {
        if let Some(sent) = self.pings.pop_front() {
            let time = Time::from(sent.elapsed());
            self.user.view.note(&format_args!("pong after {time}"));
        }
    }

    /// The end of the connection by the server's Close frame.
    fn closed(&mut self, code: Option<CloseCode>, reason: String) -> EndReason {
        match &mut self.state {
            ConnectionState::Closing { because, .. } if because.is_some() => {
                EndReason::LocalError(because.take().unwrap_or_default())
            }
            // An empty Close frame is an answer, too.
            ConnectionState::Closing { code: own, .. } => {
                EndReason::Closed(code.or(Some(*own)), reason)
            }
            _ => EndReason::Closed(code, reason),
        }
    }
}
