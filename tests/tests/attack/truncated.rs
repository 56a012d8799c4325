//! A session that ends at each of its bytes, and one with its bytes sent one by one.

use std::io::Read as _;

use ws_echo_tests::scripted_client::{Client, request};
use ws_echo_tests::wire::{BINARY, FIN, PING, TEXT, masked, masked_close};

use crate::table::Row;
use crate::target::{Cost, OPENING, SMALL_BUFFER, Target, at_once, wait_until};

/// The frames that a client sends, each with its answer.
struct Session(Vec<(Vec<u8>, Vec<u8>)>);

impl Session {
    /// A text, a message in two fragments with a Ping between, and a Close.
    fn new(target: &Target) -> Self {
        let mut client = Client::connect(target.address());
        client.send(request("/"));
        let head = client.receive_head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        Self(vec![
            (request("/").into_bytes(), head.into_bytes()),
            (masked(TEXT, "masked text"), b"\x81\x0bmasked text".to_vec()),
            (masked(BINARY & !FIN, "frag"), b"\x02\x04frag".to_vec()),
            (masked(PING, "ping"), b"\x8a\x04ping".to_vec()),
            (masked(FIN, "ments"), b"\x80\x05ments".to_vec()),
            (masked_close(1000, "bye"), b"\x88\x02\x03\xe8".to_vec()),
        ])
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(sent, _)| sent).copied().collect()
    }

    /// The answers to the first bytes: one for each complete frame.
    fn answer_to(&self, mut len: usize) -> Vec<u8> {
        let is_whole = |(sent, _): &&(Vec<u8>, _)| {
            let rest = len.checked_sub(sent.len());
            len = rest.unwrap_or(0);
            rest.is_some()
        };
        let answered = self.0.iter().take_while(is_whole);
        answered.flat_map(|(_, answer)| answer).copied().collect()
    }
}

/// Waits until each client that is logged as connected is logged as disconnected.
fn expect_endings(target: &Target, connected: usize) {
    let count = |text: &str| target.server.log().matches(text).count();
    // The canary is still connected.
    wait_until("each connection's end in the log", || {
        count("client connected") >= connected
            && count("client connected") == count("client disconnected") + 1
    });
}

pub(crate) fn fin() -> Row {
    let target = Target::start(&[]);
    let session = Session::new(&target);
    let bytes = session.bytes();
    for cut in 0..=bytes.len() {
        let mut client = Client::connect(target.address());
        client.send(&bytes[..cut]);
        client.shut();
        let answer = client.receive_rest();
        assert_eq!(answer, session.answer_to(cut), "after {cut} bytes");
    }
    let connected = bytes.len() + 1 - session.0[0].0.len();
    expect_endings(&target, connected);
    target.logged(1, "closed by client with 1000: bye");
    let cost = Cost {
        memory: OPENING + SMALL_BUFFER,
        log_lines: 2 * bytes.len(),
    };
    let done = format!("{} sessions, one for each byte", bytes.len() + 1);
    let answered = "each whole frame is answered, then the end; a log line for each";
    target.row(cost, done, answered)
}

/// Once after the bytes, and once after their answer.
pub(crate) fn rst() -> Row {
    let target = Target::start(&[]);
    let session = Session::new(&target);
    let bytes = session.bytes();
    for cut in 0..=bytes.len() {
        let mut client = Client::connect(target.address());
        client.send(&bytes[..cut]);
        client.reset();
        let mut client = Client::connect(target.address());
        client.send(&bytes[..cut]);
        let expected = session.answer_to(cut);
        let mut answer = vec![0; expected.len()];
        client.handle().read_exact(&mut answer).expect("an answer");
        assert_eq!(answer, expected, "after {cut} bytes");
        client.reset();
    }
    let connected = bytes.len() + 1 - session.0[0].0.len();
    expect_endings(&target, connected);
    let cost = Cost {
        memory: OPENING + SMALL_BUFFER,
        log_lines: 4 * bytes.len(),
    };
    let done = format!("{} sessions, two for each byte", 2 * bytes.len() + 2);
    let answered = "each whole frame is answered; a log line for each";
    target.row(cost, done, answered)
}

pub(crate) fn segments_of_one_byte() -> Row {
    const CLIENTS: usize = 4;
    const SESSIONS: usize = 25;
    let target = Target::start(&[]);
    let session = Session::new(&target);
    let bytes = session.bytes();
    at_once(CLIENTS, |_| {
        for _ in 0..SESSIONS {
            let mut client = Client::connect(target.address());
            // Each is a segment: this client's socket does not delay.
            bytes.chunks(1).for_each(|byte| client.send(byte));
            assert_eq!(client.receive_rest(), session.answer_to(bytes.len()));
        }
    });
    expect_endings(&target, CLIENTS * SESSIONS);
    let cost = Cost {
        memory: CLIENTS as u64 * (OPENING + SMALL_BUFFER),
        log_lines: 2 * CLIENTS * SESSIONS + 4,
    };
    let done = format!(
        "{} sessions of {} segments",
        CLIENTS * SESSIONS,
        bytes.len()
    );
    target.row(cost, done, "the same as to one segment")
}
