//! What is written to the client, and what follows when that was sent.

use std::time::Instant;

use ws_echo_core::{Buffer, CloseCode};

use super::memory::Short;
use super::outbox::{Content, First, Step};
use super::pace::Cut;
use super::{Outcome, Performance, Stage, Surroundings};
use crate::serve::behaviour::{After, TransportEnd};

/// More than the longest control frame, and than the core leaves free behind it.
const CLOSE_BUFFER_LEN: usize = 256;

/// What the driver must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Wait for what happens next.
    Wait,
    /// Write so many of the bytes that were made, and [report](Performance::wrote) it.
    Write(usize),
    /// Shut our side of the transport, and go on.
    Shut,
    /// End the connection: shut our side, and then receive until the client shuts its own.
    Finish,
    /// Reset the connection.
    Reset,
}

impl Performance {
    /// What must be done now. Bytes to write are put into `bytes`.
    pub(crate) fn next(
        &mut self,
        bytes: &mut Vec<u8>,
        around: &mut Surroundings<'_>,
    ) -> Result<Action, Short> {
        loop {
            let first = self.outbox.first(around.now, &mut self.memory, around.pool);
            self.cut = match first {
                First::Nothing | First::Later => return Ok(Action::Wait),
                First::Response => Cut {
                    segment_len: self.behaviour.handshake.piece_len,
                    rate: None,
                },
                First::Frames => Cut {
                    segment_len: self.behaviour.messages.segment_len,
                    rate: self.behaviour.messages.rate,
                },
                First::Step(step) => match self.take_step(step, around)? {
                    None => continue,
                    Some(action) => return Ok(action),
                },
            };
            if !self.pace.allows(around.now) {
                return Ok(Action::Wait);
            }
            let len = self.cut.write_len();
            let memory = &mut self.memory;
            self.outbox
                .make(len, around.now, bytes, memory, around.pool);
            return Ok(Action::Write(len.min(bytes.len())));
        }
    }

    /// Reports how many of the bytes to write the client has taken; `None` if it takes none now.
    pub(crate) fn wrote(
        &mut self,
        taken: Option<usize>,
        bytes: &[u8],
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        let len = taken.unwrap_or(0).min(bytes.len());
        let rest = bytes.get(len..).unwrap_or_default();
        self.outbox.put_back(rest, &mut self.memory, around.pool)?;
        self.sent = self.sent + self.outbox.take_sent();
        if len > 0 {
            self.pace.spend(len, self.cut, around.now);
            self.timers.blocked_since = None;
        }
        if taken.is_none() && self.timers.blocked_since.is_none() {
            self.timers.blocked_since = Some(around.now);
        }
        Ok(())
    }

    /// When something more can be written; `None` if that depends on the client.
    pub(super) fn next_sending(&self, now: Instant) -> Option<Instant> {
        if self.timers.blocked_since.is_some() || self.outbox.is_empty() {
            return None;
        }
        let due = self.outbox.due().into_iter();
        Some(due.chain(self.pace.next()).max().unwrap_or(now))
    }

    /// Does what comes after all that was sent.
    fn take_step(
        &mut self,
        step: Step,
        around: &mut Surroundings<'_>,
    ) -> Result<Option<Action>, Short> {
        match step {
            Step::Begin => self.begin(around.now),
            Step::Close(code, reason) => self.close(code, &reason, around)?,
            Step::AwaitClose => self.timers.close = Some(around.now + around.limits.close),
            Step::End(end) => return Ok(self.end_transport(end, around)),
            Step::Finish => return Ok(Some(Action::Finish)),
        }
        Ok(None)
    }

    /// The greeting was sent: what happens by time begins.
    fn begin(&mut self, now: Instant) {
        self.has_begun = true;
        if self.stage == Stage::Echoing
            && let After::Time(time) = self.behaviour.after
        {
            self.timers.after = Some(now + time);
        }
        // What would come by time comes after an end that follows the greeting.
        if self.stage != Stage::Ending || self.behaviour.after != After::Messages(0) {
            self.begin_timers(now);
        }
    }

    /// Sends a Close. After it no message is sent.
    fn close(
        &mut self,
        code: CloseCode,
        reason: &str,
        around: &mut Surroundings<'_>,
    ) -> Result<(), Short> {
        // The client was faster.
        if self.connection.is_closing() {
            return Ok(());
        }
        // Nothing is begun, so there is room for each Close.
        let mut buffer = Buffer::for_pieces([0; CLOSE_BUFFER_LEN]);
        let _ = self.connection.exchange(&mut buffer).close(code, reason);
        self.outbox.keep_end(&mut self.memory, around.pool);
        self.stage = Stage::Closing;
        self.stop_timers();
        let memory = &mut self.memory;
        self.close_code = Some(code);
        let await_close = Content::Step(Step::AwaitClose);
        self.outbox.push_front(await_close, memory, around.pool)?;
        let close = Content::Frames(buffer.ready().to_vec());
        self.outbox.push_front(close, memory, around.pool)
    }

    fn end_transport(
        &mut self,
        end: TransportEnd,
        around: &mut Surroundings<'_>,
    ) -> Option<Action> {
        self.timers.close = None;
        self.outbox.clear(&mut self.memory, around.pool);
        self.stop_timers();
        self.stage = Stage::Silent;
        self.outcome = Some(Outcome::AsAsked(self.close_code, end));
        match end {
            TransportEnd::Fin => Some(Action::Finish),
            TransportEnd::Reset => Some(Action::Reset),
            TransportEnd::Half => Some(Action::Shut),
            TransportEnd::Hang => None,
        }
    }
}
