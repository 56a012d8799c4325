//! A server under attack with a canary, and what must be as before when the attack is over.

use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::server::{PATIENCE, Server};
use ws_echo_tests::wire::{Frame, PING, PONG, masked};

use crate::canary::{Canary, CanaryReport};
use crate::table::Row;

/// How long to wait before checking again.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// The largest buffer of a connection, unless `--buffer` asks for more, with what surrounds it.
pub(crate) const LARGE_BUFFER: u64 = (512 << 10) + (4 << 10);
/// What is kept for a client that does not read, unless `--max-backlog` says otherwise.
pub(crate) const BACKLOG: u64 = 16 << 20;
/// A buffer that its client does not fill, with what surrounds it.
pub(crate) const SMALL_BUFFER: u64 = (64 << 10) + (4 << 10);
/// The memory of a connection in its opening handshake.
pub(crate) const OPENING: u64 = 16 << 10;
/// How much more memory a server with two workers may need in any case: free buffers of both
/// lengths, a full queue of log lines, and what the allocator keeps.
pub(crate) const SLACK: u64 = 2 * 2 * (2 << 20) + (4 << 20);

/// What an attack may cost the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// How much more memory, in bytes, in addition to [`SLACK`].
    pub(crate) memory: u64,
    /// How many log lines, in addition to some of the server itself and of the canary.
    pub(crate) log_lines: usize,
}

/// How many log lines there may be without an attack.
const LOG_LINES_SLACK: usize = 20;

/// A server, and a client that does nothing wrong.
pub(crate) struct Target {
    pub(crate) server: Server,
    /// The address for clients without TLS.
    plain_address: SocketAddr,
    canary: Canary,
    files: Option<usize>,
    memory: Option<u64>,
}

impl Target {
    /// Starts a server with these arguments, which does not greet.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let always = ["--no-welcome", "--threads", "2"];
        Self::of(Server::start(&[&always, arguments].concat()))
    }

    /// Attacks a server that does not greet.
    pub(crate) fn of(server: Server) -> Self {
        Self::with_plain_address(server.address, server)
    }

    /// Attacks a server that does not greet, and that clients without TLS reach at this address.
    pub(crate) fn with_plain_address(plain_address: SocketAddr, server: Server) -> Self {
        Self::with(plain_address, server, Client::open(plain_address))
    }

    /// Starts a server with the default greeting.
    pub(crate) fn greeting(arguments: &[&str]) -> Self {
        let server = Server::start(arguments);
        let client = Client::greeted(server.address);
        Self::with(server.address, server, client)
    }

    fn with(plain_address: SocketAddr, server: Server, client: Client) -> Self {
        let canary = Canary::start(client);
        canary.one_round();
        Self {
            files: open_files(server.id()),
            memory: server.peak_memory(),
            server,
            plain_address,
            canary,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Waits until this many log lines contain this text.
    ///
    /// # Panics
    ///
    /// If the number of lines differs.
    pub(crate) fn logged(&self, times: usize, text: &str) {
        let count = || self.server.log().matches(text).count();
        wait_until(text, || count() >= times);
        assert_eq!(count(), times, "{text}");
    }

    /// Lets the canary send and receive one more round.
    pub(crate) fn one_round(&self) {
        self.canary.one_round();
    }

    /// Checks that everything is as before, now that the attackers are gone.
    ///
    /// # Panics
    ///
    /// If something is not.
    pub(crate) fn row(
        self,
        cost: Cost,
        done: impl Into<String>,
        answered: impl Into<String>,
    ) -> Row {
        self.recovered(cost, done, answered).0
    }

    /// The same, and the server continues to run.
    pub(crate) fn recovered(
        self,
        cost: Cost,
        done: impl Into<String>,
        answered: impl Into<String>,
    ) -> (Row, Server) {
        let Self {
            server,
            plain_address,
            canary,
            files,
            memory,
        } = self;
        canary.one_round();
        wait_until("files are closed", || open_files(server.id()) <= files);
        let report = canary.stop();
        expect_answer(&mut admitted(plain_address, &server));
        let peak = server.peak_memory();
        if let (Some(before), Some(after)) = (memory, peak) {
            let max = before + cost.memory + SLACK;
            assert!(after <= max, "{before} bytes, then {after}, over {max}");
        }
        let log_lines = server.log().lines().count();
        assert!(
            log_lines <= cost.log_lines.saturating_add(LOG_LINES_SLACK),
            "{log_lines}"
        );
        (row(done, answered, &report, memory, peak), server)
    }
}

/// A row of the table.
pub(crate) fn row(
    done: impl Into<String>,
    answered: impl Into<String>,
    report: &CanaryReport,
    before: Option<u64>,
    peak: Option<u64>,
) -> Row {
    let memory = match (before, peak) {
        (Some(before), Some(peak)) => format!("{}, before {}", mib(peak), mib(before)),
        _ => "not known".into(),
    };
    Row([done.into(), answered.into(), report.to_string(), memory])
}

fn mib(len: u64) -> String {
    format!("{:.1} MiB", len as f64 / f64::from(1 << 20))
}

/// How many files a process has open, if the system reports it.
fn open_files(id: u32) -> Option<usize> {
    let files = fs::read_dir(format!("/proc/{id}/fd")).ok()?;
    Some(files.count())
}

/// Waits for a condition, in a bounded time.
///
/// # Panics
///
/// If it does not become true.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(LOOK_INTERVAL);
    }
}

/// A client that is accepted, as soon as there is room again.
fn admitted(plain_address: SocketAddr, server: &Server) -> Client {
    let start = Instant::now();
    loop {
        let mut client = Client::connect(plain_address);
        if client.try_send(request("/")) && status(&mut client).as_deref() == Some("101") {
            return client;
        }
        assert!(start.elapsed() < PATIENCE, "{}", server.log());
        thread::sleep(LOOK_INTERVAL);
    }
}

/// Expects the answer to a Ping, which may follow a greeting.
fn expect_answer(client: &mut Client) {
    client.send(masked(PING, "alive"));
    let pong = Frame::new(PONG, "alive");
    while client.receive_frame().expect("an answer") != pong {}
}

/// The status of the next response. Returns `None` if there is none.
pub(crate) fn status(client: &mut Client) -> Option<String> {
    let head = client.try_receive_head()?;
    Some(head.get(9..12)?.to_owned())
}

/// Runs this many clients at once, each on a thread of its own, and returns their results.
pub(crate) fn at_once<T: Send>(count: usize, client: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let client = &client;
        let threads: Vec<_> = (0..count).map(|i| scope.spawn(move || client(i))).collect();
        let results = threads.into_iter().map(|thread| thread.join());
        results
            .map(|it| it.expect("a client has panicked"))
            .collect()
    })
}
