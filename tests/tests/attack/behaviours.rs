//! Clients of the test path that ask for the worst it can do.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::wire::{BINARY, Frame, TEXT, masked};

use crate::table::Row;
use crate::target::{BACKLOG, Cost, LARGE_BUFFER, OPENING, SMALL_BUFFER, Target, at_once, status};

/// After this time without progress the buffers between a client and the server are full.
const STUCK: Duration = Duration::from_millis(500);
/// The length of the buffer of a socket that receives little.
const SMALL_SOCKET_BUFFER: usize = 4 << 10;
/// The most memory of a server that is attacked by many.
const MAX_MEMORY: &str = "--max-memory=64MiB";
const MAX_MEMORY_LEN: u64 = 64 << 20;
/// What the allocator keeps beside it: a message that grows is moved, and leaves a place. (With
/// `GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072` glibc's keeps none.)
const PLACES_LEFT: u64 = MAX_MEMORY_LEN;
/// The most that a client sends that is never refused.
const SENT_MAX: usize = 90_000_000;

/// A client that has asked for a behaviour, and whose system receives little for it. `None` if it
/// is refused.
fn asking(address: SocketAddr, query: &str) -> Option<Client> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
    let set = socket.set_recv_buffer_size(SMALL_SOCKET_BUFFER);
    set.expect("it can");
    socket.connect(&address.into()).expect("the server listens");
    let mut client = Client::of(socket.into());
    let is_accepted = client.try_send(request(&format!("/test?{query}")))
        && status(&mut client).as_deref() == Some("101");
    is_accepted.then_some(client)
}

/// Sends these bytes repeatedly, as long as the server takes them. Returns how many it took.
fn send_until_stuck(client: &Client, bytes: &[u8]) -> usize {
    let mut stream = client.handle();
    stream.set_write_timeout(Some(STUCK)).expect("it can");
    let mut sent = 0;
    while sent < SENT_MAX {
        match stream.write(&bytes[sent % bytes.len()..]) {
            Ok(len) => sent += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return sent,
            // The server has dropped it: memory is short.
            Err(_) => return sent,
        }
    }
    panic!("no end after {sent} bytes");
}

/// Ends the connections of clients that are not read. The end of a stream would wait behind what
/// they have sent.
fn leave(clients: impl IntoIterator<Item = (Client, usize)>) {
    clients.into_iter().for_each(|(client, _)| client.reset());
}

/// Messages that the server sends of its own accord, and that nobody receives.
pub(crate) fn unread_pushes() -> Row {
    // Each fills a socket's buffer of 2.5 MiB. More of them would use up what the system has for
    // all sockets, and other attacks run at the same time.
    const CLIENTS: usize = 100;
    let target = Target::start(&["--max-memory=128MiB"]);
    let ask = |_| asking(target.address(), "push=10000&size=16KiB");
    let clients: Vec<_> = (0..CLIENTS).filter_map(ask).collect();
    target.one_round();
    let accepted = clients.len();
    // One that receives gets all of them.
    let mut reader = Client::open_at(target.address(), "/test?push=10000&size=16KiB");
    for number in 1..=10_000 {
        let frame = reader.receive_frame().expect("a message");
        assert!(frame == Frame::new(TEXT, format!("{number:.<16384}")));
    }
    drop((clients, reader));
    let cost = Cost {
        memory: 128 << 20,
        log_lines: 3 * CLIENTS,
    };
    let done = format!("{CLIENTS} ask for 10,000 messages of 16 KiB and read none");
    let answered = format!("101 to {accepted}; one that reads gets all");
    target.row(cost, done, answered)
}

