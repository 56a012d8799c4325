//! Connections of trusted proxies that have not sent their PROXY header: they are no clients yet,
//! because nobody knows whose they are.
//!
//! What belongs to the header is taken from the socket, and not a byte more: the next may be the
//! first of a TLS handshake.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use crate::options::serve::ServeOptions;
use crate::serve::limits::{Admission, ConnectionLimiter, Limit};
use crate::serve::peer::Peer;
use crate::serve::poller::{ARRIVALS_MAX, Poller, Socket};
use crate::serve::proxies::arrival_end::ArrivalEnd;
use crate::serve::proxies::proxy_header::ProxyHeader;
use crate::serve::proxies::trust::Trust;
use crate::serve::timer_wheel::{Ticks, TimerWheel};

const LEN_MAX: usize = ProxyHeader::LEN_MAX;

/// The connections of one worker that wait for their header.
#[derive(Debug)]
pub(crate) struct Arrivals {
    trust: Trust,
    limiter: Arc<ConnectionLimiter>,
    table: Slab<Arrival>,
    wheel: TimerWheel,
    /// How long each may wait.
    timeout: Ticks,
    /// What a socket holds.
    peeked: Box<[u8; LEN_MAX]>,
}

#[derive(Debug)]
struct Arrival {
    socket: Socket,
    proxy: Peer,
    /// The part of its header that has arrived.
    header: Vec<u8>,
}

/// What has become of a connection.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It waits for the rest of its header.
    Waits,
    /// This is a client.
    Client(Socket, Peer),
    /// It is dropped. It came from this proxy.
    Dropped(Peer, ArrivalEnd),
    /// It is dropped because of a limit.
    TurnedAway(Limit),
}

impl Arrivals {
    /// No connections yet; `None` if none begins with a header.
    pub(crate) fn new(
        options: &ServeOptions,
        now: Instant,
        limiter: &Arc<ConnectionLimiter>,
    ) -> Option<Box<Self>> {
        options.proxies.proxy_protocol.then(|| {
            Box::new(Self {
                trust: Trust::new(&options.proxies.trusted),
                limiter: limiter.clone(),
                table: Slab::new(),
                wheel: TimerWheel::new(now),
                timeout: Ticks::at_least(options.handshake_timeout),
                peeked: Box::new([0; LEN_MAX]),
            })
        })
    }

    /// Whether a connection from this peer begins with a header.
    pub(crate) fn expect_header(&self, peer: Peer) -> bool {
        self.trust.has_peer(peer)
    }

    /// Whether none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Adds a connection of a proxy.
    pub(crate) fn add(&mut self, socket: Socket, proxy: Peer, poller: &Poller) -> Outcome {
        let mut arrival = Arrival {
            socket,
            proxy,
            header: Vec::new(),
        };
        match arrival.read(&mut self.peeked) {
            Ok(Some(client)) => return Outcome::Client(arrival.socket, client),
            Err(reason) => return Outcome::Dropped(proxy, reason),
            Ok(None) => {}
        }
        if self.table.len() >= ARRIVALS_MAX {
            return Outcome::Dropped(proxy, ArrivalEnd::TooMany(ARRIVALS_MAX));
        }
        // It has no address of its own yet that could have a limit.
        if let Admission::Drop(limit) = self.limiter.admit(Peer::UNIX) {
            return Outcome::TurnedAway(limit);
        }
        let key = self.table.vacant_key();
        if let Err(error) = poller.register_arrival(&mut arrival.socket, key) {
            self.limiter.release(Peer::UNIX);
            return Outcome::Dropped(proxy, ArrivalEnd::Failed(error));
        }
        self.table.insert(arrival);
        self.wheel.reserve(self.table.capacity());
        self.wheel.set(key, self.timeout);
        Outcome::Waits
    }

    /// The connection with this key, if there is one, may have sent something.
    pub(crate) fn handle(&mut self, key: usize, poller: &Poller) -> Outcome {
        let Some(arrival) = self.table.get_mut(key) else {
            return Outcome::Waits;
        };
        match arrival.read(&mut self.peeked) {
            Ok(None) => Outcome::Waits,
            Ok(Some(client)) => {
                let mut arrival = self.remove(key);
                match poller.deregister(&mut arrival.socket) {
                    Ok(()) => Outcome::Client(arrival.socket, client),
                    Err(error) => Outcome::Dropped(arrival.proxy, ArrivalEnd::Failed(error)),
                }
            }
            Err(reason) => Outcome::Dropped(self.remove(key).proxy, reason),
        }
    }

    /// Moves the clock on.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.wheel.advance(now);
    }

    /// Drops a connection whose time is over, if there is one.
    pub(crate) fn pop_expired(&mut self) -> Option<Outcome> {
        let key = self.wheel.pop_expired()?;
        let arrival = self.remove(key);
        Some(Outcome::Dropped(arrival.proxy, ArrivalEnd::Late))
    }

    /// How long to wait for events: for ever, unless a connection has a deadline.
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<Duration> {
        self.wheel.timeout(now)
    }

    fn remove(&mut self, key: usize) -> Arrival {
        self.limiter.release(Peer::UNIX);
        self.wheel.forget(key);
        self.table.remove(key)
    }
}

impl Arrival {
    /// Reads what the socket holds of the header. Returns the client when that is complete: the
    /// proxy itself if it names none.
    fn read(&mut self, peeked: &mut [u8; LEN_MAX]) -> Result<Option<Peer>, ArrivalEnd> {
        loop {
            let begun = self.header.len();
            let room = &mut peeked[begun..];
            let len = match self.socket.peek(room) {
                Ok(0) if begun == 0 => return Err(ArrivalEnd::Left),
                Ok(0) => return Err(ArrivalEnd::CutOff),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(ArrivalEnd::Failed(error)),
            };
            self.header.extend_from_slice(&room[..len]);
            let header = ProxyHeader::parse(&self.header).map_err(ArrivalEnd::Header)?;
            let end = header.map_or(self.header.len(), |header| header.len);
            self.header.truncate(end);
            self.socket
                .read_exact(&mut room[..end - begun])
                .map_err(ArrivalEnd::Failed)?;
            if let Some(header) = header {
                return Ok(Some(header.source.map_or(self.proxy, Peer::from)));
            }
        }
    }
}
