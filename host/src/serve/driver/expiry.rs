//! What happens when a client misses a deadline, and when the server stops.
//!
//! What a client has sent in time counts, though the server may notice it late: its event may wait
//! after others, and the process may have been stopped. So it is received before it is judged.

use ws_echo_core::CloseCode;

use super::Driver;
use crate::serve::client::Shared;
use crate::serve::deadline::{Deadline, Liveness, Next, Turn};
use crate::serve::journal::Ending;
use crate::serve::transport::{Readiness, Transport};

/// The reasons in the Close frames of clients that are given up.
const NO_ANSWER: &str = "no answer to a ping";
const NO_PROGRESS: &str = "no progress";

/// The most turns that a client gets before it is judged. They are enough for what a socket holds,
/// and a client that sends without end is judged all the same.
const LAST_TURNS_MAX: usize = 16;

impl<T: Transport> Driver<T> {
    /// Does what must be done when the deadline has expired.
    #[inline(never)]
    pub(crate) fn expire(&mut self, shared: &mut Shared) -> Turn {
        let before = self.deadline();
        let next = match before {
            Deadline::Request => self.check_request(shared),
            _ if shared.is_stopping && self.client.is_open() => self.close_open(shared),
            Deadline::SignOfLife | Deadline::Answer => self.check_liveness(shared),
            Deadline::Patience => self.begin_backlog(shared),
            Deadline::Progress => self.check_progress(shared),
            Deadline::EndOfMessage | Deadline::End => self.check_end(shared),
            Deadline::Alarm => self.go_on(shared),
        };
        let Turn { next, deadline } = self.end_turn(before, next);
        let deadline = deadline.after_expiry(self.deadline());
        Turn { next, deadline }
    }

    /// Ends the connection: the server stops, or the client's time is over. What was received is
    /// echoed before. One in its handshake goes on with that.
    pub(crate) fn leave(&mut self, shared: &mut Shared) -> Turn {
        let before = self.deadline();
        let next = self.close_open(shared);
        self.end_turn(before, next)
    }

    /// The same for a client whose deadline has expired.
    pub(crate) fn retire(&mut self, shared: &mut Shared) -> Turn {
        let Turn { next, deadline } = self.leave(shared);
        let deadline = deadline.after_expiry(self.deadline());
        Turn { next, deadline }
    }

    /// Ends the connection of a client that has had its time to end, with a Close if it can be sent
    /// at once.
    pub(crate) fn abort(&mut self, shared: &mut Shared) -> Turn {
        let before = self.deadline();
        let next = match self.receive_what_came(shared) {
            Next::Close => Next::Close,
            _ if self.client.is_in_test() => self.drop_test(shared),
            Next::Idle | Next::Alarm | Next::Requeue => self.give_up(shared),
        };
        self.end_turn(before, next)
    }

    /// Forgets the signs of life that the client has given: none are asked for any longer.
    pub(crate) fn forget_liveness(&mut self) {
        self.liveness = Liveness::Silent;
    }

    /// Begins to close an open connection.
    fn close_open(&mut self, shared: &mut Shared) -> Next {
        if self.client.is_in_handshake() {
            return self.receive_what_came(shared);
        }
        if self.client.is_in_test() {
            return self.stop_test(shared);
        }
        self.client.leave();
        self.turn_without_event(shared)
    }

    /// Takes a turn although no event says that there is something to receive: the event may wait
    /// after others, and the system reports room only when there is much of it.
    fn turn_without_event(&mut self, shared: &mut Shared) -> Next {
        self.note(Readiness::Data);
        self.go_on(shared)
    }

    /// Receives what the client has sent in time, where only the whole of it counts. Returns what
    /// follows from the last turn.
    fn receive_what_came(&mut self, shared: &mut Shared) -> Next {
        let before = self.deadline();
        // It may hold urgent data or the end of the stream.
        self.note(Readiness::UntilWouldBlock);
        let mut next = self.go_on(shared);
        for _ in 1..LAST_TURNS_MAX {
            if next != Next::Requeue || self.deadline() != before {
                break;
            }
            next = self.go_on(shared);
        }
        next
    }

