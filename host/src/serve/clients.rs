//! The clients of one worker: who gets a turn, who was promised another, and whose deadline is due.
//!
//! It knows neither sockets nor the clock. Whoever drives it says what has happened, and when:
//!
//! 1. [`advance`](Clients::advance) moves the clock on;
//! 2. [`run_queued`](Clients::run_queued) gives turns to those that had more to do than one
//!    turn allows;
//! 3. [`handle`](Clients::handle) gives one to each client whose transport can go on;
//! 4. [`expire`](Clients::expire) does what deadlines ask for;
//! 5. [`timeout`](Clients::timeout) says how long to wait before the next round.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use crate::options::serve::ServeOptions;
use crate::serve::client::{Client, Deadline, Next, OPENING_COST, Shared};
use crate::serve::journal::Journal;
use crate::serve::limits::{Admission, ConnectionLimiter, Limit};
use crate::serve::pool::{Pool, Session};
use crate::serve::service::Service;
use crate::serve::timer_wheel::{KEY_COST, Ticks, TimerWheel};
use crate::serve::transport::{Readiness, Transport};

/// How many deadlines lead to something in one round, so that events do not wait for many.
const EXPIRED_MAX: usize = 256;

/// 2^32 divided by the golden ratio: multiples of it, modulo 2^32, spread evenly however many
/// there are.
const SPREAD: u32 = 0x9E37_79B9;

/// All clients of a worker.
#[derive(Debug)]
pub struct Clients<T> {
    limiter: Arc<ConnectionLimiter>,
    table: Slab<Client<T>>,
    wheel: TimerWheel,
    limits: Limits,
    shared: Shared,
    /// The keys of the clients that are queued for another turn, each once.
    run_queue: Vec<usize>,
    /// When in an interval the client that was opened last is looked at first: a part of 2^32.
    spread: u32,
}

/// How long a client has for what is awaited of it.
#[derive(Clone, Copy, Debug)]
struct Limits {
    request: Ticks,
    /// For signs of life; `None` when none are asked for.
    silence: Option<Ticks>,
    answer: Ticks,
    /// `None` when clients may stop inside a frame for as long as they like.
    stall: Option<Ticks>,
    end: Ticks,
}

impl Limits {
    fn new(options: &ServeOptions) -> Self {
        Self {
            request: Ticks::at_least(options.handshake_timeout),
            silence: options.ping_interval.map(Ticks::at_least),
            answer: Ticks::at_least(options.ping_timeout),
            stall: options.stall_timeout.map(Ticks::at_least),
            end: Ticks::at_least(options.close_timeout),
        }
    }

    fn of(&self, awaited: Deadline) -> Option<Ticks> {
        match awaited {
            Deadline::Request => Some(self.request),
            Deadline::SignOfLife => self.silence,
            Deadline::Answer => Some(self.answer),
            Deadline::Progress => self.stall,
            // All are given up at once: see `Clients::give_up`.
            Deadline::EndOfMessage => None,
            Deadline::End => Some(self.end),
        }
    }
}

impl<T: Transport> Clients<T> {
    /// How many bytes an idle client costs: its place in the table, and its deadline's. (What is behind a box
    /// is not counted.)
    pub const IDLE_COST: usize = size_of::<Option<Client<T>>>() + KEY_COST;

    /// How many bytes a busy client costs beside its buffer, at most: a table that grows has room for
    /// twice as many.
    pub(crate) const COST: usize = 2 * Self::IDLE_COST + size_of::<Session>() + T::MEMORY;

    /// No clients yet, and no other workers.
    pub fn new(options: &ServeOptions, now: Instant) -> Self {
        let limiter = ConnectionLimiter::new(options, u64::MAX);
        Self::sharing(options, now, Arc::new(limiter))
    }

