//! What a client looks like in a list of connections.

use super::{Client, Phase};
use crate::serve::behaviour::performance::ending::Cause;
use crate::serve::journal::{Carried, Journal};
use crate::serve::metrics::listed::{OpenedConnection, State};

impl Client {
    /// What its connection is doing.
    pub(crate) fn state(&self) -> State {
        match self.phase.after_greeting() {
            Phase::Handshake(_) => State::Handshake,
            Phase::Open { .. } if !self.is_closing() => State::Open,
            Phase::Open { .. } | Phase::Leaving { .. } => State::Closing,
            Phase::Test(_) => State::Test,
            Phase::Greeting(_) | Phase::Responding(_) | Phase::Flushing | Phase::Draining => {
                State::Ending
            }
        }
    }

    /// What its connection has carried, if it is a WebSocket.
    pub(crate) fn opened_connection(&self, journal: &Journal) -> Option<OpenedConnection> {
        let carried: Carried = match &self.phase {
            Phase::Test(performance) => {
                // A request that is refused has no end.
                performance.ending(Cause::Planned)?;
                performance.carried(journal.greeting())
            }
            _ => self.carried(None)?,
        };
        Some(journal.look_at(&carried))
    }
}