    /// Looks for signs of life. Asks for one, or gives the client up, if there are none.
    fn check_liveness(&mut self, shared: &mut Shared) -> Next {
        match self.liveness {
            Liveness::Heard => {
                self.liveness = Liveness::Silent;
                Next::Idle
            }
            Liveness::Silent => self.ping(shared),
            Liveness::Pinged => {
                let next = self.turn_without_event(shared);
                if next != Next::Idle || self.liveness != Liveness::Pinged {
                    return next;
                }
                self.client.end(&Ending::Silent, None, &mut shared.journal);
                self.send_close(CloseCode::INTERNAL_ERROR, NO_ANSWER, shared)
            }
        }
    }

    /// Goes on receiving from a client that takes nothing, unless it has begun to.
    fn begin_backlog(&mut self, shared: &mut Shared) -> Next {
        self.client.end_patience();
        self.turn_without_event(shared)
    }

    /// Gives up a client that has stopped inside a frame, or does not take what is ready for it,
    /// unless it has made progress.
    fn check_progress(&mut self, shared: &mut Shared) -> Next {
        let next = self.turn_without_event(shared);
        if next != Next::Idle || self.liveness == Liveness::Heard {
            return next;
        }
        self.client.end(&Ending::Stalled, None, &mut shared.journal);
        self.send_close(CloseCode::POLICY_VIOLATION, NO_PROGRESS, shared)
    }

    /// Asks for a sign of life.
    fn ping(&mut self, shared: &mut Shared) -> Next {
        self.liveness = Liveness::Pinged;
        let mut buffer = self.take_buffer(shared);
        self.client.send_ping(&mut buffer, shared);
        let answered = self.answer(&mut buffer, shared);
        self.put_buffer(buffer, answered, shared)
    }

    /// Refuses a request that is not complete in time.
    fn check_request(&mut self, shared: &mut Shared) -> Next {
        let stage = self.transport.stage();
        let next = self.receive_what_came(shared);
        // A client that has waited for the transport's answer could send nothing more.
        let has_waited = self.transport.stage() != stage;
        if next == Next::Close || has_waited || !self.client.is_in_handshake() {
            return next;
        }
        if shared.is_stopping {
            return Next::Close;
        }
        if !self.transport.is_open() {
            let peer = self.client.peer();
            shared.journal.refused_late_transport(peer);
            return Next::Close;
        }
        self.client.refuse_late_request(shared);
        self.answer_then_receive(shared)
    }

    /// Drops a client that has not ended its connection in time, unless it has taken more of its
    /// backlog.
    fn check_end(&mut self, shared: &mut Shared) -> Next {
        let had_backlog = self.client.has_backlog();
        let next = self.receive_what_came(shared);
        if next == Next::Close || (had_backlog && self.liveness == Liveness::Heard) {
            return next;
        }
        self.give_up(shared)
    }

    fn give_up(&mut self, shared: &mut Shared) -> Next {
        if let Deadline::Request | Deadline::End = self.deadline() {
            self.client.miss_end(shared);
            return Next::Close;
        }
        let code = shared.leave_code;
        self.client
            .end(&Ending::CutOff(code), None, &mut shared.journal);
        self.send_close(code, "", shared)
    }

    /// Sends Close if that is possible at once, and ends the connection.
    fn send_close(&mut self, code: CloseCode, reason: &str, shared: &mut Shared) -> Next {
        let mut buffer = self.take_buffer(shared);
        self.client.send_close(&mut buffer, code, reason, shared);
        let _ = self.transmit_in_order(&mut buffer, shared);
        self.put_buffer(buffer, Ok(Next::Close), shared)
    }
}
