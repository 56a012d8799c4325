//! Random sessions for as long as wanted: messages of 0 to 4 MiB, in fragments and in pieces of any
//! length, with Pings between them, over several connections that are closed and opened again. Some
//! clients send much before they read. All echoes are compared.
//!
//! `SOAK_SECONDS` sets the duration, and `SOAK_SEED` repeats a run. With
//! `WS_ECHO_SERVER=ADDRESS:PORT` the sessions go to a server that runs elsewhere.

use std::env;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use socket2::{Domain, Socket, Type};
use ws_echo_tests::remote_server;
use ws_echo_tests::scripted_client::{Client, WELCOME, request};
use ws_echo_tests::server::Server;
use ws_echo_tests::wire::{BINARY, CLOSE, FIN, Frame, PING, PONG, TEXT, masked_with};

const CONNECTIONS: u64 = 6;
const MESSAGE_LEN_MAX: u64 = 4 << 20;
const FRAGMENTS_MAX: u64 = 16;
/// One of this many fragments has a Ping before it.
const FRAGMENTS_PER_PING: u32 = 3;
/// After one of this many messages the client closes.
const MESSAGES_PER_CLOSE: u32 = 30;
/// Before one of this many frames the client stops reading for a while.
const FRAMES_PER_PAUSE: u32 = 50;
const PAUSE_MAX: u64 = 50;
/// The most pieces in which a message is written.
const WRITES_MAX: usize = 2000;
/// How many messages and Pings may be sent and not yet answered.
const AHEAD_MAX: usize = 64;

const PROGRESS_INTERVAL: Duration = Duration::from_secs(60);

/// The server's large buffers: one for each connection, and what its two workers keep of both
/// kinds; and what the system adds.
const MEMORY_GROWTH_MAX: u64 =
    CONNECTIONS * ((512 << 10) + BACKLOG_MAX) + 2 * 2 * (2 << 20) + (8 << 20);
/// The server's default.
const BACKLOG_MAX: u64 = 16 << 20;
/// One of this many clients sends much before it reads.
const CLIENTS_PER_BLOCKING: u32 = 3;
/// How many bytes it sends before it reads, and how many messages and Pings those may be.
const SENT_FIRST_MAX: usize = 8 << 20;
const SENT_FIRST_COUNT_MAX: usize = 100_000;
/// The length of its socket's buffer.
const SMALL_BUFFER: usize = 16 << 10;

/// The next thing to receive.
enum Expected {
    Message(Frame),
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    messages: AtomicU64,
    bytes: AtomicU64,
    pings: AtomicU64,
    closes: AtomicU64,
}

#[test]
fn all_messages_come_back_unchanged() {
    let seed = variable("SOAK_SEED").unwrap_or_else(|| fastrand::u64(..));
    let seconds = variable("SOAK_SECONDS").unwrap_or(3);
    println!("soak: SOAK_SEED={seed} SOAK_SECONDS={seconds}");
    let own = remote_server::server()
        .is_none()
        .then(|| Server::start(&["--threads", "2"]));
    let address = remote_server::server().or(own.as_ref().map(|own| own.address));
    let address = address.expect("one of both");
    let memory_before = own.as_ref().and_then(Server::peak_memory);
    let counts = Counts::default();
    let end = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        let soaks: Vec<_> = (0..CONNECTIONS)
            .map(|i| Rng::with_seed(seed.wrapping_add(i)))
            .map(|random| scope.spawn(|| soak(address, random, end, &counts)))
            .collect();
        let mut told = Instant::now();
        while !soaks.iter().any(|soak| soak.is_finished()) {
            thread::sleep(Duration::from_millis(50));
            if told.elapsed() >= PROGRESS_INTERVAL {
                told = Instant::now();
                println!("soak: {counts}");
            }
        }
    });
    println!("soak: {counts}");
    let memory_after = own.as_ref().and_then(Server::peak_memory);
    if let (Some(before), Some(after)) = (memory_before, memory_after) {
        println!("soak: peak memory of the server: {before} bytes before, {after} bytes after");
        assert!(
            after - before < MEMORY_GROWTH_MAX,
            "{before} bytes, then {after}"
        );
    }
}

fn variable(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    let number = value.parse();
    Some(number.unwrap_or_else(|error| panic!("{name}={value}: {error}; write a whole number")))
}