/// Large messages that are to come back very often.
pub(crate) fn repeats() -> Row {
    const CLIENTS: usize = 30;
    const READ: usize = 3;
    let target = Target::start(&[MAX_MEMORY]);
    let payload = vec![b'x'; 1 << 20];
    let frame = masked(BINARY, &payload);
    let held = at_once(CLIENTS, |_| {
        let client = asking(target.address(), "repeat=10000")?;
        let taken = send_until_stuck(&client, &frame);
        Some((client, taken))
    });
    target.one_round();
    let taken: usize = held.iter().flatten().map(|(_, taken)| taken).sum();
    let mut reader = Client::open_at(target.address(), "/test?repeat=10000");
    reader.send(&frame);
    let mut received = 0;
    while received < READ * payload.len() {
        received += reader.receive_frame().expect("a copy").payload.len();
    }
    drop((held, reader));
    let cost = Cost {
        memory: MAX_MEMORY_LEN + PLACES_LEFT,
        log_lines: 4 * CLIENTS,
    };
    let done = format!("{CLIENTS} send messages of 1 MiB with repeat=10000 and read nothing");
    let answered = format!(
        "{} MiB are taken from all; a reader gets copies",
        taken >> 20
    );
    target.row(cost, done, answered)
}

/// Large messages that wait for an hour.
pub(crate) fn delays() -> Row {
    const CLIENTS: usize = 30;
    let target = Target::start(&[MAX_MEMORY]);
    let message = masked(BINARY, vec![b'x'; 8 << 20]);
    let held = at_once(CLIENTS, |_| {
        let client = asking(target.address(), "delay=1h")?;
        let taken = send_until_stuck(&client, &message);
        Some((client, taken))
    });
    target.one_round();
    let taken: usize = held.iter().flatten().map(|(_, taken)| taken).sum();
    // Clients that do not wait are served meanwhile.
    let mut reader = Client::open(target.address());
    reader.send(masked(TEXT, "hello"));
    assert_eq!(reader.receive_frame(), Some(Frame::new(TEXT, "hello")));
    leave(held.into_iter().flatten());
    drop(reader);
    let cost = Cost {
        memory: MAX_MEMORY_LEN + PLACES_LEFT,
        log_lines: 4 * CLIENTS,
    };
    let done = format!("{CLIENTS} send messages of 8 MiB with delay=1h");
    let answered = format!("{} MiB are taken from all; others get echoes", taken >> 20);
    target.row(cost, done, answered)
}

/// One large message that waits, as much as one client may hold.
pub(crate) fn delays_of_a_backlog() -> Row {
    const CLIENTS: usize = 4;
    let target = Target::start(&[]);
    let message = masked(BINARY, vec![b'x'; 1 << 20]);
    let held = at_once(CLIENTS, |_| {
        let client = asking(target.address(), "delay=1h").expect("it is accepted");
        let taken = send_until_stuck(&client, &message);
        (client, taken)
    });
    target.one_round();
    let taken: usize = held.iter().map(|(_, taken)| taken).sum();
    leave(held);
    let cost = Cost {
        memory: CLIENTS as u64 * (2 * LARGE_BUFFER + BACKLOG),
        log_lines: 4 * CLIENTS,
    };
    let done = format!("{CLIENTS} send messages of 1 MiB with delay=1h without end");
    let answered = format!(
        "nothing more is read after {} MiB each",
        (taken / CLIENTS) >> 20
    );
    target.row(cost, done, answered)
}

/// Receives from clients for as long as an attack lasts. Returns how many bytes came.
fn drain(clients: &[Client], is_over: &AtomicBool) -> usize {
    let mut bytes = vec![0; 64 << 10];
    let mut received = 0;
    let streams: Vec<_> = clients.iter().map(Client::handle).collect();
    for stream in &streams {
        stream.set_nonblocking(true).expect("it can");
    }
    while !is_over.load(Ordering::Relaxed) {
        for mut stream in &streams {
            received += stream.read(&mut bytes).unwrap_or(0);
        }
        thread::sleep(Duration::from_millis(5));
    }
    received
}

