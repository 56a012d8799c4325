//! The clients of one worker: the table, the run queue, and the deadlines.
//!
//! It knows neither sockets nor the clock. The event loop says what has happened, and when:
//!
//! 1. [`advance`](Clients::advance) moves the clock on;
//! 2. [`expire`](Clients::expire) gives turns to clients whose deadlines are over;
//! 3. [`run_queued`](Clients::run_queued) gives a turn to each client that had more to do than one
//!    turn allows;
//! 4. [`handle`](Clients::handle) gives a turn to a client after an event of its transport;
//! 5. [`timeout`](Clients::timeout) says how long to wait before the next round.

mod reporting;
mod stopping;

use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;

use crate::options::serve::ServeOptions;
use crate::serve::behaviour::performance::Scratch;
use crate::serve::client::{OPENING_COST, Shared};
use crate::serve::deadline::{Deadline, DeadlineChange, Next, Timeouts, Turn};
use crate::serve::driver::Driver;
use crate::serve::journal::Journal;
use crate::serve::lifetime::Lifetime;
use crate::serve::limits::{Admission, ConnectionLimiter, Limit, Reservation};
use crate::serve::memory;
use crate::serve::metrics::round_trips::RoundTrips;
use crate::serve::metrics::targets::Targets;
use crate::serve::monitor::Monitor;
use crate::serve::peer::Peer;
use crate::serve::pool::Pool;
use crate::serve::service::Service;
use crate::serve::session::Session;
use crate::serve::timer_wheel::{KEY_COST, Ticks, TimerWheel};
use crate::serve::transport::{Readiness, Transport};

/// How many deadlines are handled in one round: events must not wait for many. (A client may get
/// several turns then.)
const EXPIRED_MAX: usize = 64;

/// The fewest places that are made at once.
const CAPACITY_MIN: usize = 64;

/// 2^32 divided by the golden ratio: multiples of it, modulo 2^32, spread evenly however many
/// there are.
const SPREAD: u32 = 0x9E37_79B9;

/// All clients of a worker.
#[derive(Debug)]
pub struct Clients<T> {
    table: Slab<Driver<T>>,
    wheel: TimerWheel,
    timeouts: Timeouts,
    shared: Shared,
    /// The keys of the clients that are queued for another turn, each once.
    run_queue: Vec<usize>,
    round_trips: RoundTrips,
    targets: Targets,
    /// How far into its time the last spread deadline is: a part of 2^32.
    spread: u32,
    /// How long connections may last; `None` for ever.
    lifetime: Option<Lifetime>,
    /// Until when the Close frames of a server that stops are spread.
    spread_until: Instant,
}

impl<T: Transport> Clients<T> {
    /// What an idle client costs, in bytes: its place in the table and in the timer wheel. (What a
    /// boxed transport holds is not counted.)
    pub const IDLE_COST: usize = size_of::<Option<Driver<T>>>() + KEY_COST;

    /// What a client's places cost, in bytes: in the table, in the timer wheel, and in the run
    /// queue, which may have two for each client.
    const PLACES_COST: usize = Self::IDLE_COST + 2 * size_of::<usize>();

    /// What a busy client costs besides its buffer, in bytes, at most: tables that grow have room
    /// for twice as many.
    pub(crate) const COST: usize = 2 * Self::PLACES_COST + size_of::<Session>() + T::MEMORY;

    /// No clients yet, and no other workers.
    pub fn new(options: &ServeOptions, now: Instant) -> Self {
        let limiter = Arc::new(ConnectionLimiter::new(options, u64::MAX));
        let monitor = Arc::new(Monitor::new(limiter, [], Duration::MAX));
        Self::sharing(options, now, &monitor)
    }

    /// No clients yet; other workers have some.
    pub(crate) fn sharing(options: &ServeOptions, now: Instant, monitor: &Arc<Monitor>) -> Self {
        let mut clients = Self {
            table: Slab::new(),
            wheel: TimerWheel::new(now),
            timeouts: Timeouts::new(options),
            shared: Shared {
                service: Service::new(options).with_health(options, monitor),
                pool: Pool::new(
                    options.buffer_len,
                    options.max_memory / options.threads.get(),
                    options.max_backlog,
                )
                .with_verifiers(options),
                journal: Journal::new(now, options.welcome.text()),
                limiter: monitor.limiter().clone(),
                is_stopping: false,
                has_opened: false,
                leave_code: options.drain.code,
                now,
                scratch: Scratch::default(),
            },
            run_queue: Vec::new(),
            round_trips: RoundTrips::default(),
            targets: Targets::default(),
            spread: 0,
            lifetime: options.drain.max_lifetime.map(Lifetime),
            spread_until: now,
        };
        if options.admin.listen.is_some() {
            clients.keep_targets();
        }
        clients
    }

