//! Ten thousand clients of the test path whose messages wait: the memory that they need, and how
//! late their echoes are, by a clock of this test's own. No delay is asserted from above.
#![cfg(unix)]

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use ws_echo_tests::needs;
use ws_echo_tests::programs;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{Frame, PING, PONG, TEXT, masked};

/// How many files this process and the server need for other things.
const OTHER_FILES: u64 = 500;
/// Fewer clients would show nothing.
const CLIENTS_MIN: u64 = 100;
const MESSAGE_LEN: usize = 100;

/// How many clients there are, if the limit of open files allows it, and how long their messages
/// wait: longer than it takes to connect and to send, so that all wait at once. With
/// `SOAK_SECONDS`, as in the step `soak`, more than beside other tests.
fn wanted() -> (u64, Duration) {
    match env::var_os("SOAK_SECONDS") {
        Some(_) => (10_000, Duration::from_secs(30)),
        None => (1000, Duration::from_secs(5)),
    }
}

/// What a delayed client may cost, in bytes, with a short message. The guide says so.
const MEMORY_MAX: u64 = 4 << 10;

/// Allows this process and its servers as many files as the system does. Returns how many clients
/// can be held, at most the wanted ones.
fn possible(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(u64::MAX).min(wanted + OTHER_FILES);
    let current = current.map(|current| current.max(most));
    let raised = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    raised.expect("no more than the system allows");
    most.saturating_sub(OTHER_FILES)
}

/// A process's current memory, if the system reports it.
fn resident_memory(id: u32) -> Option<u64> {
    let pages = std::fs::read_to_string(format!("/proc/{id}/statm")).ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// A message that no other client sends.
fn message(number: usize) -> String {
    format!("{number:.<MESSAGE_LEN$}")
}

#[test]
fn messages_of_ten_thousand_clients_wait_and_come_back() {
    needs!(Process);
    let (count, delay) = wanted();
    let count = possible(count);
    let remedy = "a higher hard limit: ulimit -Hn";
    let is_enough = count >= CLIENTS_MIN;
    let mut probe = Command::new(if is_enough { "true" } else { "false" });
    if !programs::is_there("600 open files", remedy, &mut probe) {
        return;
    }
    let server = Server::start(&["--no-welcome"]);
    let memory = || resident_memory(server.id());
    let path = format!("/test?delay={}s", delay.as_secs());
    let before = memory();
    let open = |_| Client::open_at(server.address, &path);
    let mut clients: Vec<_> = (0..count).map(open).collect();
    let connected = memory();
    let sent = send_to_all(&mut clients);
    let waiting = memory();
    let do_all_wait = sent[0].elapsed() < delay;
    print_lateness(&mut receive_from_all(&mut clients, &sent, delay));
    let (Some(before), Some(connected), Some(waiting)) = (before, connected, waiting) else {
        return;
    };
    let each = |memory: u64| memory.saturating_sub(before) / count;
    println!(
        "delayed: {count} clients: {} bytes for each connected one, {} bytes for each with a \
         message of {MESSAGE_LEN} bytes that waits; all wait at once: {do_all_wait}",
        each(connected),
        each(waiting)
    );
    assert!(each(waiting) <= MEMORY_MAX, "{} bytes", each(waiting));
}

/// Sends a message of each client. Returns when each was sent. The server has received all.
fn send_to_all(clients: &mut [Client]) -> Vec<Instant> {
    let mut sent = Vec::new();
    for (number, client) in clients.iter_mut().enumerate() {
        sent.push(Instant::now());
        client.send([masked(TEXT, message(number)), masked(PING, "")].concat());
    }
    for client in clients {
        assert_eq!(client.receive_frame(), Some(Frame::new(PONG, "")));
    }
    sent
}

/// Receives the echo of each client. Returns how late each is.
fn receive_from_all(clients: &mut [Client], sent: &[Instant], delay: Duration) -> Vec<Duration> {
    let mut late = Vec::new();
    for (number, client) in clients.iter_mut().enumerate() {
        let echo = client.receive_frame();
        let waited = sent[number].elapsed();
        assert_eq!(echo, Some(Frame::new(TEXT, message(number))));
        assert!(waited >= delay, "client {number}: {waited:?}");
        late.push(waited - delay);
    }
    late
}

/// How much later than their time echoes came.
fn print_lateness(late: &mut [Duration]) {
    late.sort_unstable();
    let at = |part: usize| {
        let place = (late.len() * part / 1000).min(late.len() - 1);
        late[place].as_secs_f64() * 1000.0
    };
    println!(
        "delayed: late by {:.2} ms (median), {:.2} ms (99 %), {:.2} ms (99.9 %), {:.2} ms (most)",
        at(500),
        at(990),
        at(999),
        at(1000)
    );
}
