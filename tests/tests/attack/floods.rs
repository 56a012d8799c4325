//! Clients that send more than needed, and clients that do not receive their echoes.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use ws_echo_tests::scripted_client::Client;
use ws_echo_tests::wire::{BINARY, FIN, PING, PONG, TEXT, masked};

use crate::table::Row;
use crate::target::{BACKLOG, Cost, LARGE_BUFFER, Target, at_once};

const CLIENTS: usize = 8;
const FRAMES: usize = 25_000;
/// How many frames are sent by one write.
const BURST: usize = 500;
/// After this time without progress a client has filled all buffers between it and the server.
const STUCK: Duration = Duration::from_millis(500);
/// How much a client that does not read sends, at most.
const PUSHED_MAX: usize = 90_000_000;

/// Frames that each get an answer of this kind.
struct Flood<'a> {
    name: &'a str,
    /// The bytes to send once before them.
    opening: &'a [u8],
    opening_answer: &'a [u8],
    frame: &'a [u8],
    answer: &'a [u8],
}

pub(crate) fn tiny_frames() -> Row {
    Flood {
        name: "frames of 1 byte",
        opening: &[],
        opening_answer: &[],
        frame: &masked(BINARY, "x"),
        answer: &[BINARY, 1, b'x'],
    }
    .row()
}

/// A message that never ends.
pub(crate) fn empty_fragments() -> Row {
    Flood {
        name: "empty fragments",
        opening: &masked(TEXT & !FIN, ""),
        opening_answer: &[TEXT & !FIN, 0],
        frame: &masked(0, ""),
        answer: &[0, 0],
    }
    .row()
}

pub(crate) fn pings() -> Row {
    let payload = [b'p'; 125];
    Flood {
        name: "pings of 125 bytes",
        opening: &[],
        opening_answer: &[],
        frame: &masked(PING, payload),
        answer: &[&[PONG, 125], &payload[..]].concat(),
    }
    .row()
}

impl Flood<'_> {
    /// First with clients that read, then with clients that do not.
    fn row(&self) -> Row {
        let target = Target::start(&[]);
        at_once(CLIENTS, |_| self.read(target.address()));
        let held = at_once(CLIENTS, |_| self.leave_unread(target.address()));
        target.one_round();
        let taken: usize = held.iter().map(|(_, taken)| taken).sum();
        drop(held);
        let cost = Cost {
            memory: CLIENTS as u64 * (2 * LARGE_BUFFER + BACKLOG),
            log_lines: 4 * CLIENTS,
        };
        let done = format!(
            "{} {} from {CLIENTS} clients; {CLIENTS} read nothing",
            CLIENTS * FRAMES,
            self.name
        );
        let answered = format!(
            "each answered; a client that does not read can send {} KiB",
            taken / CLIENTS / 1024
        );
        target.row(cost, done, answered)
    }

    fn read(&self, address: SocketAddr) {
        let client = Client::open(address);
        let (mut reader, mut writer) = (client.handle(), client.handle());
        thread::scope(|scope| {
            scope.spawn(move || {
                writer.write_all(self.opening).expect("the server reads");
                let burst = self.frame.repeat(BURST);
                for _ in 0..FRAMES / BURST {
                    writer.write_all(&burst).expect("the server reads");
                }
            });
            let mut answers = vec![0; self.opening_answer.len()];
            reader.read_exact(&mut answers).expect("it is answered");
            assert_eq!(answers, self.opening_answer);
            let expected = self.answer.repeat(BURST);
            answers.resize(expected.len(), 0);
            for _ in 0..FRAMES / BURST {
                reader.read_exact(&mut answers).expect("all is answered");
                assert!(answers == expected);
            }
        });
    }

    fn leave_unread(&self, address: SocketAddr) -> (Client, usize) {
        let mut client = Client::open(address);
        client.send(self.opening);
        let taken = push(&client, &self.frame.repeat(BURST));
        (client, taken)
    }
}

pub(crate) fn never_reads() -> Row {
    const MESSAGE_LEN: u64 = 100_000_000;
    let target = Target::start(&[]);
    let header = [
        &[BINARY, 0x80 | 127][..],
        &MESSAGE_LEN.to_be_bytes(),
        &[0; 4],
    ]
    .concat();
    let held = at_once(CLIENTS, |_| {
        let mut client = Client::open(target.address());
        client.send(&header);
        let taken = push(&client, &[b'x'; 1 << 16]);
        (client, taken)
    });
    target.one_round();
    let taken: usize = held.iter().map(|(_, taken)| taken).sum();
    drop(held);
    let cost = Cost {
        memory: CLIENTS as u64 * (LARGE_BUFFER + BACKLOG),
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} push messages of 100 MB and read nothing");
    let answered = format!(
        "nothing more is read after {} KiB each",
        taken / CLIENTS / 1024
    );
    target.row(cost, done, answered)
}

/// More than the memory for all: those that read get their echoes, and others their turns.
pub(crate) fn send_first() -> Row {
    const MUTE: usize = 30;
    let target = Target::start(&["--max-memory=64MiB"]);
    let message = masked(BINARY, vec![b'x'; 8 << 20]);
    let held = at_once(MUTE, |_| {
        let client = Client::open(target.address());
        let taken = push(&client, &message);
        (client, taken)
    });
    target.one_round();
    let taken: usize = held.iter().map(|(_, taken)| taken).sum();
    // Clients that read are served meanwhile.
    at_once(MUTE, |_| {
        let mut client = Client::open(target.address());
        client.send(&message[..14]);
        client.send(vec![b'x'; 1 << 20]);
        assert!(client.receive_frame().is_some(), "a piece of its echo");
    });
    drop(held);
    let cost = Cost {
        memory: 64 << 20,
        log_lines: 4 * MUTE,
    };
    let done = format!("{MUTE} send and do not read, with --max-memory 64MiB");
    let answered = format!("{} MiB are taken from all; others get echoes", taken >> 20);
    target.row(cost, done, answered)
}

/// Writes these bytes repeatedly, as long as the server takes them from a client that does not
/// read. Returns how many bytes it took.
///
/// # Panics
///
/// If there is no end.
fn push(client: &Client, bytes: &[u8]) -> usize {
    let mut stream = client.handle();
    let socket = SockRef::from(&stream);
    // Otherwise it grows, up to 32 MiB and more.
    socket.set_recv_buffer_size(1 << 16).expect("it can");
    socket.set_write_timeout(Some(STUCK)).expect("it can");
    let mut pushed = 0;
    while pushed < PUSHED_MAX {
        match stream.write(&bytes[pushed % bytes.len()..]) {
            Ok(len) => pushed += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return pushed,
            Err(error) => panic!("after {pushed} bytes: {error}"),
        }
    }
    panic!("no end after {pushed} bytes");
}
