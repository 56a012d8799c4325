//! A whole worker without its sockets. Clients come and go, send what the fuzzer says, compressed
//! or not, take their output slowly or not at all, and disconnect. Events are reported late or
//! without cause, and the clock jumps. Whatever happens, a client gets the answers to what it has
//! sent and nothing else, no client is forgotten, no client takes the others' turns, and nothing is
//! left over. (The server itself asserts that it gets all its memory back.)

mod agreement;
mod fuzzed_client;
mod scenario;
mod settings;
mod timeouts;
mod transport;
mod unsolicited_frames;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use ws_echo::{Clients, Readiness};

use self::fuzzed_client::{Context, FuzzedClient, Stop};
use self::scenario::Scenario;
use self::settings::{CLOSE_TIMEOUT, PING_TIMEOUT, REQUEST_TIMEOUT, Settings};
use self::transport::{MemoryTransport, State};
use super::Script;

/// How many clients there are at once.
const SLOTS: usize = 4;
/// How many steps of a script are executed.
const STEPS_MAX: usize = 400;
/// More rounds than any script needs.
const ROUNDS_MAX: usize = 5000;
/// More wake-ups than four clients need to fall silent, get a Ping, and be given up.
const WAKE_UPS_MAX: usize = 100;
const DAY: Duration = Duration::from_secs(86_400);
/// No deadline is later than this, however far away it was.
const LATENESS: Duration = Duration::from_secs(10);

/// Bytes: the settings and the limits, how the run ends and what becomes of compressed messages,
/// what each of four clients sends, and then steps of two bytes each.
///
/// # Panics
///
/// If a promise is broken.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let [choice, limits, ending] = script.array();
    let settings = Settings::of([choice, limits, ending]);
    let scenarios = std::array::from_fn(|_| Scenario::read(&mut script));
    let mut simulation = Simulation::new(&settings, scenarios);
    for _ in 0..STEPS_MAX {
        if script.is_empty() {
            break;
        }
        simulation.step(script.array());
    }
    simulation.settle();
    simulation.end(ending);
}

/// The server, its clients and the clock.
struct Simulation<'a> {
    settings: &'a Settings,
    clients: Clients<MemoryTransport>,
    start: Instant,
    now: Duration,
    stop: Stop,
    scenarios: [Scenario; SLOTS],
    /// The connected clients, with their keys.
    slots: [Option<(usize, FuzzedClient)>; SLOTS],
}

impl<'a> Simulation<'a> {
    fn new(settings: &'a Settings, scenarios: [Scenario; SLOTS]) -> Self {
        let start = Instant::now();
        Self {
            settings,
            clients: Clients::new(&settings.options, start),
            start,
            now: Duration::ZERO,
            stop: Stop::No,
            scenarios,
            slots: Default::default(),
        }
    }