    /// No clients yet; other workers have some.
    pub(crate) fn sharing(
        options: &ServeOptions,
        now: Instant,
        limiter: Arc<ConnectionLimiter>,
    ) -> Self {
        Self {
            limiter,
            table: Slab::new(),
            wheel: TimerWheel::new(now),
            limits: Limits::new(options),
            shared: Shared {
                service: Service::new(options),
                pool: Pool::new(
                    options.buffer_len,
                    options.max_memory / options.threads.get(),
                ),
                journal: Journal::default(),
                is_stopping: false,
            },
            run_queue: Vec::new(),
            spread: 0,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// The key that the next client will have.
    pub fn next_key(&self) -> usize {
        self.table.vacant_key()
    }

    /// Adds a client that has just connected, and returns its key. Keys are used again. Where there
    /// are too many already it is told so; `None` when there is not even room for that.
    pub fn add(&mut self, transport: T, peer: SocketAddr) -> Option<usize> {
        let mut admitted = self.limiter.admit(peer.ip());
        if admitted == Admission::Accept && !self.shared.pool.take_memory(OPENING_COST) {
            admitted = Admission::Reject(Limit::Memory);
        }
        if let Admission::Reject(limit) | Admission::Drop(limit) = admitted
            && let Some(clients) = self.limiter.turn_away(limit)
        {
            self.shared.journal.turned_away(clients);
        }
        let client = match admitted {
            Admission::Accept => Client::new(transport, peer),
            Admission::Reject(limit) => Client::turned_away(transport, peer, limit.response()),
            Admission::Drop(_) => return None,
        };
        let limit = self.limits.of(client.awaited());
        let key = self.table.insert(client);
        self.set_deadline(key, limit);
        if let Admission::Reject(_) = admitted {
            self.turn(key, Client::turn_away);
        }
        Some(key)
    }

    /// Moves the clock on. It never goes back.
    pub fn advance(&mut self, now: Instant) {
        self.wheel.advance(now);
    }

    /// Gives those clients a turn that were promised one before.
    pub fn run_queued(&mut self) {
        let queued = self.run_queue.len();
        if queued == 0 {
            return;
        }
        for place in 0..queued {
            let key = self.run_queue[place];
            self.turn(key, |client, shared| {
                client.is_queued = false;
                client.turn(shared)
            });
        }
        self.run_queue.drain(..queued);
    }

    /// Gives the client at `key` a turn, if there is one: its transport may hold `readiness`, or has
    /// room again.
    pub fn handle(&mut self, key: usize, readiness: Readiness) {
        self.turn(key, |client, shared| {
            client.note(readiness);
            // Nobody gets two turns in a round.
            if client.is_queued {
                return Next::Idle;
            }
            client.turn(shared)
        });
    }

    /// Does what has to be done for some of the clients whose deadline is due, the earliest first.
    pub fn expire(&mut self) {
        for _ in 0..EXPIRED_MAX {
            let Some(key) = self.wheel.pop_expired() else {
                return;
            };
            self.turn(key, Client::expire);
            if let Some(client) = self.table.get(key)
                && !self.wheel.is_set(key)
            {
                let awaited = client.awaited();
                self.set_deadline(key, self.limits.of(awaited));
            }
        }
    }

    /// How long to wait for events: for ever, unless there is a promise or a deadline.
    pub fn timeout(&mut self) -> Option<Duration> {
        if !self.run_queue.is_empty() {
            return Some(Duration::ZERO);
        }
        self.wheel.timeout()
    }

    /// Ends all connections because the server stops: those that are open one after the other, spread
    /// over that time.
    pub fn stop(&mut self, spread: Duration) {
        self.shared.is_stopping = true;
        for key in self.keys() {
            let client = &mut self.table[key];
            if spread.is_zero() || !client.is_open() {
                self.turn(key, Client::leave);
                continue;
            }
            client.forget_liveness();
            self.spread = self.spread.wrapping_add(SPREAD);
            self.wheel
                .set(key, Ticks::at_least(spread).part(self.spread));
        }
    }

    /// Drops all clients, because the time to end their connections is over.
    pub fn give_up(&mut self) {
        for key in self.keys() {
            self.turn(key, Client::abort);
        }
    }

    fn keys(&self) -> Vec<usize> {
        self.table.iter().map(|(key, _)| key).collect()
    }

    /// Gives the client at `key` a turn, if it is still there, and the deadline that this leads to.
    fn turn(&mut self, key: usize, turn: impl FnOnce(&mut Client<T>, &mut Shared) -> Next) {
        let Some(client) = self.table.get_mut(key) else {
            return;
        };
        let before = client.awaited();
        match turn(client, &mut self.shared) {
            Next::Requeue if !client.is_queued => {
                client.is_queued = true;
                self.run_queue.push(key);
            }
            Next::Idle | Next::Requeue => {}
            Next::Close => return self.remove(key),
        }
        let after = client.awaited();
        let has_gone_on = after == Deadline::Progress && client.take_activity();
        if after == before && !has_gone_on {
            return;
        }
        if self.shared.is_stopping && client.is_open() {
            // Its deadline is when it has to go.
            return;
        }
        let mut limit = self.limits.of(after);
        if before == Deadline::Request && after == Deadline::SignOfLife {
            // Those that come at once are not pinged at once.
            self.spread = self.spread.wrapping_add(SPREAD);
            limit = limit.map(|limit| limit.part(self.spread));
        }
        self.set_deadline(key, limit);
    }

    fn set_deadline(&mut self, key: usize, limit: Option<Ticks>) {
        match limit {
            Some(limit) => self.wheel.set(key, limit),
            None => self.wheel.cancel(key),
        }
    }

    /// Drops a client, and all that is known of its key, which another client may get.
    fn remove(&mut self, key: usize) {
        let mut client = self.table.remove(key);
        self.limiter.release(client.address());
        client.give_memory_back(&mut self.shared.pool);
        self.wheel.cancel(key);
        if client.is_queued {
            self.run_queue.retain(|queued| *queued != key);
        }
    }
}

#[cfg(test)]
mod tests;
