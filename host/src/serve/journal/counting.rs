//! What is counted of what happens to clients, whether or not the log shows it.

use std::time::Duration;

use super::{Carried, Ending, Initiator, Journal};
use crate::serve::metrics::closes::EndedBy;
use crate::serve::metrics::listed::OpenedConnection;
use crate::serve::traffic::Traffic;

impl Journal {
    /// Remembers what clients ask for, from now on.
    pub(crate) fn keep_targets(&mut self) {
        self.keeps_targets = true;
    }

    /// What the client has asked for whose connection was opened since the last call.
    pub(crate) fn take_opened_target(&mut self) -> Option<Box<str>> {
        self.opened_target.take()
    }

    /// A connection was opened.
    pub(super) fn count_opening(&mut self, target: &str) {
        self.counters.opened += 1;
        if self.keeps_targets {
            self.opened_target = Some(target.into());
        }
    }

    /// For how long a connection is open, and what it has carried.
    pub(crate) fn look_at(&self, carried: &Carried) -> OpenedConnection {
        let (age, greeting) = self.openings.look_at(carried.opened);
        OpenedConnection {
            age,
            received: carried.received,
            sent: carried.echoed + greeting,
        }
    }

    /// A greeting was made ready.
    pub(crate) fn count_greeting(&mut self, greeting: Traffic) {
        self.counters.greetings = self.counters.greetings + greeting;
    }

    /// A connection could not be opened, though its client was told so.
    pub(crate) fn count_broken_opening(&mut self) {
        self.counters.closes.count(EndedBy::Server, None);
    }

    /// An open connection has ended after this time.
    pub(super) fn count_end(&mut self, ending: &Ending<'_>, carried: &Carried, lasted: Duration) {
        let counters = &mut self.counters;
        let side = match ending.initiator() {
            Some(Initiator::Client) => EndedBy::Client,
            Some(Initiator::Server) => EndedBy::Server,
            None => EndedBy::Nobody,
        };
        match ending {
            Ending::ClosedByClient(code, _) => counters.closes.count_by_client(*code),
            ending => counters.closes.count(side, ending.code()),
        }
        counters.durations.observe(lasted);
        counters.unsent = counters.unsent + carried.unsent;
    }
}
