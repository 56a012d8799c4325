//! What it leads to that a client has not done what was awaited of it before its deadline. When that
//! is, others know.

use ws_echo_core::CloseCode;

use super::{Client, Deadline, Liveness, Next, Shared};
use crate::serve::journal::Ending;
use crate::serve::transport::{Readiness, Transport};

/// Why a client is given up, as its Close frame says it.
const NO_ANSWER: &str = "no answer to a ping";
const NO_PROGRESS: &str = "no progress";

impl<T: Transport> Client<T> {
    /// Does what has to be done when the deadline is due.
    pub(crate) fn expire(&mut self, shared: &mut Shared) -> Next {
        match self.awaited() {
            Deadline::Request => self.refuse_late_request(shared),
            _ if shared.is_stopping && self.is_open() => self.leave(shared),
            Deadline::SignOfLife | Deadline::Answer => self.check_liveness(shared),
            Deadline::Progress => self.look_for_progress(shared),
            Deadline::EndOfMessage | Deadline::End => self.abort(shared),
        }
    }

    /// Looks for signs of life, and asks for one or gives the client up when there are none.
    fn check_liveness(&mut self, shared: &mut Shared) -> Next {
        let before = self.liveness;
        if before == Liveness::Pinged {
            // The answer may have come and wait for its event, behind those of others.
            self.note(Readiness::Data);
            let turn = self.turn(shared);
            if turn != Next::Idle || self.liveness != before {
                return turn;
            }
        }
        match before {
            Liveness::Heard => {
                self.liveness = Liveness::Silent;
                Next::Idle
            }
            Liveness::Silent => self.ping(shared),
            Liveness::Pinged => self.give_up_silent(shared),
        }
    }

    /// Looks whether a client goes on that has stopped inside a frame, or does not take what waits for it,
    /// and gives it up when it does not.
    fn look_for_progress(&mut self, shared: &mut Shared) -> Next {
        // Bytes may wait for their event behind others', and the system tells of room when there is much.
        self.note(Readiness::Data);
        let turn = self.turn(shared);
        if turn != Next::Idle || self.liveness == Liveness::Heard {
            return turn;
        }
        shared.journal.ended(self.peer, &Ending::Stalled);
        self.send_close(shared, CloseCode::POLICY_VIOLATION, NO_PROGRESS)
    }

    /// Asks for a sign of life.
    fn ping(&mut self, shared: &mut Shared) -> Next {
        self.liveness = Liveness::Pinged;
        self.with_buffer(shared, |client, buffer, shared| {
            client.with_connection(shared, |session, _, _| {
                // Nothing stands in the buffer, so there is room.
                let _ = session.connection.exchange(buffer).ping(&[]);
            });
            client.answer(buffer, shared)
        })
    }

    /// Gives up a client that has given no sign of life, with a Close if it can be sent at once.
    fn give_up_silent(&mut self, shared: &mut Shared) -> Next {
        shared.journal.ended(self.peer, &Ending::Silent);
        self.send_close(shared, CloseCode::INTERNAL_ERROR, NO_ANSWER)
    }
}