/// One connection after the other.
fn soak(address: SocketAddr, mut random: Rng, end: Instant, counts: &Counts) {
    while Instant::now() < end {
        let sends_first = random.u32(..CLIENTS_PER_BLOCKING) == 0;
        let client = match sends_first {
            true => with_small_socket_buffers(address),
            false => Client::greeted(address),
        };
        add(&counts.connections, 1);
        let stream = client.handle();
        let (ahead_max, sent_first_max) = match sends_first {
            true => (SENT_FIRST_COUNT_MAX, SENT_FIRST_MAX),
            false => (AHEAD_MAX, 0),
        };
        let (sender, expected) = mpsc::sync_channel(ahead_max);
        let (sent, is_sent) = mpsc::channel();
        let mut sent = Sent {
            sender: sent,
            bytes: 0,
            bytes_max: random.usize(..=sent_first_max),
            messages: 0,
        };
        let mut pauses = random.fork();
        thread::scope(|scope| {
            scope.spawn(|| {
                send_session(stream, sender, &mut sent, &mut random, end);
                sent.report();
                drop(sent);
            });
            let is_sent = sends_first.then_some(is_sent);
            receive_session(client, &expected, is_sent, &mut pauses, counts);
        });
    }
}

/// A client that cannot receive much before it reads.
fn with_small_socket_buffers(address: SocketAddr) -> Client {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(SMALL_BUFFER).expect("it can");
    socket.connect(&address.into()).expect("the server listens");
    let mut client = Client::of(socket.into());
    client.send(request("/"));
    assert!(client.receive_head().starts_with("HTTP/1.1 101 "));
    assert_eq!(client.receive_frame(), Some(Frame::new(TEXT, WELCOME)));
    client
}

/// What a client has sent before it reads.
struct Sent {
    /// Gets a report for each message that may be read.
    sender: Sender<()>,
    bytes: usize,
    bytes_max: usize,
    messages: usize,
}

impl Sent {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.messages += 1;
        if self.bytes > self.bytes_max {
            self.report();
        }
    }

    fn report(&mut self) {
        for _ in 0..self.messages {
            // A client that reads while it sends does not look at it.
            let _ = self.sender.send(());
        }
        (self.bytes, self.messages) = (0, 0);
    }
}

/// Sends messages, and a Close at the end.
fn send_session(
    mut stream: TcpStream,
    expected: SyncSender<Expected>,
    sent: &mut Sent,
    random: &mut Rng,
    end: Instant,
) {
    let expect = |it| expected.send(it).expect("the echoes are right so far");
    while Instant::now() < end && random.u32(..MESSAGES_PER_CLOSE) > 0 {
        let message = message(random);
        let bytes = fragmented(&message, random, expect);
        expect(Expected::Message(message));
        write_in_pieces(&mut stream, &bytes, random);
        sent.add(bytes.len());
    }
    let close = close(random);
    let key = random.u32(..).to_be_bytes();
    let bytes = masked_with(key, CLOSE, &close);
    // Only the code comes back.
    let code = close[..close.len().min(2)].to_vec();
    expect(Expected::Close(code));
    write_in_pieces(&mut stream, &bytes, random);
    sent.add(bytes.len());
}

fn message(random: &mut Rng) -> Frame {
    let len = log_uniform(random, MESSAGE_LEN_MAX) as usize;
    if random.bool() {
        let mut bytes = vec![0; len];
        random.fill(&mut bytes);
        return Frame::new(BINARY, bytes);
    }
    Frame::new(TEXT, text(random, len))
}

/// Characters of one to four bytes.
fn text(random: &mut Rng, len: usize) -> String {
    let mut text = String::with_capacity(len + 4);
    while text.len() < len {
        text.push(match random.u8(..4) {
            0 => random.char('\0'..='\x7f'),
            1 => random.char('\u{80}'..='\u{7ff}'),
            2 => random.char('\u{800}'..='\u{ffff}'),
            _ => random.char('\u{10000}'..='\u{10ffff}'),
        });
    }
    text
}

/// A number up to `max`: as often between 1 and 2 as between 1,000 and 2,000; and 0.
fn log_uniform(random: &mut Rng, max: u64) -> u64 {
    let power = random.f64() * (max as f64 + 1.0).ln();
    (power.exp() as u64 - 1).min(max)
}

