//! What a million connections cost a worker, without the system's part: the table of clients, the
//! deadlines and the Pings are those of the server, the transport is in memory, and the program
//! moves the clock.
//!
//! ```sh
//! cargo bench -p ws-echo --bench million              # 1,000,000 connections
//! cargo bench -p ws-echo --bench million -- 100000    # as many
//! ```
//!
//! The echoes are checked; times are printed and not judged. `cargo test` runs it with 10,000.

#[path = "million/peers.rs"]
mod peers;

use std::env;
use std::fs;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use ws_echo::{Clients, Readiness, ServeOptions};

use self::peers::{Counts, Peer};

const COUNT: usize = 1_000_000;
const COUNT_IN_TESTS: usize = 10_000;
/// The server's default.
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// How often a real worker wakes up if a deadline expires in every tick.
const TICK: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    // As `cargo bench` calls it; `cargo test` says nothing.
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    let given = arguments.iter().find_map(|argument| argument.parse().ok());
    let usual = if is_bench { COUNT } else { COUNT_IN_TESTS };
    let count: usize = given.unwrap_or(usual);

    println!("{count} connections in memory");
    let before = resident();
    let mut server = Server::new();
    let opening = measure(|| (0..count).for_each(|_| server.open()));
    let after = resident();
    print("handshake", per(opening, count));
    print_memory(before, after, count);
    print_quiet_seconds(&mut server, count);
    print_echoes(&mut server, count);
}

/// A worker without its poll.
struct Server {
    clients: Clients<Peer>,
    now: Instant,
}

impl Server {
    fn new() -> Self {
        let options = ServeOptions::parse([] as [&str; 0]).expect("the defaults are right");
        let now = Instant::now();
        let clients = Clients::new(&options, now);
        Self { clients, now }
    }

    fn open(&mut self) {
        let key = self.clients.next_key();
        let added = self
            .clients
            .add(Peer::new(key), (Ipv4Addr::LOCALHOST, 1).into());
        assert_eq!(added, Some(key));
        let before = peers::counts().opened;
        self.clients.handle(key, Readiness::Data);
        assert_eq!(peers::counts().opened, before + 1);
    }

    /// Lets a client send a message, and receive its echo.
    fn echo(&mut self, key: usize) {
        self.clients.handle(key, Readiness::Data);
    }

    /// Moves the clock on and handles deadlines: Pings are sent, and Pongs are received.
    fn tick(&mut self) {
        self.now += TICK;
        self.clients.advance(self.now);
        loop {
            self.clients.expire();
            peers::each_that_answers(|key| self.clients.handle(key, Readiness::Data));
            if self.clients.timeout() != Some(Duration::ZERO) {
                return;
            }
        }
    }
}

/// After two intervals every client was pinged for the first time; the third is measured.
fn print_quiet_seconds(server: &mut Server, count: usize) {
    let ticks = |time: Duration| (time.as_millis() / TICK.as_millis()) as usize;
    (0..ticks(2 * PING_INTERVAL)).for_each(|_| server.tick());
    let before = peers::counts();
    let mut most = 0;
    let quiet = measure(|| {
        for _ in 0..ticks(PING_INTERVAL) {
            let pings = peers::counts().pings;
            server.tick();
            most = most.max(peers::counts().pings - pings);
        }
    });
    let after = peers::counts();
    let pings = after.pings - before.pings;
    assert_eq!(after.pings, after.pongs, "every Ping was answered");
    assert_eq!(server.clients.len(), count, "everybody is alive");
    // Each is pinged once, and again if its interval was up to an eighth shorter.
    assert!((count..=count * 8 / 7).contains(&pings), "{pings} Pings");
    let second = quiet.as_secs_f64() / PING_INTERVAL.as_secs_f64();
    print("a Ping and its Pong", per(quiet, pings));
    println!(
        "{:24} {:9.1} %  of a core",
        "a quiet second",
        100.0 * second
    );
    println!("{:24} {most:9} at most", "Pings in a tick");
}

fn print_echoes(server: &mut Server, count: usize) {
    let mut few = Server::new();
    (0..10).for_each(|_| few.open());
    let rounds = count.clamp(100_000, 1_000_000);
    let echoes = peers::counts().echoes;
    let mut random = fastrand::Rng::with_seed(1);
    for (name, server, count) in [("among ten", &mut few, 10), ("among all", server, count)] {
        let one = count / 2;
        let same = measure(|| (0..rounds).for_each(|_| server.echo(one)));
        print(&format!("an echo {name}: one"), per(same, rounds));
        let any = measure(|| (0..rounds).for_each(|_| server.echo(random.usize(..count))));
        print(&format!("an echo {name}: any"), per(any, rounds));
    }
    assert_eq!(peers::counts().echoes - echoes, 4 * rounds, "all came back");
    let Counts { pings, pongs, .. } = peers::counts();
    assert_eq!(pings, pongs);
}

/// A table that grows by doubling has room for more; that memory was not touched.
fn print_memory(before: Option<usize>, after: Option<usize>, count: usize) {
    let own = Clients::<Peer>::IDLE_COST;
    println!("{:24} {own:9} B  each", "table and deadline");
    let name = "resident memory";
    if let (Some(before), Some(after)) = (before, after) {
        let each = (after - before) as f64 / count as f64;
        println!("{name:24} {each:9.1} B  each");
    } else {
        println!("{name:24}   unknown on this system");
    }
}

/// The resident memory of the process in bytes, if the system reports it.
fn resident() -> Option<usize> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// The processor time that a piece of work takes.
fn measure(work: impl FnOnce()) -> Duration {
    let (start, before) = (Instant::now(), processor_time());
    work();
    match (before, processor_time()) {
        (Some(before), Some(after)) => after - before,
        // The work never waits, so this differs only by what other programs use.
        _ => start.elapsed(),
    }
}

/// The processor time that this thread has used, if the system reports it.
fn processor_time() -> Option<Duration> {
    let times = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = times.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Seconds for each.
fn per(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() / count as f64
}

fn print(what: &str, seconds: f64) {
    println!("{what:24} {:9.0} ns", seconds * 1e9);
}
