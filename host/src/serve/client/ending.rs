//! The end of a client, and what its connection has carried until then.

use std::io;

use super::{Client, Phase, Shared};
use crate::serve::client_buffer::ClientBuffer;
use crate::serve::journal::{Carried, Ending, Journal, Moment};
use crate::serve::metrics::failure::Failure;
use crate::serve::traffic::Traffic;

impl Client {
    /// Counts messages of which the echoes are ready.
    #[inline]
    pub(crate) fn count(&mut self, echoed: Traffic) {
        self.account.echoed.add(echoed);
    }

    /// The client has shut its side of the transport. `buffer` is the one that was taken from it.
    pub(crate) fn end_of_stream(&self, buffer: Option<&ClientBuffer>, journal: &mut Journal) {
        match &self.phase {
            Phase::Handshake(_) => journal.left(self.peer(), None),
            Phase::Open { .. } | Phase::Leaving { .. } | Phase::Greeting(_) => {
                self.end(&Ending::EndOfStream, buffer, journal);
            }
            // Its performance has its own ends.
            Phase::Test(_) => {}
            // Some clients shut their side as soon as they have sent Close.
            Phase::Responding(_) | Phase::Flushing | Phase::Draining => {}
        }
    }

    /// The transport has failed. `buffer` is the one that was taken from the client.
    pub(crate) fn lose(
        &self,
        error: io::Error,
        buffer: Option<&ClientBuffer>,
        journal: &mut Journal,
    ) {
        match &self.phase {
            // What is not the system's error is the transport's own.
            Phase::Handshake(_) if error.get_ref().is_some() => {
                journal.refused_transport(self.peer(), &error);
            }
            Phase::Handshake(_) => journal.left(self.peer(), Some(&error)),
            Phase::Open { .. } | Phase::Leaving { .. } | Phase::Greeting(_) => {
                self.end(&Ending::Lost(error), buffer, journal);
            }
            Phase::Test(_) | Phase::Responding(_) | Phase::Flushing | Phase::Draining => {}
        }
    }

    /// The connection has not ended in time.
    pub(crate) fn miss_end(&self, shared: &mut Shared) {
        if let Phase::Leaving { .. } = self.phase {
            let ending = Ending::CloseTimeout(shared.leave_code);
            self.end(&ending, None, &mut shared.journal);
        }
    }

    /// The client is dropped: what waits for it is not sent. `buffer` is the one that was taken
    /// from it.
    pub(crate) fn end(
        &self,
        ending: &Ending<'_>,
        buffer: Option<&ClientBuffer>,
        journal: &mut Journal,
    ) {
        if let (Phase::Handshake(_), Ending::ShortOfMemory) = (&self.phase, ending) {
            journal.counters.fail(Failure::Memory);
        }
        journal.ended(self.peer(), ending, self.carried(buffer));
    }

    /// What its connection has carried, if that is open. `buffer` is the one that was taken from
    /// the client.
    pub(crate) fn carried(&self, buffer: Option<&ClientBuffer>) -> Option<Carried> {
        let mut carried = self.account.carried(self.opened()?);
        if let Some(buffer) = buffer.or(self.buffer.as_deref()) {
            carried.received.bytes += self.begun_len(buffer);
            carried.unsent = buffer.unsent.traffic();
            carried.echoed = carried.echoed - carried.unsent;
        }
        if let Some(session) = self.session() {
            carried.received = carried.received + session.waiting();
        }
        Some(carried)
    }

    /// When the connection was opened, if it is open.
    pub(crate) fn opened(&self) -> Option<Moment> {
        match self.phase.after_greeting() {
            Phase::Open { opened, .. } | Phase::Leaving { opened, .. } => Some(*opened),
            _ => None,
        }
    }

    /// How many bytes of a frame's payload wait in its buffer for the rest of the frame.
    fn begun_len(&self, buffer: &ClientBuffer) -> u64 {
        let announced = self.session().map(|it| it.connection.remaining_payload());
        announced.unwrap_or(0).min(buffer.received().len() as u64)
    }
}