/// The frames of a message, cut anywhere, even inside characters, with Pings between them, which
/// are expected.
fn fragmented(message: &Frame, random: &mut Rng, expect: impl Fn(Expected)) -> Vec<u8> {
    let Frame { first, payload } = message;
    let mut cuts: Vec<_> = (0..log_uniform(random, FRAGMENTS_MAX - 1))
        .map(|_| random.usize(..=payload.len()))
        .collect();
    cuts.sort_unstable();
    cuts.push(payload.len());
    let (mut bytes, mut at, mut opcode) = (Vec::new(), 0, first & !FIN);
    for (place, &cut) in cuts.iter().enumerate() {
        if random.u32(..FRAGMENTS_PER_PING) == 0 {
            let ping: Vec<u8> = (0..random.usize(..126)).map(|_| random.u8(..)).collect();
            bytes.extend(masked_with(random.u32(..).to_be_bytes(), PING, &ping));
            expect(Expected::Pong(ping));
        }
        let fin = if place + 1 == cuts.len() { FIN } else { 0 };
        let key = random.u32(..).to_be_bytes();
        bytes.extend(masked_with(key, fin | opcode, &payload[at..cut]));
        (at, opcode) = (cut, 0);
    }
    bytes
}

fn write_in_pieces(stream: &mut TcpStream, mut bytes: &[u8], random: &mut Rng) {
    let least = bytes.len() / WRITES_MAX + 1;
    let len_max = least.max(log_uniform(random, 1 << 20) as usize);
    while !bytes.is_empty() {
        let len = random.usize(least..=len_max).min(bytes.len());
        stream.write_all(&bytes[..len]).expect("the server reads");
        bytes = &bytes[len..];
    }
}

/// The payload of a Close frame: nothing, or a code that may be sent and a reason.
fn close(random: &mut Rng) -> Vec<u8> {
    let code: u16 = match random.u8(..4) {
        0 => return Vec::new(),
        1 => *random
            .choice(&[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011])
            .expect("some"),
        2 => random.u16(3000..4000),
        _ => random.u16(4000..5000),
    };
    let reason_len = random.usize(..120);
    [&code.to_be_bytes(), text(random, reason_len).as_bytes()].concat()
}

/// Receives everything expected, to the end of the connection; each message after it `is_sent`, if
/// that is given.
fn receive_session(
    mut client: Client,
    expected: &Receiver<Expected>,
    is_sent: Option<Receiver<()>>,
    random: &mut Rng,
    counts: &Counts,
) {
    let mut open: Option<Frame> = None;
    let wait = || is_sent.iter().for_each(|it| it.recv().unwrap_or_default());
    wait();
    while let Some(frame) = client.receive_frame() {
        if random.u32(..FRAMES_PER_PAUSE) == 0 {
            thread::sleep(Duration::from_millis(random.u64(..PAUSE_MAX)));
        }
        if frame.first & 0x08 == 0 {
            open = Some(joined(open, frame));
            let Some(message) = open.take_if(|open| open.first & FIN != 0) else {
                continue;
            };
            expect_message(expected, &message);
            add(&counts.messages, 1);
            add(&counts.bytes, message.payload.len() as u64);
            wait();
            continue;
        }
        match expected.recv() {
            Ok(Expected::Pong(payload)) => {
                assert_eq!(frame, Frame::new(PONG, payload));
                add(&counts.pings, 1);
            }
            Ok(Expected::Close(payload)) => {
                assert_eq!(frame, Frame::new(CLOSE, payload));
                add(&counts.closes, 1);
            }
            Ok(Expected::Message(message)) => panic!("{frame:?} in place of {message:?}"),
            Err(_) => panic!("{frame:?} arrives after all others"),
        }
    }
    assert!(
        expected.recv().is_err(),
        "the connection has ended too early"
    );
}

/// A message and its next fragment, which must not be cut inside a character if it is text.
fn joined(open: Option<Frame>, fragment: Frame) -> Frame {
    let Frame { first, payload } = fragment;
    let message = match (first & 0x0F, open) {
        (0, Some(mut message)) => {
            message.first |= first & FIN;
            message.payload.extend(&payload);
            message
        }
        (1 | 2, None) => Frame::new(first, &payload),
        (opcode, open) => panic!("opcode {opcode} after {open:?}"),
    };
    let is_text = message.first | FIN == TEXT;
    assert!(
        !is_text || str::from_utf8(&payload).is_ok(),
        "a cut character"
    );
    message
}

fn expect_message(expected: &Receiver<Expected>, message: &Frame) {
    let Ok(Expected::Message(sent)) = expected.recv() else {
        panic!("{message:?} is not the next that was sent");
    };
    assert_eq!(message.first, sent.first, "{message:?}, {sent:?}");
    let (received, sent) = (&message.payload, &sent.payload);
    let differs = received.iter().zip(sent).position(|(a, b)| a != b);
    assert_eq!(differs, None, "the first byte that differs");
    assert_eq!(received.len(), sent.len());
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        write!(
            f,
            "{} connections, {} messages, {} bytes, {} pings, {} closes",
            of(&self.connections),
            of(&self.messages),
            of(&self.bytes),
            of(&self.pings),
            of(&self.closes)
        )
    }
}