/// Clients that ask for many small writes, and receive them, beside the canary.
fn small_writes(target: &Target, clients: usize, query: &str, first: &[u8]) -> usize {
    const THREADS: usize = 4;
    let is_over = AtomicBool::new(false);
    let received = AtomicUsize::new(0);
    let are_open = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let ask = |_| asking(target.address(), query).expect("it is accepted");
                let mut clients: Vec<_> = (0..clients / THREADS).map(ask).collect();
                clients.iter_mut().for_each(|it| it.send(first));
                are_open.wait();
                received.fetch_add(drain(&clients, &is_over), Ordering::Relaxed);
            });
        }
        are_open.wait();
        thread::sleep(STUCK);
        target.one_round();
        target.one_round();
        is_over.store(true, Ordering::Relaxed);
    });
    received.into_inner()
}

pub(crate) fn segments() -> Row {
    const CLIENTS: usize = 100;
    let target = Target::start(&[]);
    let message = masked(BINARY, vec![b'x'; 1 << 16]);
    let received = small_writes(&target, CLIENTS, "segment=1", &message);
    let cost = Cost {
        memory: CLIENTS as u64 * (2 * SMALL_BUFFER + OPENING),
        log_lines: 3 * CLIENTS,
    };
    let done = format!("{CLIENTS} get messages of 64 KiB with segment=1");
    target.row(cost, done, format!("{received} bytes, one by one"))
}

pub(crate) fn ticks() -> Row {
    const CLIENTS: usize = 500;
    let target = Target::start(&[]);
    let received = small_writes(&target, CLIENTS, "tick=1ms", &[]);
    let cost = Cost {
        memory: CLIENTS as u64 * (SMALL_BUFFER + OPENING),
        log_lines: 3 * CLIENTS,
    };
    let done = format!("{CLIENTS} with tick=1ms");
    target.row(cost, done, format!("{} KiB of ticks", received >> 10))
}

/// Queries of random bytes, of random pieces of right queries, and of right parameters, some of
/// them cut.
pub(crate) fn garbage_queries() -> Row {
    const CLIENTS: usize = 2000;
    const PIECES: [&str; 24] = [
        "delay",
        "=",
        "&",
        "1s",
        "%",
        "%00",
        "%FF",
        "+",
        "close",
        "violate",
        "header",
        ":",
        "99999999999999999999",
        "every:",
        "after:",
        "-1",
        "0",
        "fragment",
        "repeat",
        "push",
        "size",
        "text:",
        "1h",
        "status",
    ];
    const RIGHT: [&str; 10] = [
        "delay=1s",
        "jitter=1s",
        "fragment=3",
        "repeat=2",
        "tick=1h",
        "push=3",
        "close=1000",
        "after=2",
        "greeting=x",
        "segment=1",
    ];
    let target = Target::start(&[]);
    let mut statuses = [0, 0];
    for seed in 0..CLIENTS {
        let mut random = fastrand::Rng::with_seed(seed as u64);
        let count = random.usize(1..40);
        let query: String = match seed % 3 {
            0 => (0..count)
                .map(|_| *random.choice(&PIECES).expect("some"))
                .collect(),
            1 => {
                let right = (0..random.usize(1..4)).map(|_| *random.choice(&RIGHT).expect("some"));
                let query = right.collect::<Vec<_>>().join("&");
                query[..query.len() - random.usize(..2)].to_owned()
            }
            _ => (0..10 * count).map(|_| random.char('!'..='~')).collect(),
        };
        let mut client = Client::connect(target.address());
        client.send(request(&format!("/test?{query}")));
        match status(&mut client).as_deref() {
            Some("101") => statuses[0] += 1,
            Some(other) if other.starts_with(['2', '3', '4', '5']) => statuses[1] += 1,
            other => panic!("{query}: {other:?}"),
        }
    }
    let cost = Cost {
        memory: OPENING + SMALL_BUFFER,
        log_lines: 3 * CLIENTS,
    };
    let done = format!("{CLIENTS} queries of garbage");
    let answered = format!("101 to {}, a refusal to {}", statuses[0], statuses[1]);
    target.row(cost, done, answered)
}
