//! Attacks below WebSocket on a server that speaks TLS: with handshakes and records. The canary
//! speaks TLS, too.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use rustls::SupportedProtocolVersion;
use socket2::SockRef;
use ws_echo_tests::scripted_client::request;
use ws_echo_tests::wire::{BINARY, masked};

use crate::table::Row;
use crate::target::{BACKLOG, Cost, LARGE_BUFFER, OPENING, SMALL_BUFFER, Target, at_once};
use ws_echo_tests::tls::certificate::self_signed;
use ws_echo_tests::tls::client::{TlsClient, VERSIONS, trusting};
use ws_echo_tests::tls::tunnel;

/// How much more memory a connection with TLS may need.
const RECORDS: u64 = 160 << 10;
/// After this time without progress a client has filled all buffers between it and the server.
const STUCK: Duration = Duration::from_millis(500);
/// How much a client that does not read sends, at most.
const PUSHED_MAX: usize = 90_000_000;

/// A server under attack that speaks TLS and does not greet.
struct TlsTarget {
    target: Target,
    certificate: PathBuf,
}

impl TlsTarget {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let always = ["--no-welcome", "--threads=2"];
        let (server, certificate) = self_signed(name, &[&always, arguments].concat());
        let plain_address = tunnel::start(server.address, &certificate);
        Self {
            target: Target::with_plain_address(plain_address, server),
            certificate,
        }
    }

    fn address(&self) -> SocketAddr {
        self.target.address()
    }

    /// A TCP connection; no handshake yet.
    fn connect(&self, version: &'static SupportedProtocolVersion) -> TlsClient {
        TlsClient::connect(self.address(), trusting(&self.certificate, version))
    }

    /// An open WebSocket connection. Its output is not read.
    fn open(&self, version: &'static SupportedProtocolVersion) -> TlsClient {
        let mut client = self.connect(version);
        client.send(request("/"));
        assert!(client.receive(), "the handshake is answered");
        client
    }
}

/// Waits for the end. Returns how many bytes arrive before it. A reset counts as an end.
fn rest(stream: &mut TcpStream) -> usize {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("no end: {error}"),
        _ => bytes.len(),
    }
}

pub(crate) fn half_handshakes() -> Row {
    const CLIENTS: usize = 200;
    let secured = TlsTarget::start("attack-half", &["--handshake-timeout", "500ms"]);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|i| {
            let mut client = secured.connect(VERSIONS[i % 2]);
            let hello = client.records([]);
            // Nothing, a part, or all of it; after that nothing is sent and nothing read.
            let len = [0, 1, hello.len() / 2, hello.len()][i % 4];
            client.stream.write_all(&hello[..len]).unwrap();
            client
        })
        .collect();
    for mut client in clients {
        rest(&mut client.stream);
    }
    secured.target.logged(CLIENTS, "TLS: no handshake in time");
    let cost = Cost {
        memory: CLIENTS as u64 * (OPENING + SMALL_BUFFER + RECORDS),
        log_lines: CLIENTS,
    };
    let done = format!("{CLIENTS} that say nothing, or a part of a handshake");
    secured.target.row(cost, done, "the end of each")
}

/// A handshake message longer than any real one, sent in the smallest pieces.
pub(crate) fn endless_handshakes() -> Row {
    const CLIENTS: usize = 20;
    const PIECES: usize = 20_000;
    let secured = TlsTarget::start("attack-endless", &[]);
    let begin = [22, 3, 1, 0, 4, 1, 0, 0xff, 0xff];
    let pieces = [&begin[..], &[22, 3, 1, 0, 1, 0].repeat(PIECES)].concat();
    at_once(CLIENTS, |_| {
        let mut stream = TcpStream::connect(secured.address()).unwrap();
        // The connection may end before all of it is sent.
        let _ = stream.write_all(&pieces);
        rest(&mut stream);
    });
    secured
        .target
        .logged(CLIENTS, "a message of the handshake is too long");
    let cost = Cost {
        memory: CLIENTS as u64 * (OPENING + SMALL_BUFFER + RECORDS),
        log_lines: CLIENTS,
    };
    let done = format!("{CLIENTS} handshakes in up to {PIECES} pieces of 1 byte");
    secured
        .target
        .row(cost, done, "the end after 65 KiB, and a log line")
}

