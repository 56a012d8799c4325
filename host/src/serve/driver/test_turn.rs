//! The turns of clients on the test path: their performances say what is written, and when.

use std::io::ErrorKind;
use std::mem;
use std::time::Instant;

use super::Driver;
use crate::serve::behaviour::performance::ending::Cause;
use crate::serve::behaviour::performance::sending::Action;
use crate::serve::behaviour::performance::{Dropped, Scratch};
use crate::serve::client::Shared;
use crate::serve::deadline::Next;
use crate::serve::pool::HeapBuffer;
use crate::serve::transport::{Readiness, Transport};

/// How much of what was received behind a request is passed on at once: there is room for more.
const PIECE_LEN: usize = 4 * 1024;
/// How often is written in a turn, at most.
const WRITES_MAX: usize = 16;
/// After how many bytes the next write is in another turn: others wait for the end of this one.
const WRITTEN_MAX: usize = 64 * 1024;

impl<T: Transport> Driver<T> {
    /// When the client must get a turn, if it is on the test path.
    pub(crate) fn alarm(&self, shared: &Shared) -> Option<Instant> {
        self.client.alarm(shared)
    }

    /// The first turn. What was received behind the request is in `buffer`.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_test(&mut self, buffer: &mut HeapBuffer, shared: &mut Shared) -> Next {
        let received = buffer.received().to_vec();
        buffer.clear();
        self.with_scratch(shared, |client, scratch, shared| {
            for piece in received.chunks(PIECE_LEN) {
                let room = scratch.buffer.spare_mut();
                if let Some(room) = room.get_mut(..piece.len()) {
                    room.copy_from_slice(piece);
                    scratch.buffer.commit(piece.len());
                }
                client.perform_received(scratch, shared)?;
            }
            client.perform(scratch, shared)
        })
    }

    /// Any other turn.
    #[cold]
    #[inline(never)]
    pub(super) fn test_turn(&mut self, shared: &mut Shared) -> Next {
        self.with_scratch(shared, |client, scratch, shared| {
            client.receive_for_test(scratch, shared)?;
            client.perform(scratch, shared)
        })
    }

    /// The server stops: sends Close if that is possible.
    pub(super) fn stop_test(&mut self, shared: &mut Shared) -> Next {
        let stopped = match self.client.performance() {
            Some(performance) => performance.stop(&mut shared.surroundings()),
            None => Ok(()),
        };
        if let Err(dropped) = stopped {
            return self.lose_test(Cause::Dropped(dropped), shared);
        }
        self.test_turn(shared)
    }

    /// The time of a server that stops is over.
    pub(super) fn drop_test(&mut self, shared: &mut Shared) -> Next {
        self.lose_test(Cause::Dropped(Dropped::CloseTimeout), shared)
    }

    fn lose_test(&mut self, cause: Cause, shared: &mut Shared) -> Next {
        self.client.end_test(cause, &mut shared.journal);
        Next::Close
    }

    /// Lends the worker's memory for one turn.
    fn with_scratch(
        &mut self,
        shared: &mut Shared,
        turn: impl FnOnce(&mut Self, &mut Scratch, &mut Shared) -> Result<Next, Cause>,
    ) -> Next {
        let mut scratch = mem::take(&mut shared.scratch);
        scratch.provide();
        let next = turn(self, &mut scratch, shared);
        shared.scratch = scratch;
        next.unwrap_or_else(|cause| self.lose_test(cause, shared))
    }

    /// Receives once, if the performance wants to.
    fn receive_for_test(
        &mut self,
        scratch: &mut Scratch,
        shared: &mut Shared,
    ) -> Result<(), Cause> {
        if !self.may_receive_for_test(shared) {
            // What waits may wait for an hour, and nothing is read that would show the end.
            let is_left = self.readiness == Readiness::UntilWouldBlock && self.transport.is_left();
            return if is_left {
                Err(Cause::EndOfStream)
            } else {
                Ok(())
            };
        }
        match self.receive(scratch.buffer.spare_mut()) {
            Ok(0) => return Err(Cause::EndOfStream),
            Ok(len) => scratch.buffer.commit(len),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readiness = Readiness::None;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Cause::Lost(error)),
        }
        self.perform_received(scratch, shared)
    }

    /// Passes what was received on.
    fn perform_received(
        &mut self,
        scratch: &mut Scratch,
        shared: &mut Shared,
    ) -> Result<(), Cause> {
        if let Some(performance) = self.client.performance() {
            performance.receive(&mut scratch.buffer, &mut shared.surroundings())?;
        }
        Ok(())
    }

    /// Does what is due.
    fn perform(&mut self, scratch: &mut Scratch, shared: &mut Shared) -> Result<Next, Cause> {
        let mut around = shared.surroundings();
        if let Some(performance) = self.client.performance() {
            performance.check_time(&mut around)?;
        }
        let mut written = 0;
        for _ in 0..WRITES_MAX {
            let Some(performance) = self.client.performance() else {
                break;
            };
            match performance.next(&mut scratch.bytes, &mut around)? {
                Action::Wait => return Ok(self.wait_for_alarm(shared)),
                Action::Write(len) => {
                    let bytes = scratch.bytes.get(..len).unwrap_or_default();
                    let taken = self.write(bytes)?;
                    if let Some(performance) = self.client.performance() {
                        performance.wrote(taken, &scratch.bytes, &mut around)?;
                    }
                    match taken {
                        None => return Ok(self.wait_for_alarm(shared)),
                        Some(len) => written += len,
                    }
                    if written >= WRITTEN_MAX {
                        break;
                    }
                }
                Action::Shut => self.transport.shut()?,
                Action::Finish => {
                    self.client.end_test(Cause::Planned, &mut shared.journal);
                    self.client.drain(shared);
                    return Ok(match self.transport.shut() {
                        Ok(()) => self.next_turn(),
                        Err(_) => Next::Close,
                    });
                }
                Action::Reset => {
                    self.transport.reset()?;
                    return Ok(self.lose_test(Cause::Planned, shared));
                }
            }
        }
        Ok(Next::Requeue)
    }

    /// What follows when all is done that is due.
    fn wait_for_alarm(&mut self, shared: &Shared) -> Next {
        if self.may_receive_for_test(shared) {
            Next::Requeue
        } else {
            Next::Alarm
        }
    }

    /// Whether there may be something that the performance wants to receive.
    fn may_receive_for_test(&mut self, shared: &Shared) -> bool {
        let limits = shared.service.test_limits();
        let performance = self.client.performance();
        self.readiness != Readiness::None && performance.is_some_and(|it| it.is_receiving(&limits))
    }
}
