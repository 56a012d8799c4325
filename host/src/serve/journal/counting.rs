//! What is counted of what happens to clients, whether or not the log shows it.

use std::time::Duration;

use ws_echo_core::CloseCode;

use super::{Carried, Ending, Journal};
use crate::serve::metrics::closes::EndedBy;
use crate::serve::metrics::listed::OpenedConnection;
use crate::serve::traffic::Traffic;

impl Journal {
    /// Remembers what clients ask for, from now on.
    #[allow(dead_code, reason = "nobody asks for it yet")]
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
        match ending {
            Ending::ClosedByClient(code, _) => counters.closes.count_by_client(*code),
            ending => {
                let (side, code) = end(ending);
                counters.closes.count(side, code);
            }
        }
        counters.durations.observe(lasted);
        counters.unsent = counters.unsent + carried.unsent;
    }
}

/// Which side has ended a connection, and with which Close.
fn end(ending: &Ending<'_>) -> (EndedBy, Option<CloseCode>) {
    let code = match ending {
        Ending::ClosedByClient(code, _) => return (EndedBy::Client, *code),
        Ending::EndOfStream | Ending::Lost(_) => return (EndedBy::Nobody, None),
        Ending::ClosedByServer(code) | Ending::CloseTimeout(code) | Ending::CutOff(code) => {
            Some(*code)
        }
        Ending::Failed(error) => Some(error.close_code()),
        Ending::Silent => Some(CloseCode::INTERNAL_ERROR),
        Ending::Stalled => Some(CloseCode::POLICY_VIOLATION),
        Ending::TooLong(_) | Ending::TooLongToHold(_) => Some(CloseCode::MESSAGE_TOO_BIG),
        Ending::AsAsked(code, _) => *code,
        Ending::TestTimeOver => Some(CloseCode::GOING_AWAY),
        Ending::ShortOfMemory | Ending::DroppedStalled | Ending::Stopped => None,
    };
    (EndedBy::Server, code)
}
