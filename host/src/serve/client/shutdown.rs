//! How a client is left: because the server stops, or because its time is over.

use std::mem;

use ws_echo_core::CloseCode;

use super::{Client, Liveness, Next, OPENING_COST, Phase, Shared};
use crate::serve::journal::{Ending, Journal};
use crate::serve::pool::Pool;
use crate::serve::transport::{Readiness, Transport};

impl<T: Transport> Client<T> {
    /// Whether it is connected, and neither side has closed.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Asks for no sign of life any longer.
    pub(crate) fn forget_liveness(&mut self) {
        self.liveness = Liveness::Silent;
    }

    /// Ends the connection because the server stops: what has come is echoed before.
    pub(crate) fn leave(&mut self, shared: &mut Shared) -> Next {
        if self.is_opening() {
            return Next::Close;
        }
        match mem::replace(&mut self.phase, Phase::Flushing) {
            Phase::Open(kept) => self.phase = Phase::Leaving(kept),
            phase => self.phase = phase,
        }
        // Something may have come whose event is still to be told.
        self.note(Readiness::Data);
        self.turn(shared)
    }

    /// Whether our Close was made ready.
    pub(super) fn is_closing(&self) -> bool {
        let session = self.session();
        session.is_some_and(|session| session.connection.is_closing())
    }

    /// Whether our Close is to be made ready: all that has come is echoed, and no message is begun.
    pub(super) fn has_to_close(&self) -> bool {
        matches!(self.phase, Phase::Leaving(None)) && self.readiness == Readiness::None
    }

    /// Ends the connection of a client whose time is over, with a Close if it can be sent at once.
    pub(crate) fn abort(&mut self, shared: &mut Shared) -> Next {
        if self.is_closing() || !matches!(self.phase, Phase::Open(_) | Phase::Leaving(_)) {
            return self.give_up_closing(&mut shared.journal);
        }
        shared
            .journal
            .ended(self.peer, &Ending::CutOff(CloseCode::GOING_AWAY));
        self.send_close(shared, CloseCode::GOING_AWAY, "")
    }

    /// Sends a Close if it can be sent at once, and ends the connection.
    pub(super) fn send_close(
        &mut self,
        shared: &mut Shared,
        code: CloseCode,
        reason: &str,
    ) -> Next {
        self.with_buffer(shared, |client, buffer, shared| {
            client.with_connection(shared, |session, _, _| {
                let _ = session.connection.exchange(buffer).close(code, reason);
            });
            let _ = client.transmit(buffer);
            Ok(Next::Close)
        })
    }

    /// Gives the pool back what a client still has of it that is to be dropped.
    pub(crate) fn give_memory_back(&mut self, pool: &mut Pool) {
        if self.is_opening() {
            pool.give_memory_back(OPENING_COST);
        }
        if let Some(mut buffer) = self.buffer.take() {
            buffer.clear();
            pool.put_buffer(buffer);
        }
    }

    /// Gives up a client whose connection did not end in time.
    fn give_up_closing(&self, journal: &mut Journal) -> Next {
        if let Phase::Leaving(_) = self.phase {
            let ending = Ending::CloseTimeout(CloseCode::GOING_AWAY);
            journal.ended(self.peer, &ending);
        }
        Next::Close
    }
}
