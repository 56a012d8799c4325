//! Connections become clients: at once, or after they have said whose they are.

use std::io::ErrorKind;

use super::{NewClient, Worker};
use crate::serve::acceptor::Acceptor;
use crate::serve::arrivals::Outcome;
use crate::serve::limits::{Limit, Reservation};
use crate::serve::peer::Peer;
use crate::serve::poller::Socket;

impl<A: Acceptor> Worker<A> {
    /// Adds a client, or a connection that must say first whose it is.
    pub(super) fn add(&mut self, client: NewClient) {
        let NewClient { socket, peer } = client;
        if let Err(error) = socket.set_nodelay(peer) {
            return self.clients.journal().not_set_up(peer, &error);
        }
        match &mut self.arrivals {
            Some(arrivals) if arrivals.expect_header(peer) => {
                arrivals.advance(self.now);
                let outcome = arrivals.add(socket, peer, &self.poller);
                self.end_arrival(outcome);
            }
            _ => self.add_client(socket, peer, None),
        }
    }

    /// The connection with this key may have sent something of its PROXY header.
    pub(super) fn handle_arrival(&mut self, key: usize) {
        if let Some(arrivals) = &mut self.arrivals {
            let outcome = arrivals.handle(key, &self.poller);
            self.end_arrival(outcome);
        }
    }

    /// Drops the connections whose PROXY header is late.
    pub(super) fn expire_arrivals(&mut self) {
        let now = self.now;
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.advance(now);
        }
        while let Some(outcome) = self.arrivals.as_mut().and_then(|it| it.pop_expired()) {
            self.end_arrival(outcome);
        }
    }

    /// Whether a connection has not said yet whose it is.
    pub(super) fn has_arrivals(&self) -> bool {
        self.arrivals.as_ref().is_some_and(|it| !it.is_empty())
    }

    /// Does what follows from what a connection has sent of its PROXY header.
    fn end_arrival(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Waits => {}
            Outcome::Client(socket, peer, place) => self.add_client(socket, peer, place),
            Outcome::TurnedAway(limit) => self.clients.refuse(limit),
            Outcome::Dropped(proxy, end) => {
                self.clients.journal().dropped_arrival(proxy, &end);
            }
        }
    }

    /// Adds a client, which may have a place already.
    fn add_client(&mut self, mut socket: Socket, peer: Peer, place: Option<Reservation>) {
        let key = self.clients.next_key();
        let registered = self.poller.register(&mut socket, key);
        match registered.and_then(|()| self.acceptor.accept(socket, peer)) {
            Ok(transport) => drop(self.clients.add_peer(transport, peer, place)),
            Err(error) if error.kind() == ErrorKind::OutOfMemory => {
                self.clients.refuse(Limit::Memory);
            }
            Err(error) => self.clients.journal().not_set_up(peer, &error),
        }
    }
}
