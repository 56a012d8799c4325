//! What passes between a client's buffer and its transport, and how that fails.

use std::io::{self, ErrorKind};

use super::{Client, Liveness, Next, Phase, Transmitted};
use crate::serve::journal::{Ending, Journal};
use crate::serve::pool::HeapBuffer;
use crate::serve::transport::{Readiness, Transport};

impl<T: Transport> Client<T> {
    /// Receives once. `Err` is what it leads to when nothing has come.
    #[inline(always)]
    pub(super) fn receive(
        &mut self,
        buffer: &mut HeapBuffer,
        journal: &mut Journal,
    ) -> Result<(), Next> {
        let mut spare = buffer.spare_mut();
        if let Phase::Handshake(_) = self.phase {
            // So that the whole response fits, whatever stands behind the request.
            spare = spare.split_at_mut(spare.len() / 2).0;
        }
        let offered = spare.len();
        let len = self
            .transport
            .read(spare)
            .or_else(|error| self.receive_nothing(error, journal))?;
        if len == 0 {
            self.end_of_stream(journal);
            return Err(Next::Close);
        }
        buffer.commit(len);
        self.note_activity();
        self.class = self.class.after(len, offered);
        // A read that returns less than it was offered has drained the socket.
        let is_drained = len < offered && !self.transport.is_cut_short();
        if is_drained && self.readiness == Readiness::Data {
            self.readiness = Readiness::None;
        }
        Ok(())
    }

    #[cold]
    fn receive_nothing(&mut self, error: io::Error, journal: &mut Journal) -> Result<usize, Next> {
        Err(match error.kind() {
            ErrorKind::WouldBlock => {
                self.readiness = Readiness::None;
                Next::Idle
            }
            ErrorKind::Interrupted => Next::Requeue,
            _ => {
                self.lose(error, journal);
                Next::Close
            }
        })
    }

    /// Transmits what the client has not taken before. To take some of it is a sign of life.
    pub(super) fn transmit_late(&mut self, buffer: &mut HeapBuffer) -> io::Result<Transmitted> {
        let len = buffer.ready().len();
        let transmitted = self.transmit(buffer)?;
        if buffer.ready().len() < len {
            self.note_activity();
        }
        Ok(transmitted)
    }

    /// Notes a sign of life.
    fn note_activity(&mut self) {
        self.liveness = match self.liveness {
            // From here on it may be silent for as long as any other.
            Liveness::Pinged => Liveness::Silent,
            Liveness::Silent | Liveness::Heard => Liveness::Heard,
        };
    }

    /// Transmits what is ready, as far as the client takes it. (As a call of its own it would cost an
    /// echo 40 instructions more.)
    #[inline(always)]
    pub(super) fn transmit(&mut self, buffer: &mut HeapBuffer) -> io::Result<Transmitted> {
        while !buffer.ready().is_empty() {
            match self.transport.write(buffer.ready()) {
                Ok(len) => buffer.consume(len),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Transmitted::Part);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Transmitted::All)
    }

    fn end_of_stream(&self, journal: &mut Journal) {
        match &self.phase {
            Phase::Handshake(_) => journal.left(self.peer, None),
            Phase::Open(_) | Phase::Leaving(_) => {
                journal.ended(self.peer, &Ending::EndOfStream);
            }
            // Some clients shut their side as soon as they have sent Close.
            Phase::Responding(_) | Phase::Flushing | Phase::Draining => {}
        }
    }

    pub(super) fn lose(&self, error: io::Error, journal: &mut Journal) {
        match &self.phase {
            // What is not the system's error is the transport's own.
            Phase::Handshake(_) if error.get_ref().is_some() => {
                journal.refused_transport(self.peer, &error);
            }
            Phase::Handshake(_) => journal.left(self.peer, Some(&error)),
            Phase::Open(_) | Phase::Leaving(_) => {
                journal.ended(self.peer, &Ending::Lost(error));
            }
            Phase::Responding(_) | Phase::Flushing | Phase::Draining => {}
        }
    }
}
