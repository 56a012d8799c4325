//! What the client sends, and what follows from it.

use std::mem;
use std::time::Instant;

use ws_echo_core::{Chunk, CloseCode, Event, Kind};

use super::frames::{BINARY, RSV1, TEXT, unasked_pong, violation};
use super::memory::Short;
use super::outbox::{Content, Step};
use super::outgoing::{Fragments, Outgoing};
use super::{LentBuffer, Outcome, Performance, Stage, Surroundings};
use crate::serve::behaviour::{After, CloseAnswer, PongBehaviour, SentKind};

/// The reason in the Close after a message that is too long.
const TOO_LONG: &str = "message is too long";

/// How many bytes a character takes at most that stands for one byte that is no text: U+FFFD.
const REPLACED_LEN: usize = char::REPLACEMENT_CHARACTER.len_utf8();

impl Performance {
    /// Takes all that was received.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut LentBuffer,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let mut received = Ok(());
        // Where there is little room, the core makes an answer in several pieces.
        let mut answer = Vec::new();
        while received.is_ok() && !self.is_deaf() {
            let event = self.connection.exchange(buffer).next_event();
            answer.extend_from_slice(buffer.ready());
            received = match event {
                Ok(None) if buffer.ready().is_empty() => break,
                Ok(None) => Ok(()),
                Ok(Some(Event::Data(chunk))) => self.take_chunk(&chunk, buffer, around),
                Ok(Some(Event::Ping)) => self.answer_ping(mem::take(&mut answer), around),
                Ok(Some(Event::Close(code))) => {
                    let reason = self.connection.close_reason().to_owned();
                    self.answer_close(code, reason, mem::take(&mut answer), around)
                }
                Ok(Some(_)) => Ok(()),
                Err(error) => {
                    let close = mem::take(&mut answer);
                    self.close_and_finish(Outcome::Failed(error), close, around)
                }
            };
            buffer.consume(usize::MAX);
        }
        if received.is_ok() && self.stage == Stage::Echoing && !self.is_paused() {
            received = self.check_announced(buffer, around);
        }
        buffer.clear();
        received
    }

    /// Refuses a message of which a header says that it is too long.
    fn check_announced(
        &mut self,
        buffer: &mut LentBuffer,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let so_far = self.gathering.len() as u64;
        let len = self.connection.remaining_payload().saturating_add(so_far);
        match too_long(len, around) {
            Some(outcome) => self.refuse_message(outcome, buffer, around),
            None => Ok(()),
        }
    }

    /// Whether what is received is thrown away.
    fn is_deaf(&self) -> bool {
        matches!(self.stage, Stage::Refusing | Stage::Silent | Stage::Closed) || self.is_paused()
    }

    /// Takes a piece of a message.
    fn take_chunk(
        &mut self,
        chunk: &Chunk,
        buffer: &mut LentBuffer,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let exchange = self.connection.exchange(buffer);
        let remaining = exchange.remaining_payload();
        let bytes = exchange.bytes(chunk);
        self.received.bytes += bytes.len() as u64;
        if self.stage == Stage::Echoing {
            let so_far = self.gathering.len() + bytes.len();
            let len = remaining.saturating_add(so_far as u64);
            if let Some(outcome) = too_long(len, around) {
                return self.refuse_message(outcome, buffer, around);
            }
            self.gathering
                .push(bytes, remaining, &mut self.memory, around.pool)?;
        }
        if !chunk.ends_message() {
            return Ok(());
        }
        self.received.messages += 1;
        let payload = self.gathering.take(&mut self.memory, around.pool);
        if self.stage == Stage::Echoing {
            let compressed = if chunk.is_compressed() { RSV1 } else { 0 };
            self.take_message(chunk.kind(), compressed, payload, around)?;
        }
        Ok(())
    }

    /// Takes a whole message: sends it back as the behaviour says.
    fn take_message(
        &mut self,
        kind: Kind,
        compressed: u8,
        payload: Vec<u8>,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let number = self.received.messages;
        let messages = &self.behaviour.messages;
        let is_dropped = messages.drop_every > 0 && number.is_multiple_of(messages.drop_every);
        let due = if is_dropped {
            // After the echoes before it.
            let last = self.outbox.last_due();
            last.map_or(around.now, |last| last.max(around.now))
        } else {
            let copies = messages.repeat;
            let due = self.schedule.due(messages, around.now);
            if self.behaviour.unasked.pong == PongBehaviour::Unasked {
                self.queue(due, Content::Frames(unasked_pong()), around)?;
            }
            let (opcode, payload) = self.change(kind, payload, around)?;
            let first = opcode | compressed;
            let message = Outgoing::new(first, payload, copies, self.fragments());
            self.queue(due, Content::Message(message), around)?;
            due
        };
        if self.behaviour.after == After::Messages(number) {
            self.queue_end(Some(due), around)?;
        }
        Ok(())
    }

    /// The opcode and the payload of an echo.
    fn change(
        &mut self,
        kind: Kind,
        mut payload: Vec<u8>,
        around: &mut Surroundings<'_>,
    ) -> Result<(u8, Vec<u8>), Short> {
        let (memory, pool) = (&mut self.memory, &mut *around.pool);
        let messages = &self.behaviour.messages;
        let opcode = match (messages.kind, kind) {
            (SentKind::Text, _) | (SentKind::AsReceived, Kind::Text) => TEXT,
            (SentKind::Binary, _) | (SentKind::AsReceived, Kind::Binary) => BINARY,
        };
        if opcode == TEXT && kind == Kind::Binary && str::from_utf8(&payload).is_err() {
            let len = REPLACED_LEN * payload.len();
            let granted = memory.take(len, pool)?;
            payload = String::from_utf8_lossy(&payload).into_owned().into_bytes();
            drop(granted);
            memory.give_back(len, pool);
        }
        if !messages.prefix.is_empty() {
            let len = messages.prefix.len() + payload.len();
            let granted = memory.take(len, pool)?;
            let mut prefixed = Vec::with_capacity(len);
            prefixed.extend_from_slice(messages.prefix.as_bytes());
            prefixed.append(&mut payload);
            payload = prefixed;
            drop(granted);
            memory.give_back(len, pool);
        }
        Ok((opcode, payload))
    }

    /// How messages are cut into frames.
    pub(super) fn fragments(&self) -> Fragments {
        let messages = &self.behaviour.messages;
        Fragments {
            len: messages.fragment_len,
            cuts_characters: messages.cuts_characters,
        }
    }

    /// Adds something to what waits.
    pub(super) fn queue(
        &mut self,
        due: Instant,
        content: Content,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        self.outbox
            .push(due, content, &mut self.memory, around.pool)
    }

    /// Adds the end that the behaviour asks for; `None` after what is begun. After it messages are
    /// not echoed, unless it is only a violation.
    pub(super) fn queue_end(
        &mut self,
        due: Option<Instant>,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let end = &self.behaviour.end;
        let violation = self.behaviour.violation.map(violation);
        let close = end.close.as_ref().and_then(|close| {
            let code = CloseCode::new(close.code)?;
            Some(Step::Close(code, close.reason.clone()))
        });
        let end = end.transport.map(Step::End);
        if close.is_some() || end.is_some() {
            self.stage = Stage::Ending;
        }
        let violation = violation.map(Content::Frames);
        let steps = [close, end].into_iter().flatten().map(Content::Step);
        for content in violation.into_iter().chain(steps) {
            let memory = &mut self.memory;
            match due {
                Some(due) => self.outbox.push(due, content, memory, around.pool)?,
                None => {
                    self.outbox.push_fixed(None, content, memory, around.pool)?;
                }
            }
        }
        Ok(())
    }

    fn answer_ping(&mut self, pong: Vec<u8>, around: &mut Surroundings<'_>) -> Result<(), Short> {
        if self.behaviour.unasked.pong == PongBehaviour::None {
            return Ok(());
        }
        self.queue(around.now, Content::Frames(pong), around)
    }

    /// The client has sent a Close, which is an answer to ours or must be answered.
    fn answer_close(
        &mut self,
        code: Option<CloseCode>,
        reason: String,
        close: Vec<u8>,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let outcome = match self.close_code {
            Some(code) => Outcome::Closed(code),
            None => Outcome::ClosedByClient(code, reason),
        };
        let answer = match self.close_code {
            Some(_) => CloseAnswer::AtOnce,
            None => self.behaviour.end.close_answer,
        };
        match answer {
            CloseAnswer::AtOnce => self.close_and_finish(outcome, close, around),
            CloseAnswer::Late(time) => {
                self.stage = Stage::Closed;
                self.outcome.get_or_insert(outcome);
                self.finish_with(close, around.now + time, around)
            }
            CloseAnswer::Never => {
                self.stage = Stage::Closed;
                self.outcome.get_or_insert(outcome);
                Ok(())
            }
        }
    }

    /// Refuses a message that is too long.
    ///
    /// > 1009 indicates that an endpoint is terminating the connection because it has received a
    /// > message that is too big for it to process. (RFC 6455 section 7.4.1)
    fn refuse_message(
        &mut self,
        outcome: Outcome,
        buffer: &mut LentBuffer,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        buffer.discard_received();
        let mut exchange = self.connection.exchange(buffer);
        // Nothing is ready, so there is room.
        let _ = exchange.close(CloseCode::MESSAGE_TOO_BIG, TOO_LONG);
        self.close_and_finish(outcome, buffer.ready().to_vec(), around)
    }

    /// Sends this Close, if there is one, after what is due, and ends the connection.
    fn close_and_finish(
        &mut self,
        outcome: Outcome,
        close: Vec<u8>,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        self.stage = Stage::Closed;
        self.timers.close = None;
        self.stop_timers();
        self.outcome.get_or_insert(outcome);
        self.finish_with(close, around.now, around)
    }

    /// Sends these bytes and ends the connection, both when it is time.
    fn finish_with(
        &mut self,
        bytes: Vec<u8>,
        due: Instant,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        if !bytes.is_empty() {
            self.queue(due, Content::Frames(bytes), around)?;
        }
        self.queue(due, Content::Step(Step::Finish), around)
    }
}

/// Why a message of this length is refused, if it is.
fn too_long(len: u64, around: &Surroundings<'_>) -> Option<Outcome> {
    let limits = &around.limits;
    if len > limits.message_len {
        return Some(Outcome::TooLong(limits.message_len));
    }
    let held_len = limits.held_len as u64;
    (len > held_len).then_some(Outcome::TooLongToHold(held_len))
}
