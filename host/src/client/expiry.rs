//! What it leads to that a client has not done what was awaited of it before its deadline. When that
//! is, others know.

use ws_echo_core::{CloseCode, Refusal};

use super::{Awaited, Client, Phase, Pulse, Rest, Shared, Turn};
use crate::service::{self, Ending};
use crate::transport::{Transport, Unread};

/// Why a client is given up, as its Close frame says it.
const NO_ANSWER: &str = "no answer to a ping";

impl<T: Transport> Client<T> {
    /// Does what has to be done when the deadline is due.
    pub(crate) fn expire(&mut self, shared: &mut Shared) -> Turn {
        match self.awaited() {
            Awaited::Request => self.refuse_late_request(shared),
            Awaited::SignOfLife | Awaited::Answer if shared.is_stopping => self.leave(shared),
            Awaited::SignOfLife | Awaited::Answer => self.feel_pulse(shared),
            Awaited::EndOfMessage | Awaited::End => self.cut_off(shared),
        }
    }

    /// Looks for signs of life, and asks for one or gives the client up when there are none.
    fn feel_pulse(&mut self, shared: &mut Shared) -> Turn {
        let before = self.pulse;
        if before == Pulse::Pinged {
            // The answer may have come and wait for its event, behind those of others.
            self.note(Unread::Bytes);
        }
        if before != Pulse::Heard {
            // The system tells of room when there is much of it. Who takes what waits slowly is alive.
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

    /// Answers a request that was not complete in time.
    fn refuse_late_request(&mut self, shared: &mut Shared) -> Turn {
        let Phase::Opening(opening) = &mut self.phase else {
            return Turn::Wait;
        };
        opening.refuse(Refusal::Timeout);
        service::explain_refusal(self.peer, opening, Refusal::Timeout, "");
        self.with_buffer(shared, Self::go_on)
    }

    /// Answers a client that has just connected, before it has asked. Of this the log tells in sum.
    pub(crate) fn turn_away(&mut self, shared: &mut Shared, response: &'static [u8]) -> Turn {
        self.phase = Phase::Responding(Box::new(Rest(response)));
        self.with_buffer(shared, Self::go_on)
    }

    /// Asks for a sign of life. Where there is no room for a Ping, what the client does not take
    /// asks as well.
    fn ping(&mut self, shared: &mut Shared) -> Turn {
        self.pulse = Pulse::Pinged;
        self.with_buffer(shared, |client, buffer, shared| {
            let mut is_asked = false;
            client.with_connection(shared, |connection, _| {
                is_asked = connection.exchange(buffer).ping(&[]).is_ok();
            });
            if is_asked {
                client.answer(buffer, shared)
            } else {
                client.go_on(buffer, shared)
            }
        })
    }

    /// Gives up a client that has given no sign of life, with a Close if it can be sent at once.
    fn give_up_silent(&mut self, shared: &mut Shared) -> Turn {
        service::log_ending(self.peer, &Ending::Silent);
        self.say_last(shared, CloseCode::INTERNAL_ERROR, NO_ANSWER)
    }
}
