//! What it leads to that a client has not done what was awaited of it before its deadline. When that
//! is, others know.

use ws_echo_core::CloseCode;

use super::{Awaited, Client, Pulse, Shared, Turn};
use crate::serve::service::{self, Ending};
use crate::serve::transport::{Transport, Unread};

/// Why a client is given up, as its Close frame says it.
const NO_ANSWER: &str = "no answer to a ping";
const NO_PROGRESS: &str = "no progress";

impl<T: Transport> Client<T> {
    /// Does what has to be done when the deadline is due.
    pub(crate) fn expire(&mut self, shared: &mut Shared) -> Turn {
        match self.awaited() {
            Awaited::Request => self.refuse_late_request(shared),
            _ if shared.is_stopping && self.is_open() => self.leave(shared),
            Awaited::SignOfLife | Awaited::Answer => self.feel_pulse(shared),
            Awaited::Progress => self.look_for_progress(shared),
            Awaited::EndOfMessage | Awaited::End => self.cut_off(shared),
        }
    }

    /// Looks for signs of life, and asks for one or gives the client up when there are none.
    fn feel_pulse(&mut self, shared: &mut Shared) -> Turn {
        let before = self.pulse;
        if before == Pulse::Pinged {
            // The answer may have come and wait for its event, behind those of others.
            self.note(Unread::Bytes);
            let turn = self.turn(shared);
            if turn != Turn::Wait || self.pulse != before {
                return turn;
            }
        }
        match before {
            Pulse::Heard => {
                self.pulse = Pulse::Silent;
                Turn::Wait
            }
            Pulse::Silent => self.ping(shared),
            Pulse::Pinged => self.give_up_silent(shared),
        }
    }

    /// Looks whether a client goes on that has stopped inside a frame, or does not take what waits for it,
    /// and gives it up when it does not.
    fn look_for_progress(&mut self, shared: &mut Shared) -> Turn {
        // Bytes may wait for their event behind others', and the system tells of room when there is much.
        self.note(Unread::Bytes);
        let turn = self.turn(shared);
        if turn != Turn::Wait || self.pulse == Pulse::Heard {
            return turn;
        }
        service::log_ending(self.peer, &Ending::Stalled);
        self.say_last(shared, CloseCode::POLICY_VIOLATION, NO_PROGRESS)
    }

    /// Asks for a sign of life.
    fn ping(&mut self, shared: &mut Shared) -> Turn {
        self.pulse = Pulse::Pinged;
        self.with_buffer(shared, |client, buffer, shared| {
            client.with_connection(shared, |begun, _| {
                // Nothing stands in the buffer, so there is room.
                let _ = begun.connection.exchange(buffer).ping(&[]);
            });
            client.answer(buffer, shared)
        })
    }

    /// Gives up a client that has given no sign of life, with a Close if it can be sent at once.
    fn give_up_silent(&mut self, shared: &mut Shared) -> Turn {
        service::log_ending(self.peer, &Ending::Silent);
        self.say_last(shared, CloseCode::INTERNAL_ERROR, NO_ANSWER)
    }
}