    fn context(&self) -> Context<'a> {
        Context {
            settings: self.settings,
            now: self.now,
            stop: self.stop,
        }
    }

    /// Executes a step: its first byte says what happens and to which client, its second how much.
    fn step(&mut self, [kind, amount]: [u8; 2]) {
        let slot = usize::from(kind >> 6);
        let some = u32::from(amount);
        match kind & 0x1F {
            0..=3 => self.connect(slot),
            4..=12 => self.act(slot, kind & 0x1F, amount),
            13..=15 => self.round(amount),
            16..=19 => self.settle(),
            20 => self.now += Duration::from_millis(20) * some,
            21 => self.sleep(),
            22 => self.now += Duration::from_secs(1) * some * some,
            23 => self.mislead(slot, amount),
            24 if amount.is_multiple_of(4) => self.stop(Duration::from_millis(10) * some),
            25 if self.stop != Stop::No => self.judge(Clients::give_up),
            _ => {
                self.act(slot, 4, amount);
                self.round(0);
            }
        }
    }

    fn connect(&mut self, slot: usize) {
        // A server that stops no longer listens.
        if self.slots[slot].is_some() || self.stop != Stop::No {
            return;
        }
        self.wake();
        let is_one_too_many = self.clients.len() >= self.settings.limit;
        let (mut client, end) = FuzzedClient::new(&self.scenarios[slot], self.context());
        let peer = (Ipv4Addr::LOCALHOST, 1).into();
        let next = self.clients.next_key();
        let key = self.clients.add(end, peer);
        assert_eq!(key, Some(next), "there is room for a response");
        client.note_admission();
        let may_be_turned_away = is_one_too_many || self.settings.may_be_short;
        assert!(client.is_turned_away || !is_one_too_many, "one too many");
        assert!(
            !client.is_turned_away || may_be_turned_away,
            "there is room"
        );
        self.slots[slot] = Some((next, client));
    }

    /// Lets a client do something that the server will be notified of.
    fn act(&mut self, slot: usize, kind: u8, amount: u8) {
        let Some((_, client)) = &self.slots[slot] else {
            return;
        };
        let mut link = client.link();
        let len = match usize::from(amount) {
            0 => usize::MAX,
            len @ ..128 => len,
            len => (len - 127) * 64,
        };
        match kind {
            4 | 5 => link.arrive(len, Readiness::Data),
            6 => link.arrive(len, Readiness::UntilWouldBlock),
            7 => link.give_room(usize::from(amount)),
            8 => link.give_room(len),
            // The system does not report every byte of room.
            9 => link.room = len,
            10 => {
                link.interrupted_reads = amount % 8;
                link.interrupted_writes = amount / 8 % 8;
            }
            11 => link.end(State::Ended),
            _ if amount.is_multiple_of(2) => link.end(State::Broken),
            _ => link.end(State::ReadShut),
        }
    }

    /// One round of a worker's loop. Events for the slots whose bit is set in `late` are reported
    /// later.
    fn round(&mut self, late: u8) {
        self.wake();
        self.call(Clients::run_queued);
        for slot in 0..SLOTS {
            if late & (1 << slot) != 0 {
                continue;
            }
            if let Some((key, client)) = &self.slots[slot] {
                let (key, edge) = (*key, client.link().edge.take());
                self.call(|clients| edge.into_iter().for_each(|it| clients.handle(key, it)));
            }
        }
        self.judge(Clients::expire);
        let context = self.context();
        for (_, client) in self.slots.iter_mut().flatten() {
            client.note_expiry(context);
        }
    }

    /// Sets the server's clock, as a worker does when it wakes up.
    fn wake(&mut self) {
        self.clients.advance(self.start + self.now);
        // A client that opens its connection while the server stops is sent away in another turn.
        let turns = if self.stop == Stop::No { 1 } else { 2 };
        for (_, client) in self.slots.iter().flatten() {
            client.link().begin_turns(turns);
        }
    }

    /// Lets the server judge clients. They get extra turns before.
    fn judge(&mut self, work: impl FnOnce(&mut Clients<MemoryTransport>)) {
        self.wake();
        for (_, client) in self.slots.iter().flatten() {
            client.link().begin_last_turns();
        }
        self.call(work);
    }

    /// Calls the server, and asserts that it dropped only clients that it had a reason to drop.
    fn call(&mut self, work: impl FnOnce(&mut Clients<MemoryTransport>)) {
        work(&mut self.clients);
        let context = self.context();
        for (_, client) in self.slots.iter_mut().flatten() {
            client.note_moves(context);
            let is_queued = self.clients.timeout() == Some(Duration::ZERO);
            assert!(!client.must_pause(context) || is_queued, "too much at once");
        }
        for slot in &mut self.slots {
            if let Some((_, client)) = slot
                && client.link().is_dropped
            {
                client.check_dropped(context);
                *slot = None;
            }
        }
        let count = self.slots.iter().flatten().count();
        assert_eq!(self.clients.len(), count, "a transport is lost");
        assert_eq!(self.clients.is_empty(), count == 0);
    }

    /// Reports all pending events, until nothing is left to do.
    fn settle(&mut self) {
        let mut idle_rounds = 0;
        self.round(0);
        for _ in 0..ROUNDS_MAX {
            let slots = || self.slots.iter().flatten();
            slots().for_each(|(_, client)| client.link().announce_room());
            let all_reported = slots().all(|(_, client)| client.link().edge.is_none());
            if all_reported && self.clients.timeout() != Some(Duration::ZERO) {
                let context = self.context();
                return slots().for_each(|(_, client)| client.check_at_rest(context));
            }
            let before = self.calls();
            self.round(0);
            idle_rounds = match before == self.calls() && all_reported {
                true => idle_rounds + 1,
                false => 0,
            };
            // What has arrived only now may have to be verified too.
            let context = self.context();
            let slots = self.slots.iter().flatten();
            let pauses: usize = slots.map(|(_, client)| client.pauses_max(context)).sum();
            assert!(idle_rounds < 2 + pauses, "it is busy with nothing");
        }
        panic!("it does not come to rest");
    }

    /// How many calls the clients' transports have received.
    fn calls(&self) -> usize {
        let slots = self.slots.iter().flatten();
        slots.map(|(_, client)| client.link().calls).sum()
    }

    /// Waits for as long as the server would if nothing happened.
    fn sleep(&mut self) {
        self.now += self.clients.timeout().unwrap_or(DAY);
        self.round(0);
    }

    /// Lets time pass, with a round whenever the server asks for one.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        for _ in 0..WAKE_UPS_MAX {
            let next = self.clients.timeout().map(|timeout| self.now + timeout);
            self.now = next.map_or(end, |next| next.min(end));
            self.round(0);
            self.settle();
            if self.now == end {
                return;
            }
        }
        panic!("it wakes up for nothing");
    }

    /// Reports an event that did not happen, perhaps for a client that has disconnected.
    fn mislead(&mut self, slot: usize, amount: u8) {
        self.wake();
        let readiness =
            [Readiness::None, Readiness::Data, Readiness::UntilWouldBlock][usize::from(amount) % 3];
        self.call(|clients| clients.handle(slot + usize::from(amount >> 6), readiness));
    }

    fn stop(&mut self, spread: Duration) {
        if self.stop != Stop::No {
            return;
        }
        self.stop = match spread {
            Duration::ZERO => Stop::Due,
            _ => Stop::Begun,
        };
        for (_, client) in self.slots.iter_mut().flatten() {
            client.note_stop();
        }
        self.wake();
        self.call(|clients| clients.stop(spread));
    }

    /// Ends all clients in one way or another, and asserts that nothing is left of them.
    fn end(mut self, ending: u8) {
        let each = |act: fn(&FuzzedClient)| self.slots.iter().flatten().for_each(|(_, it)| act(it));
        match ending % 4 {
            0 => self.fall_silent(),
            1 => each(|client| client.link().end(State::Broken)),
            2 => each(|client| {
                client.link().end(State::Ended);
                client.link().give_room(usize::MAX);
            }),
            _ => {
                let spread = Duration::from_millis(100) * u32::from(ending);
                self.stop(spread);
                self.pass(3 * spread.max(LATENESS));
                self.stop = Stop::Due;
                self.settle();
                self.judge(Clients::give_up);
            }
        }
        self.settle();
        assert!(self.clients.is_empty(), "a client is left");
        assert_eq!(
            self.clients.timeout(),
            None,
            "a deadline is left without a client"
        );
    }

    /// The clients send nothing more. Without Pings, a client may stay until it disconnects.
    fn fall_silent(&mut self) {
        let interval = self.settings.ping_interval.unwrap_or_default();
        let stall = self.settings.stall_timeout.unwrap_or_default();
        let limits = REQUEST_TIMEOUT + CLOSE_TIMEOUT + PING_TIMEOUT + stall;
        self.pass(3 * (interval + limits) + LATENESS);
        let context = self.context();
        for (_, client) in self.slots.iter().flatten() {
            assert!(client.may_stay(context), "it waits forever");
            client.link().end(State::Broken);
        }
    }
}