    /// Whether there are no clients.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The number of clients.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// The key that the next client will have.
    pub fn next_key(&self) -> usize {
        self.table.vacant_key()
    }

    /// Where what happens to clients is logged.
    pub(crate) fn journal(&mut self) -> &mut Journal {
        &mut self.shared.journal
    }

    /// Adds a client that has just connected, and returns its key. Keys are used again. A client
    /// beyond a limit is answered that there are too many; `None` if it is not even answered.
    pub fn add(&mut self, transport: T, peer: SocketAddr) -> Option<usize> {
        self.add_peer(transport, peer.into(), None)
    }

    /// The same for a client that may have connected to a Unix socket, or has a place already.
    pub(crate) fn add_peer(
        &mut self,
        transport: T,
        peer: Peer,
        place: Option<Reservation>,
    ) -> Option<usize> {
        self.shared.journal.counters.accepted += 1;
        if !self.make_place() {
            self.shared.count_turned_away(Limit::Memory);
            return None;
        }
        let mut admitted = match place {
            Some(place) => place.take(peer),
            None => self.shared.limiter.admit(peer),
        };
        // It is allocated with the client.
        let mut granted = None;
        if admitted == Admission::Accept {
            granted = self.shared.pool.take_memory(OPENING_COST);
            if granted.is_none() {
                admitted = Admission::Reject(Limit::Memory);
            }
        }
        if let Admission::Reject(limit) | Admission::Drop(limit) = admitted {
            self.shared.count_turned_away(limit);
        }
        let client = match admitted {
            Admission::Accept => Driver::new(transport, peer),
            Admission::Reject(limit) => Driver::turned_away(transport, peer, limit.answer()),
            Admission::Drop(_) => return None,
        };
        drop(granted);
        let deadline = client.deadline();
        let key = self.table.insert(client);
        self.restart_deadline(key, deadline);
        if let Admission::Reject(_) = admitted {
            let turn = self.table[key].turn_away(&mut self.shared);
            self.end_turn(key, turn);
        } else if self.shared.is_stopping {
            // It was accepted before, and has waited since then.
            self.stop_client(key);
        }
        Some(key)
    }

    /// Makes a place for one more client, if there is memory for it. Returns whether there is one.
    fn make_place(&mut self) -> bool {
        let capacity = self.table.capacity();
        if self.table.len() < capacity {
            return true;
        }
        let more = capacity.max(CAPACITY_MIN);
        let all = capacity + more;
        let granted = memory::ask(all * Self::PLACES_COST);
        if granted.is_some() {
            self.table.reserve_exact(more);
            self.wheel.reserve(all);
            let queued = self.run_queue.len();
            self.run_queue.reserve_exact(2 * all - queued);
        }
        granted.is_some()
    }

    /// Moves the clock on. It never goes back.
    pub fn advance(&mut self, now: Instant) {
        self.wheel.advance(now);
        self.shared.now = now;
    }

    /// Gives a turn to each client in the run queue.
    pub fn run_queued(&mut self) {
        let queued = self.run_queue.len();
        if queued == 0 {
            return;
        }
        for place in 0..queued {
            let key = self.run_queue[place];
            if let Some(client) = self.table.get_mut(key) {
                client.is_queued = false;
                let turn = client.turn(&mut self.shared);
                self.end_turn(key, turn);
            }
        }
        self.run_queue.drain(..queued);
    }

    /// Gives the client at `key` a turn, if there is one: its transport has become ready to be
    /// read, as `readiness` says, or to be written.
    pub fn handle(&mut self, key: usize, readiness: Readiness) {
        let Some(client) = self.table.get_mut(key) else {
            return;
        };
        client.note(readiness);
        // A client gets one turn in a round.
        if !client.is_queued {
            let turn = client.turn(&mut self.shared);
            self.end_turn(key, turn);
        }
    }