pub(crate) fn garbage_records() -> Row {
    const CLIENTS: usize = 200;
    let secured = TlsTarget::start("attack-garbage", &[]);
    for i in 0..CLIENTS {
        let mut client = if i % 2 == 0 {
            secured.connect(VERSIONS[1])
        } else {
            secured.open(VERSIONS[i / 2 % 2])
        };
        let garbage = [
            // An unknown type, an invalid length, an alert, and data that cannot be decrypted.
            &[99, 3, 3, 0, 1, 0][..],
            &[23, 3, 3, 0xff, 0xff, 0],
            &[21, 3, 3, 0, 2, 2, 40],
            &[&[23, 3, 3, 0, 100][..], &[7; 100]].concat(),
        ];
        client.stream.write_all(garbage[i / 4 % 4]).unwrap();
        rest(&mut client.stream);
    }
    let cost = Cost {
        memory: OPENING + SMALL_BUFFER + RECORDS,
        log_lines: 3 * CLIENTS,
    };
    let done = format!("{CLIENTS} send invalid records, during and after the handshake");
    secured.target.row(cost, done, "the end of each")
}

/// Frames in records of one byte; each also asks for new keys, which is answered.
pub(crate) fn tiny_records() -> Row {
    const CLIENTS: usize = 4;
    const FRAMES: usize = 2_000;
    let secured = TlsTarget::start("attack-tiny", &[]);
    at_once(CLIENTS, |i| {
        let version = VERSIONS[i % 2];
        let mut client = secured.connect(version);
        client.send(request("/"));
        client.expect_head();
        let frame = masked(BINARY, "x");
        for _ in 0..FRAMES {
            let mut records = Vec::new();
            for byte in &frame {
                if version == &rustls::version::TLS13 {
                    client.tls.refresh_traffic_keys().unwrap();
                }
                records.extend(client.records([*byte]));
            }
            client.stream.write_all(&records).unwrap();
            assert_eq!(client.receive_frame().unwrap().payload, b"x");
        }
    });
    let cost = Cost {
        memory: CLIENTS as u64 * (SMALL_BUFFER + RECORDS),
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{FRAMES} frames of {CLIENTS} in records of 1 byte, each with new keys");
    secured.target.row(cost, done, "each echoed")
}

/// New keys and nothing else.
pub(crate) fn new_keys() -> Row {
    const CLIENTS: usize = 8;
    const KEYS: usize = 1_000;
    let secured = TlsTarget::start("attack-keys", &[]);
    at_once(CLIENTS, |_| {
        let mut client = secured.open(&rustls::version::TLS13);
        for _ in 0..KEYS {
            client.tls.refresh_traffic_keys().unwrap();
        }
        let records = client.records([]);
        // The connection may end before all of it is sent.
        let _ = client.stream.write_all(&records);
        rest(&mut client.stream);
    });
    secured.target.logged(CLIENTS, "TooManyKeyUpdateRequests");
    let cost = Cost {
        memory: CLIENTS as u64 * (SMALL_BUFFER + RECORDS),
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} ask {KEYS} times for new keys, and for nothing else");
    secured
        .target
        .row(cost, done, "the end of each, and a log line")
}

pub(crate) fn never_reads() -> Row {
    const CLIENTS: usize = 8;
    let secured = TlsTarget::start("attack-unread", &[]);
    let held = at_once(CLIENTS, |i| {
        let mut client = secured.open(VERSIONS[i % 2]);
        let taken = push(&mut client);
        (client, taken)
    });
    secured.target.one_round();
    let taken: usize = held.iter().map(|(_, taken)| taken).sum();
    drop(held);
    let cost = Cost {
        memory: CLIENTS as u64 * (LARGE_BUFFER + RECORDS + BACKLOG),
        log_lines: 2 * CLIENTS,
    };
    let done = format!("{CLIENTS} push messages of 64 KB and read nothing");
    let answered = format!(
        "nothing more is read after {} KiB each",
        taken / CLIENTS / 1024
    );
    secured.target.row(cost, done, answered)
}

/// Sends messages for as long as the server takes records from a client that does not read. Returns
/// how many bytes it took.
fn push(client: &mut TlsClient) -> usize {
    let message = masked(BINARY, vec![b'x'; 1 << 16]);
    let socket = SockRef::from(&client.stream);
    // Otherwise it grows, up to 32 MiB and more.
    socket.set_recv_buffer_size(1 << 16).unwrap();
    socket.set_write_timeout(Some(STUCK)).unwrap();
    let mut pushed = 0;
    while pushed < PUSHED_MAX {
        let records = client.records(&message);
        let mut rest = &records[..];
        while !rest.is_empty() {
            match client.stream.write(rest) {
                Ok(len) => rest = &rest[len..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return pushed,
                Err(error) => panic!("after {pushed} bytes: {error}"),
            }
        }
        pushed += records.len();
    }
    panic!("no end after {pushed} bytes");
}
