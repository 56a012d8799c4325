//! How a worker stops: it accepts clients for a while, and drops the last ones at the end.

use std::time::Duration;

use log::debug;

use super::{End, Worker, WorkerHandle};
use crate::logging::event;
use crate::logging::target::SERVER;
use crate::serve::acceptor::Acceptor;

/// How long TCP's handshake takes at most, with clients that are not farther away than usual.
const HANDSHAKE_TIME: Duration = Duration::from_millis(300);

impl<A: Acceptor> Worker<A> {
    /// Stops when clients were accepted for long enough.
    fn stop_if_due(&mut self) {
        match self.end {
            Some(End::StopsAt(time)) if time <= self.now && self.reuses_ports => {
                self.leave_clients_to_others();
            }
            Some(End::StopsAt(time) | End::ClosesAt(time)) if time <= self.now => self.stop(),
            _ => {}
        }
    }

    /// Lets new clients get to another server on the same port. Who has begun to connect here is
    /// still accepted: the system would reset it when the listener closes.
    fn leave_clients_to_others(&mut self) {
        for listener in self.poller.listeners() {
            if let Err(error) = listener.stop_handshakes() {
                debug!(
                    target: SERVER, event = event::NOT_LEFT_TO_OTHERS, reason:% = error;
                    "clients can be lost at the end: {error}"
                );
            }
        }
        self.end = Some(End::ClosesAt(self.now + HANDSHAKE_TIME));
    }

    /// Ends all connections, and closes the listeners. Who waits in one of them is accepted, unless
    /// a later process can do that.
    fn stop(&mut self) {
        for listener in 0..self.poller.listeners().len() {
            if !self.poller.listeners()[listener].is_passed {
                self.accept(listener);
            }
        }
        self.accept_paused_until = None;
        self.poller.close_listeners();
        self.others.drain(..).for_each(WorkerHandle::close);
        self.end = Some(End::StoppedUntil(self.now + self.drain.timeout));
        self.clients.stop(self.drain.spread);
    }

    /// Whether the worker has stopped. Goes on with that if it is due, and drops the clients whose
    /// connections did not end in time.
    pub(super) fn is_over(&mut self) -> bool {
        self.stop_if_due();
        let Some(End::StoppedUntil(deadline)) = self.end else {
            return false;
        };
        let is_late = deadline <= self.now;
        if is_late {
            self.clients.give_up();
            self.arrivals = None;
        }
        self.clients.is_empty() && !self.has_arrivals() && (self.is_inbox_closed || is_late)
    }
}