    /// The same for a transport that is not ready to be written: if it was known to be ready to be
    /// read like that, the client waits for room, and gets no turn. It would only try to write, and
    /// where that repeats the event, without end.
    pub(crate) fn handle_without_room(&mut self, key: usize, readiness: Readiness) {
        let client = self.table.get(key);
        if client.is_some_and(|client| !client.is_known(readiness)) {
            self.handle(key, readiness);
        }
    }

    /// Gives a turn to some of the clients with deadlines that have expired, the earliest first.
    pub fn expire(&mut self) {
        for _ in 0..EXPIRED_MAX {
            let Some(key) = self.wheel.pop_expired() else {
                return;
            };
            let is_over = self.time_left(key) == Some(Duration::ZERO);
            if let Some(client) = self.table.get_mut(key) {
                let turn = if is_over {
                    client.retire(&mut self.shared)
                } else {
                    client.expire(&mut self.shared)
                };
                self.end_turn(key, turn);
            }
        }
    }

    /// How long to wait for events: for ever, unless a client is queued or has a deadline.
    pub fn timeout(&mut self) -> Option<Duration> {
        if !self.run_queue.is_empty() {
            return Some(Duration::ZERO);
        }
        self.wheel.timeout(self.shared.now)
    }

    /// Does what follows from a turn of the client at `key`: most often nothing.
    #[inline(always)]
    fn end_turn(&mut self, key: usize, turn: Turn) {
        if turn != Turn::NOTHING_CHANGED {
            self.follow(key, turn);
        }
    }

    #[inline(never)]
    fn follow(&mut self, key: usize, turn: Turn) {
        let has_opened = mem::take(&mut self.shared.has_opened);
        self.note_turn(key, turn.deadline);
        match turn.next {
            Next::Idle => {}
            Next::Alarm => {
                let alarm = self.table[key].alarm(&self.shared);
                self.wheel.set_alarm(key, alarm);
            }
            Next::Requeue => self.queue(key),
            Next::Close => return self.remove(key),
        }
        if self.shared.is_stopping && has_opened {
            return self.stop_client(key);
        }
        if self.shared.is_stopping && self.table[key].is_open() {
            // It must go at the deadline that it has.
            return;
        }
        match turn.deadline {
            DeadlineChange::Keep => {}
            DeadlineChange::Restart(deadline) => self.restart_deadline(key, deadline),
            DeadlineChange::Spread(deadline) => {
                let timeout = self.timeouts.of(deadline);
                let timeout = timeout.map(|timeout| self.next_part(timeout));
                self.set_deadline(key, timeout);
            }
        }
    }

    /// A part of this time. Each call returns another part.
    fn next_part(&mut self, time: Ticks) -> Ticks {
        time.part(self.next_share())
    }

    /// A share of 2^32. Each call returns another one.
    fn next_share(&mut self) -> u32 {
        self.spread = self.spread.wrapping_add(SPREAD);
        self.spread
    }

    /// Puts the client at `key` into the run queue, once.
    fn queue(&mut self, key: usize) {
        let client = &mut self.table[key];
        if !client.is_queued {
            client.is_queued = true;
            self.run_queue.push(key);
        }
    }

    /// The client has the whole time for this, from now on. Pings are asked for a little sooner,
    /// each time by another part: clients that were heard together are not pinged together.
    fn restart_deadline(&mut self, key: usize, deadline: Deadline) {
        let mut timeout = self.timeouts.of(deadline);
        if deadline == Deadline::SignOfLife {
            timeout = timeout.map(|timeout| timeout.shortened(self.next_share()));
        }
        self.set_deadline(key, timeout);
    }

    fn set_deadline(&mut self, key: usize, timeout: Option<Ticks>) {
        let left = self.time_left(key).map(Ticks::at_least);
        match timeout.into_iter().chain(left).min() {
            Some(timeout) => self.wheel.set(key, timeout),
            None => self.wheel.cancel(key),
        }
    }

    /// Drops a client, and all that is kept for its key: another client may get the key.
    fn remove(&mut self, key: usize) {
        let mut client = self.table.remove(key);
        self.shared.limiter.release(client.peer());
        client.give_memory_back(&mut self.shared.pool);
        debug_assert!(
            !self.table.is_empty() || self.shared.pool.is_whole(),
            "a client has left without its memory"
        );
        debug_assert!(
            !self.table.is_empty() || self.shared.journal.is_complete(),
            "a client has left without a word"
        );
        self.wheel.forget(key);
        self.round_trips.forget(key);
        self.targets.forget(key);
        if client.is_queued {
            self.run_queue.retain(|queued| *queued != key);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
